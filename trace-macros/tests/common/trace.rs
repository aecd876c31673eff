//! A trace as tests look at it: events in the order of their times, each with the fields that the vocabulary gives it.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use peerscope_format::shape::{Record, Slot, fits};
use peerscope_format::value::{FieldType, FromValue, MapRef, Value, ValueRef};
use peerscope_format::vocabulary::{Body, Common, Kind};
use peerscope_format::wire::{Context, Image};

/// A trace that is whole: reading it met no problem but lost events.
pub(crate) struct Trace {
    pub(crate) image: Image,
    pub(crate) bytes: Vec<u8>,
}

/// One event of a trace.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) ticks: u64,
    pub(crate) context: &'a Context,
    pub(crate) term: Option<u64>,
    pub(crate) simulated: Option<u64>,
    pub(crate) record: Record<'a>,
}

impl Trace {
    /// Reads the trace at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        Self::try_of(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Reads the trace at `path`, which may be growing or may not even have begun.
    pub(crate) fn try_of(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        let (image, problems) = Image::read(&mut file).map_err(|error| error.to_string())?;
        let problems: Vec<String> =
            problems.iter().filter(|problem| problem.kind.name() != "lost").map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{}: {problems:?}", path.display());
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        Ok(Trace { image, bytes })
    }

    /// Reads what the slots of the trace at `path` keep, and nothing of its other events.
    pub(crate) fn of_slots(path: &Path) -> Self {
        let mut file = File::open(path).expect("the trace is there");
        let (image, problems) = Image::read_slots(&mut file).expect("it is a trace");
        assert!(problems.iter().all(|problem| problem.kind.name() == "lost"), "{problems:?}");
        Trace { image, bytes: Vec::new() }
    }

    /// All events; those of one task are in the order of the program, whatever chunks they stand in.
    pub(crate) fn events(&self) -> Vec<Event<'_>> {
        let tables = &self.image.tables;
        let mut events = Vec::new();
        for chunk in &self.image.chunks {
            for raw in self.image.records(chunk) {
                let raw = raw.unwrap_or_else(|error| panic!("the chunk at {} is torn: {error}", chunk.offset));
                let context = raw.context.expect("every event has a context");
                let shape = tables.shapes.get(u64::from(raw.shape)).expect("the reader checked the shape");
                events.push(Event {
                    ticks: raw.ticks,
                    context: tables.contexts.get(u64::from(context)).expect("the reader checked the context"),
                    term: raw.term.map(|term| term.0),
                    simulated: raw.simulated,
                    record: Record::new(shape, &chunk.payload[raw.values], &tables.strings),
                });
            }
        }
        events.sort_by_key(|event| event.ticks);
        events
    }

    /// The events of a topic: `lock` for `lock.wait`, `lock.acquire`, ...
    pub(crate) fn of_topic(&self, topic: &str) -> Vec<Event<'_>> {
        self.events().into_iter().filter(|event| event.kind().topic() == topic).collect()
    }

    /// What the events of a topic say, see [`Event::says`].
    pub(crate) fn lines_of(&self, topic: &str) -> Vec<String> {
        self.of_topic(topic).iter().map(Event::says).collect()
    }

    /// What task `task` says in these topics, and where: as the program would tell its own story.
    pub(crate) fn story(&self, task: u64, topics: &[&str]) -> Vec<(String, String)> {
        let events = self.events();
        let own = events.iter().filter(|event| event.task() == task && topics.contains(&event.kind().topic()));
        own.map(|event| (event.says(), event.text(Common::Src).unwrap_or_default().to_owned())).collect()
    }

    /// The tasks that were spawned, in the order in which their ids were given.
    pub(crate) fn children(&self) -> Vec<u64> {
        let spawns = self.events().into_iter().filter(|event| event.kind() == Kind::TaskSpawn);
        let mut children: Vec<u64> = spawns.map(|spawn| spawn.field("child").expect("a child has an id")).collect();
        children.sort_unstable();
        children
    }

    /// What all events say that the scenario itself caused, see [`Event::is_frame`].
    pub(crate) fn lines(&self) -> Vec<String> {
        self.events().iter().filter(|event| !event.is_frame()).map(Event::says).collect()
    }

    /// The only event of this kind.
    pub(crate) fn the(&self, kind: Kind) -> Event<'_> {
        let all: Vec<_> = self.events().into_iter().filter(|event| event.kind() == kind).collect();
        assert_eq!(all.len(), 1, "there is one {}", kind.name());
        all[0]
    }

    /// How many events of this kind there are.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.events().iter().filter(|event| event.kind() == kind).count()
    }

    /// How often `text` stands in the file.
    pub(crate) fn occurrences(&self, text: &str) -> usize {
        self.bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    }
}

impl<'a> Event<'a> {
    pub(crate) fn kind(&self) -> Kind {
        self.record.kind().expect("the recorder writes kinds of the vocabulary only")
    }

    pub(crate) fn body(&self) -> Body<'a> {
        self.record.body()
    }

    /// Whether it is one of those that frame every scenario: the beginnings of tasks, the ends of untracked ones (of which
    /// nobody knows how they ended), and the end of the process.
    pub(crate) fn is_frame(&self) -> bool {
        match self.body() {
            Body::TaskBegin(_) | Body::ProcessEnd(_) => true,
            Body::TaskEnd(end) => end.how.is_none(),
            _ => false,
        }
    }

    /// Kind and own fields, as `vote for=2`. Every field must be one of the vocabulary's, and of its type; `null` is
    /// the same as absent and not shown.
    pub(crate) fn says(&self) -> String {
        let kind = self.kind();
        let mut line = kind.name().to_owned();
        for (name, slot, value) in self.record.fields() {
            match slot {
                Slot::Own(place) => {
                    let expected = kind.fields()[place as usize].ty;
                    if matches!(value, ValueRef::Null) && expected != FieldType::Any {
                        continue;
                    }
                    assert!(fits(value, expected), "{name}={value} of {line} is not of type {expected:?}");
                    write!(line, " {name}={value}").expect("a String takes everything");
                }
                Slot::Common(_) => {}
                Slot::Extra => panic!("the vocabulary has no field {name} at {line}"),
            }
        }
        line
    }

    /// Whose it is, as `test/cluster/peer.incarnation`; what is unknown is left empty.
    pub(crate) fn whose(&self) -> String {
        let text = |value: &Option<Value>| match value {
            None => String::new(),
            Some(Value::U64(number)) => number.to_string(),
            Some(Value::I64(number)) => number.to_string(),
            Some(Value::Text(text)) => text.clone(),
            Some(other) => panic!("{other:?} is no id"),
        };
        let Context { test, cluster, peer, incarnation, .. } = self.context;
        // Whoever begins no test is in that of `cargo test`, which is the one that asks.
        let own = |test: &Value| matches!(test, Value::Text(name) if Some(&**name) == std::thread::current().name());
        let test = &test.clone().filter(|test| !own(test));
        let incarnation = incarnation.as_ref().map_or(String::new(), |_| format!(".{}", text(incarnation)));
        format!("{}/{}/{}{incarnation}", text(test), text(cluster), text(peer))
    }

    /// The task; only the end of the process has none.
    pub(crate) fn task(&self) -> u64 {
        self.whose_task().unwrap_or(u64::MAX)
    }

    pub(crate) fn whose_task(&self) -> Option<u64> {
        match self.context.task {
            Some(Value::U64(task)) => Some(task),
            None if self.kind() == Kind::ProcessEnd => None,
            ref other => panic!("{other:?} is no task"),
        }
    }

    pub(crate) fn src(&self) -> &'a str {
        self.text(Common::Src).expect("every event of ours has a source line")
    }

    pub(crate) fn text(&self, common: Common) -> Option<&'a str> {
        self.record.common(common)
    }

    /// Whether this is set.
    pub(crate) fn flag(&self, common: Common) -> bool {
        self.record.common(common).unwrap_or(false)
    }

    /// The own field `name` as a typed value.
    pub(crate) fn field<T: FromValue<'a>>(&self, name: &str) -> Option<T> {
        let value = self.record.fields().find(|(other, ..)| *other == name).map(|(.., value)| value);
        value.and_then(T::from_value)
    }

    /// The named value of a DPrintf line or foreign event.
    pub(crate) fn arg(&self, name: &str) -> Option<Value> {
        self.field::<MapRef<'a>>("args").and_then(|args| args.get(name)).map(ValueRef::to_value)
    }
}
