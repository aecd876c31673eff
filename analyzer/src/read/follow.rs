//! A run that goes on: its files, also those that come later, and the events that came since somebody asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use peerscope_format::wire::{Image, ReadError, Tick};

use super::import::MARK;
use super::tail::Tail;
use super::{Error, files};
use crate::model::{Dense, Trace};

/// A run that is followed: one native file, or a folder of them. Neither need be there yet.
pub struct Follow {
    path: PathBuf,
    files: BTreeMap<PathBuf, Followed>,
    /// In the order in which they came: that of sources in the traces that are handed on.
    order: Vec<PathBuf>,
    /// What is no trace, and was said to be none.
    refused: BTreeSet<PathBuf>,
    names: Names,
}

struct Followed {
    tail: Tail,
    /// Its writer has ended, and all that it wrote has been read.
    has_ended: bool,
}

/// What there is to say about the writers of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// No file is there yet.
    NotYet,
    /// At least one writes.
    Running,
    /// All have ended, and what they wrote has been handed on.
    Ended,
}

/// How long events are held back, in ns, for those that are committed later than later ones.
const HELD_BACK_NS: u64 = 50_000_000;

impl Follow {
    /// Will follow the run at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Follow {
        Follow {
            path: path.into(),
            files: BTreeMap::new(),
            order: Vec::new(),
            refused: BTreeSet::new(),
            names: Names::default(),
        }
    }

    /// The events that came since the last call, in one order; `now` is the machine's monotonic clock, in ns. Peers and
    /// tasks have the names that earlier events gave them. Numbers of events count from 0 each time.
    ///
    /// # Errors
    /// If the file is no native trace, or cannot be read any more.
    pub fn next(&mut self, now: Option<u64>) -> Result<Trace, Error> {
        for path in self.paths() {
            self.begin(path)?;
        }
        let mut images = Vec::new();
        // Times count from the start of the file that came first.
        let origin = self.order.first().and_then(|first| self.files[first].tail.header().monotonic_start());
        for path in &self.order {
            let Some(followed) = self.files.get_mut(path) else { continue };
            // Asked before the look: what it wrote last is then there.
            let runs = followed.tail.is_being_written();
            let failed = |error: ReadError| Error { path: path.clone(), detail: format!("cannot be read: {error}") };
            if !followed.has_ended {
                followed.tail.look().map_err(failed)?;
            }
            followed.has_ended = !runs;
            let elapsed = now.and_then(|now| followed.tail.header().elapsed_ns(now));
            let until = match elapsed {
                Some(elapsed) if runs => elapsed.saturating_sub(HELD_BACK_NS),
                _ => u64::MAX,
            };
            let mut image = followed.tail.take(until);
            if let (Some(origin), Some(start)) = (origin, followed.tail.header().monotonic_start()) {
                shift(&mut image, start.saturating_sub(origin));
            }
            images.push((path.display().to_string(), image));
        }
        let mut trace = super::from_images(images).0;
        self.names.exchange(&mut trace);
        Ok(trace)
    }

    /// Whether there is somebody who writes.
    pub fn writers(&self) -> Writers {
        match self.files.values().any(|file| !file.has_ended) {
            true => Writers::Running,
            false if self.files.is_empty() => Writers::NotYet,
            false => Writers::Ended,
        }
    }

    /// Whether events were overwritten, in traces that keep their latest only, before they could be read.
    pub fn has_missed(&self) -> bool {
        self.files.values().any(|file| file.tail.has_missed())
    }

    /// The files that have come so far, in the order in which they came.
    pub fn files(&self) -> &[PathBuf] {
        &self.order
    }

    fn paths(&self) -> Vec<PathBuf> {
        match self.path.is_dir() {
            // One without a trace has none yet.
            true => files::in_folder(&self.path, &["pscope"]).unwrap_or_default(),
            false => vec![self.path.clone()],
        }
    }

    fn begin(&mut self, path: PathBuf) -> Result<(), Error> {
        if self.files.contains_key(&path) || self.refused.contains(&path) {
            return Ok(());
        }
        let Ok(file) = File::open(&path) else { return Ok(()) };
        match Tail::open(file) {
            Ok(tail) => {
                self.order.push(path.clone());
                self.files.insert(path, Followed { tail, has_ended: false });
            }
            // Its writer has just created it.
            Err(_) if begins_later(&path) => {}
            Err(error) if self.path == path => {
                let hint = "only native traces (.pscope) can be followed";
                return Err(Error { path, detail: format!("cannot be followed: {error}; {hint}") });
            }
            Err(_) => drop(self.refused.insert(path)),
        }
        Ok(())
    }
}

/// Whether nothing stands in the file yet, or zeros where its mark will be.
fn begins_later(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = [0; MARK.len()];
    let read = File::open(path).and_then(|mut file| file.read(&mut begin));
    read.is_ok_and(|read| begin[..read].iter().all(|byte| *byte == 0))
}

/// Moves the times of an image `by` ns.
fn shift(image: &mut Image, by: u64) {
    if image.tick == Tick::Nanosecond {
        // Any two moments make a clock.
        image.tick = Tick::Counter;
        image.tables.clock = vec![(0, 0), (1 << 40, 1 << 40)];
    }
    image.tables.clock.iter_mut().for_each(|(_, ns)| *ns = ns.saturating_add(by));
}

/// Names of tasks and peers, which few events tell and all shall bear.
#[derive(Default)]
struct Names {
    /// By file and id.
    tasks: BTreeMap<(usize, String), String>,
    peers: BTreeMap<String, String>,
}

impl Names {
    /// Learns the names that `trace` tells, and gives it those that it does not. A task that has ended needs none any more.
    fn exchange(&mut self, trace: &mut Trace) {
        for task in trace.tasks().ids() {
            let tasks = trace.tasks();
            let key = (tasks.scope(task).index(), tasks.id(task).to_string());
            let name = tasks.name(task).into_owned();
            if name != key.1 {
                self.tasks.insert(key.clone(), name);
            } else if let Some(name) = self.tasks.get(&key) {
                trace.name_task(task, name);
            }
            if trace.task(task).end.is_some() {
                self.tasks.remove(&key);
            }
        }
        for peer in trace.peers().ids() {
            let (peers, words) = (trace.peers(), crate::detect::words::Words(trace));
            // The words have its name, and where it has none its id.
            let (id, name, full) = (peers.id(peer).to_string(), peers.name(peer).into_owned(), words.full_name(peer));
            let key = format!("{id}{}", full.strip_prefix(&name).unwrap_or_default());
            if name != id {
                self.peers.insert(key, name);
            } else if let Some(name) = self.peers.get(&key) {
                trace.name_peer(peer, name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
