//! A process records into one file once, so every scenario plays in a process of its own: the test binary runs itself
//! again, with this one test and an environment variable that says which part to play.

use std::any::type_name;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

use super::Trace;

/// Names the test whose scenario this process plays.
const PLAYS: &str = "PEERSCOPE_TEST_PLAYS";

/// Plays `scenario` in a process of its own, which must end well, and reads what it recorded.
pub(crate) fn recorded<F: FnOnce()>(scenario: F) -> Trace {
    let stage = Stage::new(scenario);
    let ended = stage.run();
    assert!(ended.status.success(), "the scenario ended with {}:\n{}", ended.status, ended.stderr);
    Trace::of(&stage.trace_file())
}

/// A folder of its own and the processes that play there.
pub(crate) struct Stage {
    dir: TempDir,
    test: &'static str,
    environment: Vec<(String, Option<String>)>,
}

impl Stage {
    /// Prepares the stage for `scenario`, written as a closure right in the test. In the process that plays it, this call
    /// does not return: the scenario runs, and the process ends with status 0.
    pub(crate) fn new<F: FnOnce()>(scenario: F) -> Self {
        let stage = Self::returning(&scenario);
        if stage.plays() {
            scenario();
            std::process::exit(0);
        }
        stage
    }

    /// For a test that asks [`Stage::plays`] itself, because its scenario ends in another way than by `exit`.
    pub(crate) fn returning<F>(_of_the_test: &F) -> Self {
        // `binary::module::test::{{closure}}`: what remains is the test's name as the harness knows it.
        let test = type_name::<F>().strip_suffix("::{{closure}}").and_then(|path| path.split_once("::"));
        let (_, test) = test.expect("the scenario is a closure right in the test");
        let dir = tempfile::tempdir().expect("a temporary folder");
        let trace = dir.path().join("trace.pscope").to_string_lossy().into_owned();
        Stage { dir, test, environment: vec![("PEERSCOPE_TRACE".into(), Some(trace))] }
    }

    /// Whether this process is the one that plays the scenario.
    pub(crate) fn plays(&self) -> bool {
        std::env::var(PLAYS).is_ok_and(|plays| plays == self.test)
    }

    /// Sets a variable for the processes to come.
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), Some(value.into())));
        self
    }

    /// The environment asks for no trace.
    pub(crate) fn untraced(mut self) -> Self {
        self.environment.push(("PEERSCOPE_TRACE".into(), None));
        self
    }

    /// Records into a path within the stage's folder, which may contain `%p` and `%n`.
    pub(crate) fn traced_as(self, pattern: &str) -> Self {
        let path = self.path(pattern).to_string_lossy().into_owned();
        self.env("PEERSCOPE_TRACE", path)
    }

    /// A path in the stage's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where a process records unless told otherwise.
    pub(crate) fn trace_file(&self) -> PathBuf {
        self.path("trace.pscope")
    }

    /// All traces in the stage's folder, in the order of their names.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.dir.path()).expect("the stage's folder is there");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files
    }

    /// Starts a process; [`tell`] and [`hear`] are its side of the conversation.
    pub(crate) fn start(&self) -> Actor {
        let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
        command.args([self.test, "--exact", "--quiet", "--nocapture", "--test-threads=1"]);
        command.current_dir(self.dir.path());
        command.env(PLAYS, self.test).env("RUST_BACKTRACE", "0").env_remove("RUST_LOG");
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the test binary starts");
        let heard = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        Actor { child, heard }
    }

    /// Starts a process and waits for its end.
    pub(crate) fn run(&self) -> Ended {
        self.start().wait()
    }
}

/// A process that plays a scenario. It is killed if the test gives up on it.
pub(crate) struct Actor {
    child: Child,
    heard: BufReader<std::process::ChildStdout>,
}

/// How a process ended, and what it said on stderr.
pub(crate) struct Ended {
    pub(crate) id: u32,
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

impl Actor {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a line that the scenario waits for with [`hear`].
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("stdin is a pipe");
        writeln!(stdin, "{line}").expect("the actor listens");
    }

    /// Waits for the next line that the scenario [`tell`]s.
    pub(crate) fn heard(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.heard.read_line(&mut line).expect("the actor's output is text");
            assert!(read > 0, "the actor ended without another word");
            if let Some((_, told)) = line.split_once("> ") {
                return told.trim_end().to_owned();
            }
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().expect("the actor is still there");
        self.wait()
    }

    pub(crate) fn wait(mut self) -> Ended {
        drop(self.child.stdin.take());
        let mut stderr = String::new();
        let mut errors = self.child.stderr.take().expect("stderr is a pipe");
        errors.read_to_string(&mut stderr).expect("stderr is text");
        let status = self.child.wait().expect("the actor can be waited for");
        Ended { id: self.child.id(), status, stderr }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // Both fail if it has ended and was waited for, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a scenario: tells the test something.
pub(crate) fn tell(line: &str) {
    println!("> {line}");
}

/// In a scenario: waits for a line from the test.
pub(crate) fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the test speaks text");
    line.trim_end().to_owned()
}
