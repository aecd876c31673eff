//! What the tests share: starting `peerscope` beside a program, asking until there is an answer, hearing what is said.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use peerscope_analyzer::read;
use tempfile::TempDir;

use crate::programs::PLAYS;

/// Asks again and again until there is an answer. Only a test that hangs ever meets the deadline.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < FOR_EVER, "this never came: {what}");
        std::thread::yield_now();
    }
}

/// Has `command` take signals as a program does that somebody starts at a terminal: whoever runs these tests may ignore
/// some (`nohup`, a job in the background), and children inherit that.
fn with_plain_signals(command: &mut Command) {
    let plain = || {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2] {
            // SAFETY: a system call that may be made between fork and exec; no handler of ours is set by it.
            if unsafe { libc::signal(signal, libc::SIG_DFL) } == libc::SIG_ERR {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: `plain` allocates nothing and takes no lock.
    unsafe { command.pre_exec(plain) };
}

/// A folder in which a program is run.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `peerscope` with these arguments, in this folder.
    pub(crate) fn peerscope(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope"));
        command.args(args).current_dir(self.folder.path()).env_remove("PEERSCOPE_TRACE").env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        with_plain_signals(&mut command);
        command
    }

    /// `peerscope run` with these options, and `program` of this binary below it.
    pub(crate) fn run(&self, options: &[&str], program: &str) -> Command {
        let mut command = self.peerscope(&["run"]);
        let own = std::env::current_exe().expect("the path of this binary");
        command.args(options).arg("--").arg(own);
        command.args(["programs::plays", "--exact", "--nocapture", "--test-threads=1"]).env(PLAYS, program);
        command
    }

    /// `program` of this binary by itself, recorded into `trace`.
    pub(crate) fn program(&self, program: &str, trace: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
        command.args(["programs::plays", "--exact", "--nocapture", "--test-threads=1"]).current_dir(self.folder.path());
        command.env(PLAYS, program).env("PEERSCOPE_TRACE", self.path(trace));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// The traces in `folder`, as soon as they show so many waits that have not ended.
    pub(crate) fn shows_waits(&self, folder: &str, waits: usize) {
        let folder = self.path(folder);
        eventually("the program waits", || {
            let (trace, problems) = read::read(std::slice::from_ref(&folder)).ok()?;
            let facts = peerscope_analyzer::facts::Facts::new(&trace, &problems);
            (facts.waits().unfinished().count() == waits).then_some(())
        });
    }

    /// What stands in a folder, by name.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// `peerscope` while it runs. It is killed if the test gives up on it.
pub(crate) struct Running {
    child: Child,
    said: Receiver<String>,
}

/// Only a test that hangs ever waits so long.
const FOR_EVER: Duration = Duration::from_secs(60);

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let mut child = command.spawn().expect("peerscope starts");
        let said = heard(child.stderr.take().expect("stderr is a pipe"));
        Running { child, said }
    }

    pub(crate) fn id(&self) -> i32 {
        self.child.id() as i32
    }

    pub(crate) fn send(&self, signal: i32) {
        send(self.id(), signal);
    }

    /// As [`Running::start`], but what is heard is its stdout.
    pub(crate) fn start_and_hear_stdout(mut command: Command) -> Running {
        let mut child = command.spawn().expect("peerscope starts");
        let said = heard(child.stdout.take().expect("stdout is a pipe"));
        Running { child, said }
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// What it says on stderr up to and with the first line that contains `end`.
    pub(crate) fn says(&mut self, end: &str) -> String {
        let mut text = String::new();
        loop {
            let line = self.said.recv_timeout(FOR_EVER);
            let line = line.unwrap_or_else(|why| panic!("it never said `{end}`, {why}; it said: {text}"));
            text.push_str(&line);
            if line.contains(end) {
                return text;
            }
        }
    }

    /// Waits for its end; what it said since.
    pub(crate) fn ends(mut self) -> (i32, String) {
        let mut text = String::new();
        while let Ok(line) = self.said.recv_timeout(FOR_EVER) {
            text.push_str(&line);
        }
        let end = || self.child.try_wait().expect("it can be waited for");
        (code(eventually("it ends", end)), text)
    }

    /// Its end as it comes, by which signal.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("it can be waited for")
    }
}

/// The lines that come through a pipe.
fn heard(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, said) = channel();
    let lines = BufReader::new(pipe).lines().map_while(Result::ok);
    // It ends with the pipe, or when nobody listens any more.
    std::thread::spawn(move || lines.map(|line| send.send(line + "\n")).all(|sent| sent.is_ok()));
    said
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended and was waited for, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The exit status; one that a signal ended has none, and that is told by a number below 0.
pub(crate) fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

pub(crate) fn send(process: i32, signal: i32) {
    // SAFETY: the call takes numbers only; the process is a child of this one, or a child of that.
    assert_eq!(unsafe { libc::kill(process, signal) }, 0, "process {process} is there");
}

/// Whether a process is there and has not ended.
pub(crate) fn lives(process: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// The process ids in the names of trace files (`program.4711.pscope`).
pub(crate) fn process_of(file: &str) -> i32 {
    let stem = Path::new(file).file_stem().expect("a name").to_string_lossy().into_owned();
    stem.rsplit_once('.').expect("a name with an id").1.parse().expect("an id")
}

/// The place `file:line` of the line of the programs that is marked so.
pub(crate) fn marked(mark: &str) -> String {
    let source = include_str!("programs.rs");
    let line = source.lines().position(|line| line.ends_with(&format!("// line: {mark}"))).expect("the mark is there");
    format!("analyzer/tests/live/programs.rs:{}", line + 1)
}
