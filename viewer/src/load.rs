//! Files to a run and its scene, away from the thread of the window.
//!
//! One thread reads, builds the scene, and judges; it hands on each step as soon as it has it. Whoever drops a
//! [`Loading`] need not wait: the thread stops reading or checking as soon as it can, and nobody hears of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use peerscope_analyzer::read;
use peerscope_analyzer::report::escape::{clip, escape};
use peerscope_analyzer::report::{Options, Report, check_facts_watched};

use crate::run::Run;
use crate::scene::Scene;

#[cfg(test)]
mod tests;

/// What a load has come to.
pub enum Step {
    /// The run can be shown; notes on what was read, fit for the screen.
    Opened(Arc<Run>, Box<Scene>, Vec<String>),
    /// It is judged.
    Checked(Box<Report>),
    /// It cannot be read, or not be judged; why, in one line that is fit for the screen.
    Failed(String),
}

/// A load that goes on.
pub struct Loading {
    steps: Receiver<Step>,
    shared: Arc<Shared>,
}

/// What the thread of a load shares with whoever looks on.
#[derive(Default)]
struct Shared {
    reading: read::Progress,
    /// What it does, as a [`Doing`].
    doing: AtomicU8,
}

/// What a load does.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Doing {
    Reads,
    Computes,
    Shows,
    Checks,
    Done,
}

/// How far a load is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What it does: "reads the files", "finds who waited for whom", "checks"; the end of a sentence.
    pub doing: &'static str,
    /// How much of that is done, from 0 to 1, where it can be known.
    pub share: Option<f32>,
}

impl Loading {
    /// Begins to load `paths` as one run; calls `wake` whenever there is something new.
    pub fn start(paths: Vec<PathBuf>, wake: impl Fn() + Send + Sync + 'static) -> Loading {
        let (send, steps) = channel();
        let shared = Arc::<Shared>::default();
        let job = Job { shared: Arc::clone(&shared), send: send.clone(), wake: Box::new(wake) };
        let spawned = thread::Builder::new().name("load".to_owned()).spawn(move || job.run(|job| job.load(&paths)));
        if let Err(error) = spawned {
            // There is nobody who could fail later.
            drop(send.send(Step::Failed(one_line(&format!("no thread to load it on: {error}")))));
        }
        Loading { steps, shared }
    }

    /// What it came to since it was last asked.
    pub fn poll(&mut self) -> Option<Step> {
        self.steps.try_recv().ok()
    }

    /// Waits for the next step, for tests and screenshots; `None` after the last.
    pub fn wait(&mut self) -> Option<Step> {
        self.steps.recv().ok()
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let doing = self.shared.doing.load(Ordering::Relaxed);
        let reading = &self.shared.reading;
        let (doing, share) = match doing {
            doing if doing == Doing::Reads as u8 => (reading.stage().name(), Some(reading.share())),
            doing if doing == Doing::Computes as u8 => ("finds who waited for whom", None),
            doing if doing == Doing::Shows as u8 => ("lays out the lanes", None),
            doing if doing == Doing::Checks as u8 => ("checks", None),
            _ => ("is done", Some(1.0)),
        };
        Progress { doing, share }
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        self.shared.reading.stop();
    }
}

/// The thread's side of a load.
struct Job {
    shared: Arc<Shared>,
    send: Sender<Step>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Job {
    /// Does `work`; what it fails or panics with becomes the last step.
    fn run(self, work: impl FnOnce(&Job) -> Result<(), String>) {
        // After a panic nothing of what it worked on is used again.
        let failed = match catch_unwind(AssertUnwindSafe(|| work(&self))) {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(why),
            Err(panic) => Some(format!("the viewer has a mistake, and cannot go on with this file: {}", said(&*panic))),
        };
        self.begin(Doing::Done);
        if let Some(why) = failed {
            self.tell(Step::Failed(one_line(&why)));
        }
    }

    fn load(&self, paths: &[PathBuf]) -> Result<(), String> {
        self.begin(Doing::Reads);
        let reading = read::open_watched(paths, &self.shared.reading).map_err(|error| error.to_string())?;
        // Whoever dropped the load stopped the read; that may have come just too late for it.
        let stopped = || self.shared.reading.is_stopped();
        if stopped() {
            return Ok(());
        }
        let notes = reading.notes.iter().map(|note| one_line(note)).collect();
        let run = Arc::new(Run::new(reading.trace, reading.problems));
        self.begin(Doing::Computes);
        run.facts(|facts| facts.compute_for_view());
        if stopped() {
            return Ok(());
        }
        self.begin(Doing::Shows);
        let scene = run.facts(Scene::new);
        if !self.tell(Step::Opened(Arc::clone(&run), Box::new(scene), notes)) {
            return Ok(());
        }
        self.begin(Doing::Checks);
        // As `peerscope check` does: lines of sources are quoted that stand below where it was started.
        let options = Options { source_root: std::env::current_dir().ok(), ..Options::default() };
        let report = run.facts(|facts| check_facts_watched(facts, &options, &self.shared.reading));
        // Whoever stopped it wants no report.
        if let Some(report) = report {
            self.tell(Step::Checked(Box::new(report)));
        }
        Ok(())
    }

    fn begin(&self, doing: Doing) {
        self.shared.doing.store(doing as u8, Ordering::Relaxed);
    }

    /// Hands on a step; whether anybody still wants to know.
    fn tell(&self, step: Step) -> bool {
        let wanted = self.send.send(step).is_ok();
        if wanted {
            (self.wake)();
        }
        wanted
    }
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

/// A text as one line of a sane length that is fit for the screen.
fn one_line(text: &str) -> String {
    clip(&escape(&clip(text, 400)), 400).into_owned()
}
