//! Call sites: what all events of one place in the program have in common.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use peerscope_format::filter::{Level, Wanted, is_always_recorded};
use peerscope_format::shape::{Encoding, Field, Shape};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::{Kind, Waiting};
use peerscope_format::wire::FIRST_SHAPE;

use crate::arg::{Args, Layout, constant, fields};
use crate::recorder::{Form, Pin, Recorder, append, append_at, append_hold, busy, is_recording, keep};
use crate::scope::Scope;

/// In the place of a shape: the filter leaves the site out.
const EXCLUDED: u32 = 1;
/// Set in the id of a shape: the filter leaves the site out for some peers. So a site of which it lets everything pass is
/// known by one comparison, as if there were no filter.
const BY_PEER: u32 = 1 << 31;

/// What the events of a site mean for what is kept of their task beside its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pinning {
    /// The task waits from here on.
    Wait,
    /// As a case of a select: together with others.
    Case,
    /// For a call's answer: it may talk meanwhile.
    Call,
    /// For a condition: the release of its lock is implied.
    Condition,
    /// It handles a request from here on.
    Handles,
    /// It has answered the request.
    Answers,
    /// The first word of the task.
    Begins,
    /// Its last.
    EndsTask,
    /// Of an object that later events only name.
    Introduces,
    /// A release.
    Releases,
    /// What may be said during a call.
    Talks,
    /// No deed of the task.
    Keeps,
    /// It ends what the task waited for.
    Ends,
}

impl Pinning {
    const fn of(kind: Kind, names: &[&str]) -> Pinning {
        match (kind, kind.waiting()) {
            (Kind::RpcSend, _) => Pinning::Call,
            (Kind::RpcRecv, _) => Pinning::Handles,
            (Kind::RpcReply, _) => Pinning::Answers,
            (Kind::CondWait, _) => Pinning::Condition,
            (Kind::TimerSet, _) if !has(names, "select") => Pinning::Talks,
            (_, Waiting::Begins) if has(names, "select") => Pinning::Case,
            (_, Waiting::Begins) => Pinning::Wait,
            (_, Waiting::Keeps) => Pinning::Keeps,
            (_, Waiting::Talks) => Pinning::Talks,
            (Kind::TaskBegin, _) => Pinning::Begins,
            (Kind::TaskEnd, _) => Pinning::EndsTask,
            (Kind::LockRelease, _) => Pinning::Releases,
            _ if kind.introduces() => Pinning::Introduces,
            _ => Pinning::Ends,
        }
    }

    /// Whether it matters even to a task that waits for nothing.
    #[inline]
    pub(crate) fn always(self) -> bool {
        (self as u8) <= (Pinning::EndsTask as u8)
    }
}

/// A place in the program that emits events; a `static` in the expansion of a macro.
#[derive(Debug)]
pub struct Site {
    /// The arguments' signature (high half) and the id of their shape (low half), once it has one; or [`EXCLUDED`].
    shape: AtomicU64,
    kind: Kind,
    pinning: Pinning,
    /// Its source line; none for tracked primitives, whose events name their caller's, and for what happens by itself.
    line: Option<&'static str>,
    level: &'static str,
    /// The topic, where it is not the kind's own.
    topic: Option<&'static str>,
    /// A DPrintf template.
    template: Option<&'static str>,
    names: &'static [&'static str],
    /// Fields whose values are the same in all its events: they stand in the shape and cost no byte.
    fixed: &'static [(&'static str, &'static str)],
    /// Its events tell what was read back from disk.
    restored: bool,
}

impl Site {
    /// The site of a macro that emits `kind` with these fields.
    ///
    /// # Panics
    /// When it is built, thus at compile time, if `kind` has no field of one of these names.
    pub const fn event(kind: Kind, line: &'static str, level: &'static str, names: &'static [&'static str]) -> Self {
        check_names(kind, names);
        Site {
            shape: AtomicU64::new(0),
            kind,
            pinning: Pinning::of(kind, names),
            line: Some(line),
            level,
            topic: None,
            template: None,
            names,
            fixed: &[],
            restored: false,
        }
    }

    /// The site of a DPrintf line with these named values.
    pub const fn log(
        line: &'static str,
        level: &'static str,
        topic: &'static str,
        template: &'static str,
        names: &'static [&'static str],
    ) -> Self {
        let (topic, template) = (Some(topic), Some(template));
        Site {
            shape: AtomicU64::new(0),
            kind: Kind::Log,
            pinning: Pinning::Talks,
            line: Some(line),
            level,
            topic,
            template,
            names,
            fixed: &[],
            restored: false,
        }
    }

    /// The same site for state that was read back from disk after a restart.
    pub const fn restored(mut self) -> Self {
        self.restored = true;
        self
    }

    /// The site of a tracked primitive's operation, whatever line calls it, or of something that happens by itself.
    ///
    /// # Panics
    /// As [`Site::event`].
    pub(crate) const fn primitive(kind: Kind, names: &'static [&'static str]) -> Self {
        check_names(kind, names);
        Site {
            shape: AtomicU64::new(0),
            kind,
            pinning: Pinning::of(kind, names),
            line: None,
            level: "trace",
            topic: None,
            template: None,
            names,
            fixed: &[],
            restored: false,
        }
    }

    /// The same site for events whose `fixed` fields always have these values.
    ///
    /// # Panics
    /// As [`Site::event`].
    pub(crate) const fn with(mut self, fixed: &'static [(&'static str, &'static str)]) -> Self {
        let mut place = 0;
        while place < fixed.len() {
            check_names(self.kind, &[fixed[place].0]);
            place += 1;
        }
        self.fixed = fixed;
        self
    }

    /// Whether an event of this site may be recorded: something is recorded, and the filter has not left the site out.
    #[inline]
    pub fn is_recorded(&'static self) -> bool {
        is_recording() && self.shape.load(Ordering::Relaxed) as u32 != EXCLUDED
    }

    /// Records an event of this site.
    #[inline]
    pub(crate) fn record<A: Args>(&'static self, recorder: &Recorder, scope: &Scope, args: &A) {
        let Some(shape) = self.shape_id::<A, false>(recorder, scope) else { return };
        if self.pinning == Pinning::Introduces {
            return keep(recorder, scope, shape, None, args.max_len(), |out| args.put(out));
        }
        append(recorder, scope, Form { shape, pinning: self.pinning }, args.max_len(), |out| args.put(out));
    }

    /// Records an event of this site that `caller` caused.
    #[inline]
    pub(crate) fn record_at<A: Args>(
        &'static self,
        recorder: &Recorder,
        scope: &Scope,
        args: &A,
        caller: &'static Location<'static>,
    ) {
        let Some(shape) = self.shape_id::<A, true>(recorder, scope) else { return };
        if self.pinning == Pinning::Introduces {
            return keep(recorder, scope, shape, Some(caller), args.max_len(), |out| args.put(out));
        }
        append_at(recorder, scope, Form { shape, pinning: self.pinning }, caller, args.max_len(), |out| args.put(out));
    }

    /// Records an event of this site that `caller` caused, and by which the task begins to hold something.
    #[inline]
    pub(crate) fn hold<A: Args>(
        &'static self,
        recorder: &Recorder,
        scope: &Scope,
        args: &A,
        caller: &'static Location<'static>,
    ) -> Pin {
        let Some(shape) = self.shape_id::<A, true>(recorder, scope) else { return Pin::NONE };
        append_hold(recorder, scope, shape, caller, args.max_len(), |out| args.put(out))
    }

    /// The id of the shape that this site has with arguments of these types, and the line of a caller behind them or not: in a
    /// generic function, one site may be used with several. `None`: the event is left out by the filter, or counted as lost.
    #[inline]
    fn shape_id<A: Args, const CALLED: bool>(&'static self, recorder: &Recorder, scope: &Scope) -> Option<u32> {
        let signature = const { A::SIGNATURE ^ (CALLED as u64) << 63 };
        // Acquire: whoever writes a record has seen its shape committed.
        let known = self.shape.load(Ordering::Acquire);
        if known >> 32 == signature >> 32 && (known as u32).wrapping_sub(FIRST_SHAPE) < BY_PEER - FIRST_SHAPE {
            return Some(known as u32);
        }
        if known as u32 == EXCLUDED {
            return None;
        }
        self.other_shape_id(recorder, scope, A::LAYOUTS, signature, CALLED)
    }

    #[cold]
    #[inline(never)]
    fn other_shape_id(
        &'static self,
        recorder: &Recorder,
        scope: &Scope,
        layouts: &[Layout],
        signature: u64,
        called: bool,
    ) -> Option<u32> {
        let known = self.shape.load(Ordering::Acquire);
        let id = if known >> 32 == signature >> 32 && known as u32 != 0 {
            known as u32
        } else {
            self.register(recorder, layouts, signature, called)?
        };
        if id & BY_PEER != 0 && !recorder.filter().wants(self.topic(), self.level(), scope.peer.as_ref()) {
            return None;
        }
        Some(id & !BY_PEER)
    }

    /// Asks the filter, and gets a shape if it wants any event of the site.
    fn register(&'static self, recorder: &Recorder, layouts: &[Layout], signature: u64, called: bool) -> Option<u32> {
        let wanted = match is_always_recorded(self.kind) {
            true => Wanted::Always,
            false => recorder.filter().wanted(self.topic(), self.level()),
        };
        let by_peer = match wanted {
            Wanted::Never => {
                self.shape.store(u64::from(EXCLUDED), Ordering::Relaxed);
                return None;
            }
            Wanted::Always => 0,
            Wanted::ByPeer => BY_PEER,
        };
        let Some(id) = busy(|| recorder.shape(self, layouts, signature, called)).flatten() else {
            recorder.lose();
            return None;
        };
        self.shape.store((signature >> 32) << 32 | u64::from(id | by_peer), Ordering::Release);
        Some(id | by_peer)
    }

    /// By what the filter knows it.
    fn topic(&self) -> &'static str {
        self.topic.unwrap_or(self.kind.topic())
    }

    /// The level by which the filter judges it: what its kind has, where each event has not its own.
    fn level(&self) -> Level {
        match self.kind {
            Kind::Log | Kind::Invariant => Level::from_name(self.level).unwrap_or(Level::Debug),
            kind => Level::of(kind),
        }
    }

    /// The shape of this site's records; `called`: the line of a caller is their last value, and not the site's own.
    pub(crate) fn shape(&self, layouts: &[Layout], called: bool) -> Shape {
        let mut all = Vec::new();
        match self.template {
            Some(template) => {
                all.push(constant("msg", &without_done_formats(template, self.names, layouts)));
                if !self.names.is_empty() {
                    let values = fields(self.names, layouts);
                    all.push(Field { name: "args".into(), encoding: Encoding::Map(values) });
                }
            }
            None => all.extend(fields(self.names, layouts)),
        }
        all.extend(self.fixed.iter().map(|(name, value)| constant(name, value)));
        // The caller's line stands right behind the arguments, since all other fields are constants.
        if called {
            all.push(Field { name: "src".into(), encoding: Encoding::TextRef });
        } else if let Some(line) = self.line {
            all.push(constant("src", line));
        }
        if self.kind == Kind::Log {
            all.push(constant("level", self.level));
        }
        all.extend(self.topic.map(|topic| constant("topic", topic)));
        if self.restored {
            all.push(Field { name: "restored".into(), encoding: Encoding::constant(&Value::Bool(true)) });
        }
        Shape { kind: self.kind.name().into(), fields: all.into() }
    }
}

const fn has(names: &[&str], name: &str) -> bool {
    let mut place = 0;
    while place < names.len() {
        if names[place].len() == name.len() && is_same(names[place].as_bytes(), name.as_bytes()) {
            return true;
        }
        place += 1;
    }
    false
}

/// Two texts of one length, at compile time.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut place = 0;
    while place < one.len() {
        if one[place] != other[place] {
            return false;
        }
        place += 1;
    }
    true
}

const fn check_names(kind: Kind, names: &[&str]) {
    let mut place = 0;
    while place < names.len() {
        assert!(kind.has_field(names[place]), "the vocabulary knows no such field at this kind");
        place += 1;
    }
}

/// The template with `{name:?}` as `{name}` wherever the value was formatted while the program ran, so that a reader does
/// not format the text again. Templates arrive with every place named (see `peerscope-dprintf`).
fn without_done_formats(template: &str, names: &[&str], layouts: &[Layout]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push_str(&rest[..2]);
            rest = &rest[2..];
            continue;
        }
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        let (place, behind) = rest.split_at(end);
        let name = place[1..].split([':', '}']).next().unwrap_or_default();
        let done = names.iter().zip(layouts).any(|(other, layout)| *other == name && *layout == Layout::Formatted);
        if done {
            out.extend(["{", name, "}"]);
        } else {
            out.push_str(place);
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_formatted_is_not_formatted_again() {
        let layouts = [Layout::Formatted, Layout::U64];
        let template = "{{x}} {entry:?} at {index:>4} of {entry:#?}";
        assert_eq!(
            without_done_formats(template, &["entry", "index"], &layouts),
            "{{x}} {entry} at {index:>4} of {entry}"
        );
    }
}
