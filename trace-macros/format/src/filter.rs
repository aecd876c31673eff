//! Which events a recorder leaves out: the filter of the environment variable `PEERSCOPE`, its grammar and its meaning, for
//! the recorder that obeys it and the reader who must know what cannot be in a trace.
//!
//! ```text
//! filter := part (',' part)*                 blanks around a part do not count
//! part   := LEVEL                            for all that is not named
//!         | TOPIC ['=' LEVEL]                a topic: `vote`, `lock`, `raft::log`; without a level all of it
//!         | 'peer.' ID ['=' LEVEL]           what of this peer is not named by topic; without a level all of it
//! LEVEL  := off | error | warn | info | debug | trace
//! ```
//!
//! A level includes those before it. Of a topic named twice the last word counts; of two names that fit one topic (`raft` and
//! `raft::log`) the longer one. As soon as something is switched *on* by its name, what is not named is off, unless
//! a bare level says otherwise; a filter that only switches things off leaves the rest on. A named topic is the same for all
//! peers, except that `peer.ID=off` leaves out all of that peer.
//!
//! An event's topic is the one that it names, else that of its kind (`lock` of `lock.wait`). The topic of what came in
//! through `tracing`, spans too, or through another logger is its target.
//!
//! What keeps a trace readable is always recorded, see [`is_always_recorded`].

use std::fmt;

use crate::value::{Id, Value};
use crate::vocabulary::Kind;

/// Under what key a trace says with which filter it was recorded, if that left anything out.
pub const FILTER_KEY: &str = "filter";

/// A filter from a hostile trace must not cost more than it says.
const MAX_PARTS: usize = 1000;

/// How much detail; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing at all.
    Off,
    /// What failed.
    Error,
    /// What is wrong: a broken invariant.
    Warn,
    /// The great events: roles, terms, votes, faults.
    Info,
    /// What the protocol does: DPrintf lines, RPCs, the log.
    Debug,
    /// What every task does: locks, channels, polls, sleeps.
    Trace,
}

impl Level {
    /// All of them, from the fewest events to the most.
    pub const ALL: [Level; 6] = [Level::Off, Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }

    /// The level called `name`, in small or capital letters.
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// The level of events of this kind that name none themselves.
    pub fn of(kind: Kind) -> Level {
        match kind.topic() {
            "role" | "term" | "vote" | "fault" | "test" | "peer" => Level::Info,
            "task" | "lock" | "sem" | "cond" | "chan" | "group" | "once" | "sleep" | "var" => Level::Trace,
            _ => Level::Debug,
        }
    }
}

/// Whether events of this kind are recorded whatever a filter says: the frame of tests, peers and tasks in which all others
/// stand, the names of objects, and what is said of the trace itself.
pub fn is_always_recorded(kind: Kind) -> bool {
    use Kind::{Lost, PeerStart, PeerStop, ProcessEnd, TaskBegin, TaskEnd, TaskSpawn, TestBegin, TestEnd, TestPhase};
    let frame = [TestBegin, TestEnd, TestPhase, PeerStart, PeerStop, TaskSpawn, TaskBegin, TaskEnd, ProcessEnd, Lost];
    frame.contains(&kind) || kind.name().ends_with(".new")
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// For what is neither of a named topic nor of a named peer.
    rest: Level,
    topics: Vec<(String, Level)>,
    peers: Vec<(Value, Level)>,
}

impl Default for Filter {
    /// The filter that leaves out nothing.
    fn default() -> Self {
        Filter { rest: Level::Trace, topics: Vec::new(), peers: Vec::new() }
    }
}

/// Whose events of one topic and level are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nobody's.
    Never,
    /// Everybody's.
    Always,
    /// That depends on the peer: ask [`Filter::wants`].
    ByPeer,
}

impl Filter {
    /// Reads a filter. The good parts are used; of each bad one is said what is wrong with it and what would be right.
    pub fn parse(text: &str) -> (Filter, Vec<String>) {
        let (mut filter, mut rest, mut troubles) = (Filter::default(), None, Vec::new());
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        for (number, part) in parts.enumerate() {
            if number == MAX_PARTS {
                troubles.push(format!("what follows the first {MAX_PARTS} parts is left out"));
                break;
            }
            match Part::parse(part) {
                Ok(Part::Rest(level)) => rest = Some(level),
                Ok(Part::Topic(topic, level)) => set(&mut filter.topics, topic.to_owned(), level),
                Ok(Part::Peer(peer, level)) => set(&mut filter.peers, peer, level),
                Err(trouble) => troubles.push(format!("`{part}` is left out: {trouble}")),
            }
        }
        let mut levels =
            filter.topics.iter().map(|(_, level)| level).chain(filter.peers.iter().map(|(_, level)| level));
        let names_something = levels.any(|level| *level > Level::Off);
        filter.rest = rest.unwrap_or(if names_something { Level::Off } else { Level::Trace });
        (filter, troubles)
    }

    /// Whether it leaves out nothing.
    pub fn is_all(&self) -> bool {
        let mut levels = self.topics.iter().map(|(_, level)| level).chain(self.peers.iter().map(|(_, level)| level));
        self.rest == Level::Trace && levels.all(|level| *level == Level::Trace)
    }

    /// Whose events of this topic and level are recorded.
    pub fn wanted(&self, topic: &str, level: Level) -> Wanted {
        let nobody = self.wants(topic, level, None);
        let differs = |(peer, _): &(Value, Level)| self.wants(topic, level, Some(peer)) != nobody;
        match nobody {
            _ if self.peers.iter().any(differs) => Wanted::ByPeer,
            true => Wanted::Always,
            false => Wanted::Never,
        }
    }

    /// Whether an event of this topic, level and peer (`None`: of nobody) is recorded.
    pub fn wants(&self, topic: &str, level: Level, peer: Option<&Value>) -> bool {
        let peer = peer.and_then(|peer| self.peers.iter().find(|(other, _)| other == peer)).map(|(_, level)| *level);
        match (peer, self.level_of(topic)) {
            (Some(Level::Off), _) => false,
            (_, Some(named)) => level <= named,
            (Some(of_peer), None) => level <= of_peer,
            (None, None) => level <= self.rest,
        }
    }

    /// Whose events of this kind are recorded, at the kind's own level.
    pub fn wanted_kind(&self, kind: Kind) -> Wanted {
        if is_always_recorded(kind) { Wanted::Always } else { self.wanted(kind.topic(), Level::of(kind)) }
    }

    /// Whether it treats some peers in their own way.
    #[inline]
    pub fn names_peers(&self) -> bool {
        !self.peers.is_empty()
    }

    /// The level of the longest name that is `topic` or a path above it.
    fn level_of(&self, topic: &str) -> Option<Level> {
        let above = |name: &str| topic.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let fitting = self.topics.iter().filter(|(name, _)| above(name));
        fitting.max_by_key(|(name, _)| name.len()).map(|(_, level)| *level)
    }
}

impl fmt::Display for Filter {
    /// A text that reads as the same filter.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.rest.name())?;
        self.topics.iter().try_for_each(|(topic, level)| write!(out, ",{topic}={}", level.name()))?;
        self.peers.iter().try_for_each(|(peer, level)| match peer {
            Value::U64(number) => write!(out, ",peer.{number}={}", level.name()),
            Value::I64(number) => write!(out, ",peer.{number}={}", level.name()),
            Value::Text(text) => write!(out, ",peer.{text}={}", level.name()),
            _ => Ok(()),
        })
    }
}

fn set<K: PartialEq>(levels: &mut Vec<(K, Level)>, key: K, level: Level) {
    levels.retain(|(other, _)| *other != key);
    levels.push((key, level));
}

enum Part<'a> {
    Rest(Level),
    Topic(&'a str, Level),
    Peer(Value, Level),
}

impl<'a> Part<'a> {
    fn parse(part: &'a str) -> Result<Part<'a>, String> {
        let (name, level) = match part.split_once('=') {
            None => match Level::from_name(part) {
                Some(level) => return Ok(Part::Rest(level)),
                None => (part, Level::Trace),
            },
            Some((name, word)) => {
                let level = Level::from_name(word.trim());
                let levels = Level::ALL.map(Level::name).join(", ");
                (name.trim(), level.ok_or_else(|| format!("`{}` is no level; levels are {levels}", word.trim()))?)
            }
        };
        if let Some(peer) = name.strip_prefix("peer.") {
            let say = "a peer's id is missing; write `peer.2=debug`";
            return if peer.is_empty() { Err(say.into()) } else { Ok(Part::Peer(Id::parse(peer).into(), level)) };
        }
        if let Some(kind) = Kind::from_name(name).filter(|kind| kind.topic() != name) {
            return Err(format!("a kind of event is switched with its topic; write `{}`", kind.topic()));
        }
        if name.is_empty() {
            return Err("a topic is missing before `=`; write `vote=debug`, or a level alone for all".into());
        }
        if let Some(odd) = name.chars().find(|odd| odd.is_whitespace() || odd.is_control() || matches!(odd, '=' | ';'))
        {
            return Err(format!("a topic has no {odd:?}; parts are separated by commas"));
        }
        Ok(Part::Topic(name, level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of some topics (with a level) and peers the filter lets pass: `vote`, and `vote@2` of peer 2.
    fn passes(filter: &str, events: &[&str]) -> Vec<bool> {
        let (filter, troubles) = Filter::parse(filter);
        assert_eq!(troubles, [""; 0]);
        assert_eq!(Filter::parse(&filter.to_string()), (filter.clone(), Vec::new()), "{filter} reads as itself");
        let pass = |event: &&str| {
            let (topic, peer) = event.split_once('@').map_or((*event, None), |(topic, peer)| (topic, Some(peer)));
            let (topic, level) = topic.split_once('=').unwrap_or((topic, "debug"));
            let (level, peer) = (Level::from_name(level).expect("a level"), peer.map(|peer| Id::parse(peer).into()));
            let passes = filter.wants(topic, level, peer.as_ref());
            let sure = [Wanted::Never, Wanted::Always][usize::from(passes)];
            assert!([sure, Wanted::ByPeer].contains(&filter.wanted(topic, level)), "{filter} and {event}");
            passes
        };
        events.iter().map(pass).collect()
    }

    const YES: bool = true;
    const NO: bool = false;

    #[test]
    fn what_is_named_is_on_and_the_rest_is_off() {
        assert_eq!(passes("vote", &["vote", "vote=trace", "log", "log=error"]), [YES, YES, NO, NO]);
        assert_eq!(passes("log=info", &["log=info", "log=debug", "vote"]), [YES, NO, NO]);
        assert_eq!(passes("debug,vote=trace", &["vote=trace", "log", "lock=trace"]), [YES, YES, NO]);
    }

    #[test]
    fn a_filter_that_only_switches_off_leaves_the_rest_on() {
        assert_eq!(passes("lock=off", &["lock=error", "vote=trace", "log=trace"]), [NO, YES, YES]);
        assert_eq!(passes("peer.2=off", &["vote@2", "vote@1", "vote"]), [NO, YES, YES]);
        assert_eq!(passes("", &["lock=trace", "vote@1"]), [YES, YES]);
        assert_eq!(passes("OFF", &["vote=error", "log=error"]), [NO, NO]);
    }

    #[test]
    fn a_peer_has_a_default_of_its_own() {
        let filter = "vote,log=debug,lock=off,peer.2=trace";
        assert_eq!(passes(filter, &["rpc@2", "rpc@1", "rpc"]), [YES, NO, NO]);
        assert_eq!(passes(filter, &["vote@2", "vote@1", "lock=trace@2", "log=trace@2"]), [YES, YES, NO, NO]);
        assert_eq!(passes("vote,peer.n1.east=off", &["vote@n1.east", "vote@n1"]), [NO, YES]);
        assert_eq!(passes("peer.2=info,debug", &["log@2", "log@1", "log=info@2"]), [NO, YES, YES]);
    }

    #[test]
    fn a_topic_stands_for_the_paths_below_it_and_the_longest_name_wins() {
        let events = ["raft", "raft::log", "raft::log::disk=trace", "rafter", "raft::net=trace"];
        assert_eq!(passes("raft=debug,raft::log=trace", &events), [YES, YES, YES, NO, NO]);
        assert_eq!(passes("vote=off,vote=debug", &["vote"]), [YES], "the last word counts");
    }

    #[test]
    fn a_site_knows_whether_it_depends_on_the_peer() {
        let (filter, _) = Filter::parse("vote,log=debug,peer.2=trace");
        assert_eq!(filter.wanted("vote", Level::Info), Wanted::Always);
        assert_eq!(filter.wanted("log", Level::Trace), Wanted::Never);
        assert_eq!(filter.wanted("rpc", Level::Debug), Wanted::ByPeer);
        assert_eq!(filter.wanted_kind(Kind::LockNew), Wanted::Always);
        assert!(!filter.is_all() && Filter::parse("").0.is_all() && Filter::parse("trace,vote").0.is_all());
    }

    #[test]
    fn bad_parts_are_named_and_the_good_ones_used() {
        let (filter, troubles) = Filter::parse("vote=debgu, log=debug,=info,peer.=off,lock.wait=off,a;b, ,peer");
        assert_eq!(
            troubles,
            [
                "`vote=debgu` is left out: `debgu` is no level; levels are off, error, warn, info, debug, trace",
                "`=info` is left out: a topic is missing before `=`; write `vote=debug`, or a level alone for all",
                "`peer.=off` is left out: a peer's id is missing; write `peer.2=debug`",
                "`lock.wait=off` is left out: a kind of event is switched with its topic; write `lock`",
                "`a;b` is left out: a topic has no ';'; parts are separated by commas",
            ]
        );
        assert_eq!(filter.to_string(), "off,log=debug,peer=trace");
    }

    #[test]
    fn nothing_that_names_an_object_or_frames_a_task_is_ever_left_out() {
        for kind in Kind::ALL.iter().copied().filter(|kind| is_always_recorded(*kind)) {
            assert_eq!(Filter::parse("off").0.wanted_kind(kind), Wanted::Always, "{kind:?}");
        }
        assert!(!is_always_recorded(Kind::LockWait) && !is_always_recorded(Kind::TaskJoin));
    }
}
