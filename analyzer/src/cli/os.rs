//! All of the command line that is particular to an operating system: signals that are waited for, the clock that a
//! recorder's clock can be compared with, the width of a terminal, and what becomes of a process that we started.
//!
//! Signals are blocked and then fetched one by one by the main thread ([`Signals::wait`]). No handler ever runs, so nothing
//! here has to be safe within one.

use std::time::Duration;

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caught {
    /// Its number.
    pub(crate) signal: i32,
    /// Whether a process sent it to us; else the terminal sent it to all programs in its foreground.
    pub(crate) by_process: bool,
}

#[cfg(unix)]
pub(crate) use self::unix::*;

#[cfg(not(unix))]
pub(crate) use self::elsewhere::*;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    pub(crate) use libc::{SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, pid_t as ProcessId};

    use super::{Caught, Duration};

    /// Signals that this process no longer obeys, but fetches. Threads that are started later do as the main thread does.
    pub(crate) struct Signals {
        set: libc::sigset_t,
        /// What was blocked before, and is for those whom we start.
        before: libc::sigset_t,
    }

    impl Signals {
        /// Blocks `signals`. To be called before there are other threads: they would obey them.
        pub(crate) fn block(signals: &[i32]) -> Signals {
            // SAFETY: both sets are initialised by the calls that get them; a number that is no signal is refused.
            unsafe {
                let mut set = std::mem::zeroed::<libc::sigset_t>();
                let mut before = std::mem::zeroed::<libc::sigset_t>();
                libc::sigemptyset(&raw mut set);
                for signal in signals {
                    libc::sigaddset(&raw mut set, *signal);
                }
                libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, &raw mut before);
                if signals.contains(&SIGCHLD) {
                    // Whoever started us may have ignored it, and then ended children would tell nobody.
                    libc::signal(SIGCHLD, libc::SIG_DFL);
                }
                Signals { set, before }
            }
        }

        /// The next of them; `None` if none came within `timeout`.
        #[cfg(target_os = "linux")]
        pub(crate) fn wait(&self, timeout: Duration) -> Option<Caught> {
            let timeout = libc::timespec {
                tv_sec: timeout.as_secs().min(1 << 30) as libc::time_t,
                tv_nsec: timeout.subsec_nanos().into(),
            };
            // SAFETY: the set was initialised by `block`, and all pointers lead to values that outlive the call.
            unsafe {
                let mut info = std::mem::zeroed::<libc::siginfo_t>();
                let signal = libc::sigtimedwait(&raw const self.set, &raw mut info, &raw const timeout);
                // What the terminal sends comes from the kernel.
                (signal > 0).then_some(Caught { signal, by_process: info.si_code <= 0 })
            }
        }

        /// The next of them; `None` if none came within `timeout`. Who sent it cannot be told here.
        #[cfg(not(target_os = "linux"))]
        pub(crate) fn wait(&self, timeout: Duration) -> Option<Caught> {
            let begin = std::time::Instant::now();
            loop {
                // SAFETY: the sets are initialised, by `block` and by the call itself; `sigwait` takes only what is
                // pending, so that it returns at once.
                unsafe {
                    let mut pending = std::mem::zeroed::<libc::sigset_t>();
                    libc::sigpending(&raw mut pending);
                    if (1..32).any(|one| {
                        libc::sigismember(&raw const pending, one) == 1
                            && libc::sigismember(&raw const self.set, one) == 1
                    }) {
                        let mut signal = 0;
                        libc::sigwait(&raw const self.set, &raw mut signal);
                        return (signal > 0).then_some(Caught { signal, by_process: signal != SIGINT });
                    }
                }
                let left = timeout.checked_sub(begin.elapsed())?;
                std::thread::sleep(left.min(Duration::from_millis(20)));
            }
        }
    }

    /// Makes `command` start with the signals as we got them, but SIGQUIT ignored, and end when this thread ends, however
    /// that comes about.
    pub(crate) fn prepare(command: &mut Command, signals: &Signals) {
        let (before, own) = (signals.before, std::process::id());
        let between_fork_and_exec = move || {
            // SAFETY: these are system calls with valid arguments; they allocate nothing and take no lock.
            unsafe {
                libc::signal(SIGQUIT, libc::SIG_IGN);
                libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
                #[cfg(target_os = "linux")]
                {
                    libc::prctl(libc::PR_SET_PDEATHSIG, SIGKILL);
                    // It may have ended before that was said.
                    if libc::getppid() as u32 != own {
                        return Err(io::Error::other("whoever started it has ended"));
                    }
                }
                #[cfg(not(target_os = "linux"))]
                let _ = own;
            }
            Ok(())
        };
        // SAFETY: the closure does what is allowed between fork and exec: see there. Its error carries no code, and is
        // seen by nobody: the parent is gone.
        unsafe { command.pre_exec(between_fork_and_exec) };
    }

    /// From now on, processes below us whose parents end become our children, and not init's.
    pub(crate) fn adopt_orphans() {
        #[cfg(target_os = "linux")]
        // SAFETY: the call takes numbers only. Where it is not known, orphans go to init, as ever.
        unsafe {
            libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1)
        };
    }

    /// What there is to say about our children.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Children {
        /// This one has ended, with a status as shells give it: 128 + signal where one ended it.
        Ended { id: ProcessId, status: u8 },
        /// None has ended since.
        AllRun,
        /// There are none.
        None,
    }

    /// Buries one child that has ended.
    pub(crate) fn bury_child() -> Children {
        let mut status = 0;
        // SAFETY: the pointer leads to a value that outlives the call.
        let id = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        match id {
            0 => Children::AllRun,
            id if id < 0 => Children::None,
            id if libc::WIFSIGNALED(status) => Children::Ended { id, status: (128 + libc::WTERMSIG(status)) as u8 },
            id => Children::Ended { id, status: libc::WEXITSTATUS(status) as u8 },
        }
    }

    /// Sends a signal to a child that has not been buried; its id can therefore be nobody else's.
    pub(crate) fn send(child: ProcessId, signal: i32) {
        // SAFETY: the call takes numbers only. One that has ended meanwhile takes no harm.
        unsafe { libc::kill(child, signal) };
    }

    /// The monotonic clock, in ns, by which a recorder says when it began.
    pub(crate) fn monotonic_ns() -> Option<u64> {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer leads to a value that outlives the call.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        (failed == 0).then_some(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
    }

    /// Columns and lines of the terminal that stdout (1) or stderr (2) is.
    pub(crate) fn terminal_size(descriptor: i32) -> Option<(usize, usize)> {
        // SAFETY: the pointer leads to a value that outlives the call, of the type that this request fills.
        unsafe {
            let mut size = std::mem::zeroed::<libc::winsize>();
            let failed = libc::ioctl(descriptor, libc::TIOCGWINSZ, &raw mut size);
            (failed == 0 && size.ws_col > 0).then_some((size.ws_col.into(), size.ws_row.into()))
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{Caught, Duration};

    pub(crate) const SIGINT: i32 = 2;

    /// There are none to be fetched here: Ctrl-C ends the program.
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn block(_: &[i32]) -> Signals {
            Signals
        }

        pub(crate) fn wait(&self, timeout: Duration) -> Option<Caught> {
            std::thread::sleep(timeout);
            None
        }
    }

    pub(crate) fn monotonic_ns() -> Option<u64> {
        None
    }

    pub(crate) fn terminal_size(_: i32) -> Option<(usize, usize)> {
        None
    }
}
