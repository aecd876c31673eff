//! All that is particular to an operating system or processor; every function has a correct path everywhere.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use peerscope_format::wire::Tick;

/// The clock of a trace: cheap ticks, and nanoseconds since its start for calibration.
#[derive(Debug)]
pub(crate) struct RecorderClock {
    pub(crate) tick: Tick,
    base_ticks: u64,
    start: Instant,
}

impl RecorderClock {
    pub(crate) fn start() -> Self {
        let tick = if has_invariant_counter() { Tick::Counter } else { Tick::Nanosecond };
        let base_ticks = if tick == Tick::Counter { counter() } else { 0 };
        RecorderClock { tick, base_ticks, start: Instant::now() }
    }

    /// The time in ticks; never falls on one thread.
    #[inline]
    pub(crate) fn ticks(&self) -> u64 {
        match self.tick {
            Tick::Counter => counter().wrapping_sub(self.base_ticks),
            Tick::Nanosecond => self.start.elapsed().as_nanos() as u64,
        }
    }

    /// The first time that is later than `floor`.
    pub(crate) fn ticks_after(&self, floor: u64) -> u64 {
        loop {
            let ticks = self.ticks();
            if ticks > floor {
                return ticks;
            }
            std::hint::spin_loop();
        }
    }

    /// Ticks and nanoseconds of one moment: of several readings the one in which the least time passed in between.
    pub(crate) fn pair(&self) -> (u64, u64) {
        let read = || {
            let before = self.ticks();
            let ns = self.start.elapsed().as_nanos() as u64;
            let after = self.ticks();
            (after.saturating_sub(before), before + after.saturating_sub(before) / 2, ns)
        };
        let (_, ticks, ns) = [read(), read(), read()].into_iter().min().unwrap_or_default();
        if self.tick == Tick::Nanosecond { (ns, ns) } else { (ticks, ns) }
    }
}

/// The machine's monotonic clock, in ns: what other processes of this boot can compare.
pub(crate) fn monotonic_ns() -> Option<u64> {
    #[cfg(unix)]
    {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer leads to a valid `timespec` for the time of the call.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
        (failed == 0).then_some(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
    }
    #[cfg(not(unix))]
    None
}

/// The processor's counter of constant rate.
#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has this instruction; it only reads a register.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

/// Whether the counter runs at one rate on all cores and in all sleep states (CPUID 0x80000007, EDX bit 8).
#[cfg(target_arch = "x86_64")]
fn has_invariant_counter() -> bool {
    use std::arch::x86_64::__cpuid;
    __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & (1 << 8) != 0
}

#[cfg(not(target_arch = "x86_64"))]
fn has_invariant_counter() -> bool {
    false
}

/// Makes `file` at least `len` bytes long with room reserved, so that a later store into its mapping cannot fail.
pub(crate) fn reserve(file: &File, from: u64, len: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        // In pieces: before Linux 6.13 a signal makes tmpfs give up on the whole call, and a timer of a
        // profiler would let a long one never come to its end.
        const PIECE: u64 = 1 << 20;
        let mut at = from;
        while at < len {
            let now = PIECE.min(len - at);
            // SAFETY: a call with an open descriptor and no pointers.
            match unsafe { libc::fallocate(file.as_raw_fd(), 0, at as libc::off_t, now as libc::off_t) } {
                0 => at += now,
                _ => match io::Error::last_os_error().raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::EOPNOTSUPP | libc::ENOSYS) => break,
                    _ => return Err(io::Error::last_os_error()),
                },
            }
        }
        if at >= len {
            return Ok(());
        }
    }
    write_zeros(file, from, len)
}

/// The length that this process may give a file; beyond it the kernel kills the process (SIGXFSZ).
pub(crate) fn longest_file() -> u64 {
    #[cfg(unix)]
    {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the pointer leads to a valid `rlimit` for the time of the call.
        if unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0 {
            return limit.rlim_cur;
        }
    }
    u64::MAX
}

/// The slow way to reserve room, for file systems that cannot.
fn write_zeros(file: &File, from: u64, len: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = file;
    file.seek(SeekFrom::Start(from))?;
    let zeros = [0_u8; 1 << 16];
    let mut left = len - from;
    while left > 0 {
        let now = left.min(zeros.len() as u64);
        file.write_all(&zeros[..now as usize])?;
        left -= now;
    }
    Ok(())
}

/// Takes the page faults of a mapped range now, in one go, and not one by one under the program's events.
///
/// The range must lie in a mapping of `file` at `offset`, begin at a page and be unused. It is written with zeros first:
/// a fault on a page that is not in the page cache makes the kernel read ahead by megabytes, which holds the thread up for
/// more than a millisecond, though there is nothing to read in a file that is new.
pub(crate) fn populate(file: &File, offset: u64, start: *mut u8, len: usize) {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        static ZEROS: [u8; 4096] = [0; 4096];
        let page = libc::iovec { iov_base: ZEROS.as_ptr().cast_mut().cast(), iov_len: ZEROS.len() };
        let pages = [page; 16];
        let mut done = 0;
        while done < len {
            let count = (len - done).div_ceil(ZEROS.len()).min(pages.len());
            // SAFETY: the kernel reads `count` vectors of constant memory; a failure is no more than a slower fault later.
            unsafe {
                libc::pwritev(file.as_raw_fd(), pages.as_ptr(), count as i32, (offset as usize + done) as libc::off_t)
            };
            done += count * ZEROS.len();
        }
        // SAFETY: the advice changes no contents; on a kernel that does not know it, the faults come later.
        unsafe { libc::madvise(start.cast(), len, libc::MADV_POPULATE_WRITE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, start, len);
}

/// Creates a file that only its owner can read, or everybody if `shared`; an existing one is replaced, never written into.
pub(crate) fn create_private(path: &Path, shared: bool) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if shared { 0o644 } else { 0o600 });
    }
    #[cfg(not(unix))]
    let _ = shared;
    options.open(path)
}

/// Whether `file` is the one that `path` names now.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |found: std::fs::Metadata| (found.dev(), found.ino());
        file.metadata().map(id).ok().is_some_and(|own| std::fs::symlink_metadata(path).map(id).ok() == Some(own))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// The machine's name.
pub(crate) fn host() -> Option<String> {
    read_line("/proc/sys/kernel/hostname").or_else(|| std::env::var("HOSTNAME").ok())
}

/// The id of the machine's boot: two traces of one boot share a clock.
pub(crate) fn boot() -> Option<String> {
    read_line("/proc/sys/kernel/random/boot_id")
}

fn read_line(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// Calls `hook` with the exit status, where it is known, when the process ends by itself.
pub(crate) fn at_exit(hook: fn(Option<i32>)) {
    static HOOK: OnceLock<fn(Option<i32>)> = OnceLock::new();
    if HOOK.set(hook).is_err() {
        return;
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn on_exit(hook: extern "C" fn(libc::c_int, *mut libc::c_void), argument: *mut libc::c_void)
            -> libc::c_int;
        }
        extern "C" fn run(status: libc::c_int, _: *mut libc::c_void) {
            if let Some(hook) = HOOK.get() {
                // `_exit` keeps the low eight bits.
                hook(Some(status & 0xff));
            }
        }
        // A plugin that is unloaded would leave `run` dangling: it stays.
        // SAFETY: `info` is written before it is read; a name that dlopen does not know is refused.
        unsafe {
            let mut info = std::mem::zeroed::<libc::Dl_info>();
            if libc::dladdr(run as *const libc::c_void, &raw mut info) != 0 {
                libc::dlopen(info.dli_fname, libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
            }
        }
        // SAFETY: `run` is a function for the whole life of the process and takes no argument.
        unsafe { on_exit(run, std::ptr::null_mut()) };
    }
    #[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
    {
        extern "C" fn run() {
            if let Some(hook) = HOOK.get() {
                hook(None);
            }
        }
        // SAFETY: `run` is a function for the whole life of the process.
        unsafe { libc::atexit(run) };
    }
}

/// Calls `hook` in every child that this process forks, before anything else runs there. (A child by a bare system call
/// goes unseen.)
pub(crate) fn in_forked_child(hook: extern "C" fn()) {
    #[cfg(unix)]
    {
        unsafe extern "C" {
            fn pthread_atfork(
                prepare: Option<extern "C" fn()>,
                parent: Option<extern "C" fn()>,
                child: Option<extern "C" fn()>,
            ) -> libc::c_int;
        }
        // SAFETY: `hook` is a function for the whole life of the process. Failure means no memory for the list.
        unsafe { pthread_atfork(None, None, Some(hook)) };
    }
    #[cfg(not(unix))]
    let _ = hook;
}

/// `time` as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, in eras of 400 years: a leap day is then the last day of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_769_860_800), "2026-01-31T12:00:00Z");
    }

    #[test]
    fn clock_pairs_move_forward() {
        let clock = RecorderClock::start();
        let (one, other) = (clock.pair(), clock.pair());
        assert!(one.0 <= other.0 && one.1 <= other.1);
    }
}
