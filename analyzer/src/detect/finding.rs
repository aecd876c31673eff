//! What a detector says: findings, each a story with witnesses; and gaps, where it could not look.

use peerscope_format::value::Term;

use crate::model::{EventId, PeerId, RpcId, TaskId};

/// How sure a finding is, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The trace shows it.
    Happened,
    /// Sound: some reordering of this trace shows it.
    Predicted,
    /// The trace makes it likely, and proves it not.
    Suspected,
}

impl Class {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Class::Happened => "happened",
            Class::Predicted => "predicted",
            Class::Suspected => "suspected",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nature {
    /// Safety or liveness is broken.
    Violation,
    /// Nothing need be broken yet; programs that do this break sooner or later.
    Habit,
}

/// How loud a finding is; derived, no detector picks its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A violation that happened.
    Error,
    /// One that can happen, or a hazardous habit that was seen.
    Warning,
    /// A suspicion.
    Info,
}

impl Severity {
    /// The severity of a finding of this class and nature.
    pub fn of(class: Class, nature: Nature) -> Severity {
        match (class, nature) {
            (Class::Happened, Nature::Violation) => Severity::Error,
            (Class::Happened, Nature::Habit) | (Class::Predicted, _) => Severity::Warning,
            (Class::Suspected, _) => Severity::Info,
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Something that one finding does harm with and another suffers from: the joint of a causal chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Object {
    /// A hold of a lock, by its acquire.
    Hold(EventId),
    /// A task.
    Task(TaskId),
    /// A request and its answer.
    Rpc(RpcId),
    /// What a task did from one moment at which it held no lock to the next, by the acquire that began it.
    Section(EventId),
    /// That a peer is in a term (again).
    Term(PeerId, Term),
}

impl Object {
    /// Whether the harm lasts: who is stuck stays so, and it matters not whether somebody came to suffer from it before or
    /// after. Other harm must be done before it can be suffered from.
    pub fn lasts(self) -> bool {
        match self {
            Object::Hold(_) | Object::Task(_) => true,
            Object::Rpc(_) | Object::Section(_) | Object::Term(..) => false,
        }
    }
}

/// One event of the proof, and what it means to the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The event.
    pub event: EventId,
    /// What happened there, in words: "peer 2 votes for peer 1 in term 2".
    pub text: String,
}

impl Witness {
    /// A witness.
    pub fn new(event: EventId, text: impl Into<String>) -> Self {
        Witness { event, text: text.into() }
    }
}

/// One thing that is wrong, with its proof. Test, phase and time of a finding are those of its deed.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How sure it is.
    pub class: Class,
    /// What it is about.
    pub nature: Nature,
    /// One sentence with the real names.
    pub title: String,
    /// The peers that it concerns.
    pub peers: Vec<PeerId>,
    /// The term that it concerns.
    pub term: Option<Term>,
    /// The events that prove it, in causal order.
    pub witnesses: Vec<Witness>,
    /// What to change.
    pub fix: String,
    /// What it does harm with, at its deed.
    pub acts: Vec<Object>,
    /// What it suffers from, each with the event that stands on it.
    pub suffers: Vec<(Object, EventId)>,
    /// The event at which it came true; the first of them.
    pub deed: EventId,
    /// How often it came true, where the detector itself gathered several cases into one story.
    pub count: usize,
}

impl Finding {
    /// A finding that is still to be given its witnesses, peers and objects.
    pub fn new(class: Class, nature: Nature, deed: EventId, title: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding {
            class,
            nature,
            title: title.into(),
            peers: Vec::new(),
            term: None,
            witnesses: Vec::new(),
            fix: fix.into(),
            acts: Vec::new(),
            suffers: Vec::new(),
            deed,
            count: 1,
        }
    }

    /// How loud it is.
    pub fn severity(&self) -> Severity {
        Severity::of(self.class, self.nature)
    }

    /// Adds a witness.
    pub fn witness(&mut self, event: EventId, text: impl Into<String>) {
        self.witnesses.push(Witness::new(event, text));
    }

    /// Puts the witnesses into the trace's order, which extends happens-before. An event that several parts of the story
    /// named keeps the first of their texts.
    pub fn order_witnesses(&mut self) {
        self.witnesses.sort_by_key(|witness| witness.event);
        self.witnesses.dedup_by_key(|witness| witness.event);
    }
}

/// Where a detector could not look, and why: absence of evidence is no evidence of absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why not: a clause that names the peers, in the same words for all detectors that it keeps from judging.
    pub why: String,
    /// The peers for which it holds; empty = all.
    pub peers: Vec<PeerId>,
    /// What whoever instruments the program can do about it; may be empty.
    pub advice: &'static str,
}

impl Gap {
    /// A gap for the whole trace.
    pub fn everywhere(why: impl Into<String>) -> Self {
        Gap { why: why.into(), peers: Vec::new(), advice: "" }
    }

    /// A gap for some peers.
    pub fn of(peers: Vec<PeerId>, why: impl Into<String>) -> Self {
        Gap { why: why.into(), peers, advice: "" }
    }

    /// The gap with a word on what to do about it.
    pub fn advise(self, advice: &'static str) -> Self {
        Gap { advice, ..self }
    }
}

/// What a detector's run gives. No findings and no gaps = clean, or idle where there was nothing to look at.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What it found.
    pub findings: Vec<Finding>,
    /// Where it was blind.
    pub gaps: Vec<Gap>,
    /// Whether it saw what is another detector's to tell: then it is not clean, even if it has nothing to add.
    pub told_elsewhere: bool,
}

impl Outcome {
    /// Findings and gaps.
    pub fn new(findings: Vec<Finding>, gaps: Vec<Gap>) -> Self {
        Outcome { findings, gaps, told_elsewhere: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_follows_from_class_and_nature() {
        assert_eq!(Severity::of(Class::Happened, Nature::Violation), Severity::Error);
        assert_eq!(Severity::of(Class::Happened, Nature::Habit), Severity::Warning);
        assert_eq!(Severity::of(Class::Predicted, Nature::Violation), Severity::Warning);
        assert_eq!(Severity::of(Class::Suspected, Nature::Violation), Severity::Info);
    }
}
