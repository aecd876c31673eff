//! At a terminal: Ctrl-\ reports, Ctrl-C ends the program, and the program can read what is typed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::common::{Stage, code, eventually, lives, marked, process_of};

/// A terminal of 80 columns, and `peerscope` in the foreground of its session.
struct Terminal {
    keys: File,
    screen: Receiver<Vec<u8>>,
    /// All that was shown.
    text: String,
    child: Child,
}

impl Terminal {
    fn start(mut command: Command) -> Terminal {
        let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let (mut outer, mut inner) = (0, 0);
        // SAFETY: the pointers lead to values that outlive the call; those that are null are allowed to be.
        let failed = unsafe {
            libc::openpty(&raw mut outer, &raw mut inner, std::ptr::null_mut(), std::ptr::null(), &raw const size)
        };
        assert_eq!(failed, 0, "there are terminals");
        // SAFETY: the call has just opened both, for us alone.
        let (outer, inner) = unsafe { (OwnedFd::from_raw_fd(outer), OwnedFd::from_raw_fd(inner)) };
        let stdio = || Stdio::from(inner.try_clone().expect("another descriptor"));
        command.stdin(stdio()).stdout(stdio()).stderr(stdio()).env("TERM", "xterm");
        // SAFETY: both are system calls, which are allowed between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().expect("peerscope starts");
        drop((command, inner));
        let keys = File::from(outer);
        let mut shown = keys.try_clone().expect("another descriptor");
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = shown.read(&mut bytes) {
                if read == 0 || send.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { keys, screen, text: String::new(), child }
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Waits until it shows `what` behind what was waited for before.
    fn shows(&mut self, what: &str) -> String {
        loop {
            if let Some(at) = self.text.find(what) {
                let rest = self.text.split_off(at + what.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let bytes = self.screen.recv_timeout(Duration::from_secs(60));
            let bytes = bytes.unwrap_or_else(|why| panic!("it never showed `{what}`, {why}; it shows: {}", self.text));
            self.text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    fn ends(mut self) -> i32 {
        let end = || self.child.try_wait().expect("it can be waited for");
        code(eventually("it ends", end))
    }
}

/// Whether each line of what a terminal shows fits into its columns, colours left out.
fn fits(text: &str) -> bool {
    let plain = |line: &str| {
        let mut pieces = line.trim_end().split('\u{1b}');
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |line, piece| line + piece.split_once('m').map_or("", |(_, rest)| rest))
    };
    text.lines().all(|line| plain(line).chars().count() <= 80)
}

#[test]
fn a_key_shows_who_waits_and_another_ends_the_program() {
    let stage = Stage::new();
    let mut terminal = Terminal::start(stage.run(&["-o", "traces"], "deadlock"));
    terminal.shows("records into traces");
    stage.shows_waits("traces", 3);
    let program = process_of(&stage.files("traces")[0]);
    terminal.types("\x1c");
    terminal.shows("--- peerscope: running ---");
    let report = terminal.shows(&marked("join"));
    assert!(report.contains("circle: 2 tasks of peers 0 and 1 wait for each other"), "{report}");
    assert!(fits(&report), "{report}");
    terminal.types("\x03");
    terminal.shows("next: peerscope check traces");
    assert_eq!(terminal.ends(), 128 + libc::SIGINT);
    assert!(!lives(program));
}

#[test]
fn the_program_reads_the_terminal() {
    let stage = Stage::new();
    let mut terminal = Terminal::start(stage.peerscope(&["run", "--", "sh", "-c", "read name; echo \"hello, $name\""]));
    terminal.shows("records into");
    terminal.types("peerscope\n");
    terminal.shows("hello, peerscope");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn who_waits_is_drawn_in_place() {
    let stage = Stage::new();
    let mut program = stage.program("deadlock", "run.pscope").spawn().expect("the program starts");
    stage.shows_waits("run.pscope", 3);
    let mut terminal = Terminal::start(stage.peerscope(&["stuck", "--follow", "run.pscope"]));
    // From the upper left corner, twice.
    terminal.shows("\x1b[H");
    let first = terminal.shows("\x1b[J");
    assert!(first.contains("3 tasks wait") && fits(&first.replace("\x1b[K", "").replace("\x1b[J", "")), "{first}");
    terminal.shows("\x1b[H");
    terminal.shows("3 tasks wait");
    terminal.types("\x03");
    assert_eq!(terminal.ends(), 0);
    program.kill().expect("it runs");
    program.wait().expect("it ends");
}
