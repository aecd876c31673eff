//! What follows a run that goes on: `log --follow` and `stuck --follow`.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use peerscope_analyzer::read::{Follow, Writers};
use peerscope_analyzer::report::log::{self, Page};
use peerscope_analyzer::report::stuck::{self, StuckReport};

use super::args::Format;
use super::os::{self, Signals};
use super::output::{self, Output};
use super::{Exit, Failure, input, live};

/// How often to look for new events: a person sees no difference.
const LOOK: Duration = Duration::from_millis(50);
/// How often to look who waits.
const LOOK_FOR_WAITS: Duration = Duration::from_millis(500);
/// A wait must last so long before it is worth a report where reports are appended to each other.
const WORTH_A_REPORT_NS: u64 = 1_000_000_000;
/// In a folder another process may begin after the last one has ended; so long it is waited for.
const LINGER: Duration = Duration::from_secs(1);

/// Writes the events of the run at `path` as they come, until all its processes have ended, or Ctrl-C.
pub(super) fn log(path: &Path, options: &log::Options, format: Format) -> Result<Exit, Failure> {
    let signals = Signals::block(&[os::SIGINT]);
    let (mut run, mut page, mut end) = (Follow::new(path), Page::default(), End::of(path));
    let mut has_missed = false;
    loop {
        let trace = run.next(os::monotonic_ns()).map_err(|error| Failure::Input(error.to_string()))?;
        if !trace.is_empty() {
            let mut out = Output::new();
            match format {
                Format::Text => page.write(&trace, options, &mut out, output::style())?,
                Format::Json => log::follow_json(&trace, options, &mut out)?,
            }
            out.flush()?;
        }
        if run.has_missed() && !std::mem::replace(&mut has_missed, true) {
            input::say(&["the ring has overwritten events before they could be read: they are missing here"]);
        }
        if end.has_come(run.writers()) || signals.wait(LOOK).is_some() {
            return Ok(Exit::Clean);
        }
    }
}

/// Says who waits for whom in the run at `path`, again whenever that has changed, until all its processes have ended, or
/// Ctrl-C. On a terminal each report takes the place of the one before.
pub(super) fn stuck(path: &Path, format: Format) -> Result<Exit, Failure> {
    let signals = Signals::block(&[os::SIGINT]);
    let (mut end, mut screen) = (End::of(path), Screen::new(format));
    loop {
        let begin = Instant::now();
        let (running, writers) = live::running(path);
        if let Some(report) = live::report(&running).map_err(Failure::Input)? {
            screen.show(&report)?;
        }
        if end.has_come(writers) {
            break;
        }
        // Reading a long trace takes its time, which is not to be taken from the program.
        if signals.wait(LOOK_FOR_WAITS.max(10 * begin.elapsed())).is_some() {
            return Ok(Exit::Clean);
        }
    }
    let reading = input::open(&[path.to_owned()])?;
    let report = StuckReport::new(&reading.trace, &reading.problems, None);
    screen.last(&report)?;
    Ok(if report.any_waits() { Exit::Found } else { Exit::Clean })
}

/// When to stop.
struct End {
    path: PathBuf,
    /// Whether it was said that there is nothing to follow yet.
    waited: bool,
    /// Since when nobody writes.
    since: Option<Instant>,
}

impl End {
    fn of(path: &Path) -> End {
        End { path: path.to_owned(), waited: false, since: None }
    }

    fn has_come(&mut self, writers: Writers) -> bool {
        match writers {
            Writers::NotYet => {
                if !std::mem::replace(&mut self.waited, true) {
                    input::say(&[format!("waits for {}", self.path.display())]);
                }
                self.since = None;
                false
            }
            Writers::Running => {
                self.since = None;
                false
            }
            Writers::Ended if self.path.is_dir() => self.since.get_or_insert_with(Instant::now).elapsed() >= LINGER,
            Writers::Ended => true,
        }
    }
}

/// Where reports are shown one after the other.
struct Screen {
    format: Format,
    is_terminal: bool,
    /// What was shown last where reports are appended.
    before: Option<Vec<(String, u64)>>,
}

impl Screen {
    fn new(format: Format) -> Screen {
        Screen { format, is_terminal: io::stdout().is_terminal(), before: None }
    }

    fn show(&mut self, report: &StuckReport) -> io::Result<()> {
        if self.is_terminal && self.format == Format::Text {
            return self.redraw(report);
        }
        let lasting = report.waits_of(WORTH_A_REPORT_NS);
        if self.before.as_ref() == Some(&lasting) {
            return Ok(());
        }
        let is_first = self.before.replace(lasting).is_none();
        self.append(report, is_first)
    }

    fn append(&self, report: &StuckReport, is_first: bool) -> io::Result<()> {
        let mut out = Output::new();
        match self.format {
            Format::Json => report.write_json(&mut out)?,
            Format::Text => {
                if !is_first {
                    out.write_all(b"\n---\n\n")?;
                }
                let (width, _) = os::terminal_size(1).unwrap_or((stuck::WIDTH, 0));
                report.write_text(&mut out, output::style(), width)?;
            }
        }
        out.flush()
    }

    /// Puts the report in the place of the one before, as far as the terminal has room.
    fn redraw(&mut self, report: &StuckReport) -> io::Result<()> {
        let (width, height) = os::terminal_size(1).unwrap_or((80, 24));
        let mut text = Vec::new();
        report.write_text(&mut text, output::style(), width)?;
        let text = String::from_utf8_lossy(&text);
        let (lines, room) = (text.lines().count(), height.saturating_sub(2).max(1));
        let mut out = Output::new();
        // From the upper left corner; each line is cleared behind its end, and what is below the last one too.
        out.write_all(b"\x1b[H")?;
        for line in text.lines().take(room) {
            write!(out, "{line}\x1b[K\r\n")?;
        }
        if lines > room {
            write!(out, "... and {} more lines\x1b[K", lines - room)?;
        }
        out.write_all(b"\x1b[J")?;
        out.flush()
    }

    /// The report after the end, which stays.
    fn last(&self, report: &StuckReport) -> io::Result<()> {
        if self.is_terminal && self.format == Format::Text {
            Output::new().write_all(b"\x1b[H\x1b[J")?;
            return self.append(report, true);
        }
        self.append(report, self.before.is_none())
    }
}
