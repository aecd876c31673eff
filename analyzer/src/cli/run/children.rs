//! The command that was started, and all that it started in turn: signals handed on, ends noticed, nothing left behind.
//!
//! The command stays in our process group, as if it had been started without us: it can read the terminal, Ctrl-C and
//! Ctrl-Z reach it and us alike, and the shell sees one job. What a process sends to us alone, we hand on. If we are
//! killed, so is the command. What the command leaves behind becomes our child (on Linux); if we were told to end, so are these.

use std::fs;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cli::os::{self, Caught, Children, ProcessId, Signals};

/// What we fetch instead of obeying.
pub(super) const FETCHED: &[i32] =
    &[os::SIGCHLD, os::SIGHUP, os::SIGINT, os::SIGQUIT, os::SIGTERM, os::SIGUSR1, os::SIGUSR2];

/// How long those that were told to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);

/// The command that runs.
pub(super) struct Family {
    command: ProcessId,
    /// The signal by which somebody wanted us to end.
    told: Option<i32>,
    /// Ctrl-C, which ends the command or not.
    interrupted: bool,
}

/// How the command ended.
pub(super) struct Ended {
    /// As a shell gives it: 128 + signal, where one ended it.
    pub(super) status: u8,
    /// Processes that it started and that go on without it.
    pub(super) left: Vec<ProcessId>,
}

impl Family {
    /// Starts `command`.
    ///
    /// # Errors
    /// If it cannot be executed.
    pub(super) fn start(mut command: Command, signals: &Signals) -> io::Result<Family> {
        os::adopt_orphans();
        os::prepare(&mut command, signals);
        let command = command.spawn()?.id() as ProcessId;
        Ok(Family { command, told: None, interrupted: false })
    }

    /// The command's process id.
    pub(super) fn id(&self) -> ProcessId {
        self.command
    }

    /// Does what a signal asks for, other than a report; says whether the command has ended.
    pub(super) fn hear(&mut self, caught: Caught) -> Option<Ended> {
        match caught.signal {
            os::SIGCHLD => return self.bury(),
            os::SIGQUIT => {}
            os::SIGINT if !caught.by_process => self.interrupted = true,
            signal => {
                if matches!(signal, os::SIGTERM | os::SIGHUP | os::SIGINT) {
                    self.told = Some(signal);
                }
                // What the terminal sends, all in its foreground have got already.
                if caught.by_process {
                    os::send(self.command, signal);
                }
            }
        }
        None
    }

    fn bury(&self) -> Option<Ended> {
        let mut ended = None;
        while let Children::Ended { id, status } = os::bury_child() {
            if id == self.command {
                ended = Some(status);
            }
        }
        let status = ended?;
        let by_ctrl_c = self.interrupted && i32::from(status) == 128 + os::SIGINT;
        if let Some(signal) = self.told.or(by_ctrl_c.then_some(os::SIGINT)) {
            end_others(signal);
        }
        Some(Ended { status, left: others() })
    }
}

/// Ends all that the command left behind: first by `signal`, then by force.
fn end_others(signal: i32) {
    let begin = Instant::now();
    let mut sent = Vec::new();
    loop {
        while let Children::Ended { .. } = os::bury_child() {}
        let others = others();
        let elapsed = begin.elapsed();
        // Whoever is stuck within the kernel cannot be killed, and shall not hold us up.
        if others.is_empty() || elapsed > 2 * GRACE {
            return;
        }
        for other in others {
            if elapsed > GRACE {
                os::send(other, os::SIGKILL);
            } else if !sent.contains(&other) {
                // Those below it become our children when it ends.
                os::send(other, signal);
                sent.push(other);
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Our children: what the command left behind, since it is buried itself.
fn others() -> Vec<ProcessId> {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<ProcessId>().ok());
    let mut children: Vec<_> = ids.filter(|id| parent(*id) == Some(own)).collect();
    children.sort_unstable();
    children
}

/// The parent of a process that has not ended.
fn parent(id: ProcessId) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // `id (name) state parent ...`, and the name may contain anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    if state == "Z" { None } else { fields.next()?.parse().ok() }
}
