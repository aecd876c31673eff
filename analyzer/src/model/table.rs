//! Tables of things that events name: from the id that an emitter wrote, in its scope, to a dense typed id and back.

use std::borrow::Cow;
use std::hash::Hash;
use std::marker::PhantomData;

use peerscope_format::value::Id;
use rustc_hash::FxHashMap;

use super::id::Dense;

/// Things of one sort. A thing is known by its scope (the file, or the test and cluster, in which its id is unique) and
/// the id that the emitter gave it.
#[derive(Clone, Debug)]
pub struct Table<I, S> {
    rows: Vec<Row<S>>,
    names: FxHashMap<u32, Box<str>>,
    /// By scope: ids that an emitter counts up, which are most.
    counted: FxHashMap<S, Counted>,
    /// All other ids.
    by_key: FxHashMap<(S, OwnedId), u32>,
    texts: Texts,
    ids: PhantomData<I>,
}

#[derive(Clone, Copy, Debug)]
struct Row<S> {
    scope: S,
    id: OwnedId,
}

/// An index by number, for numbers that are about as dense as if they were counted up.
#[derive(Clone, Debug, Default)]
struct Counted {
    /// By number: the place after that of its row; 0 = none.
    rows: Vec<u32>,
    things: u64,
}

impl Counted {
    /// Enters a number, unless it is so large that the index would be mostly holes.
    fn add(&mut self, number: u64, place: u32) -> bool {
        let dense = number <= self.things * 4 + 64;
        if dense {
            let at = number as usize;
            self.rows.resize(self.rows.len().max(at + 1), 0);
            self.rows[at] = place + 1;
            self.things += 1;
        }
        dense
    }
}

/// An [`Id`] whose text stands in the table's own store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum OwnedId {
    Number(u64),
    Negative(i64),
    Text(u32),
}

#[derive(Clone, Debug, Default)]
struct Texts {
    all: Vec<Box<str>>,
    places: FxHashMap<Box<str>, u32>,
}

impl<I, S> Default for Table<I, S> {
    fn default() -> Self {
        Table {
            rows: Vec::new(),
            names: FxHashMap::default(),
            counted: FxHashMap::default(),
            by_key: FxHashMap::default(),
            texts: Texts::default(),
            ids: PhantomData,
        }
    }
}

impl<I: Dense, S: Copy + Eq + Hash> Table<I, S> {
    /// How many things there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All ids, in the order in which the things were first named.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + use<I, S> {
        (0..self.rows.len()).map(I::from_index)
    }

    /// The thing that `id` names in `scope`, if any event did.
    #[inline]
    pub fn get(&self, scope: S, id: Id<'_>) -> Option<I> {
        let id = match id {
            Id::Number(number) => {
                let counted = self.counted.get(&scope);
                if let Some(&after @ 1..) = counted.and_then(|counted| counted.rows.get(usize::try_from(number).ok()?))
                {
                    return Some(I::from_index(after as usize - 1));
                }
                OwnedId::Number(number)
            }
            Id::Negative(number) => OwnedId::Negative(number),
            Id::Text(text) => OwnedId::Text(*self.texts.places.get(text)?),
        };
        self.by_key.get(&(scope, id)).map(|place| I::from_index(*place as usize))
    }

    /// The scope in which the thing's id is unique.
    pub fn scope(&self, thing: I) -> S {
        self.rows[thing.index()].scope
    }

    /// The id that the emitter gave it.
    pub fn id(&self, thing: I) -> Id<'_> {
        match self.rows[thing.index()].id {
            OwnedId::Number(number) => Id::Number(number),
            OwnedId::Negative(number) => Id::Negative(number),
            OwnedId::Text(place) => Id::Text(&self.texts.all[place as usize]),
        }
    }

    /// What people call it: the name that the trace gives it, else its id.
    pub fn name(&self, thing: I) -> Cow<'_, str> {
        match self.names.get(&(thing.index() as u32)) {
            Some(name) => Cow::Borrowed(name),
            None => match self.id(thing) {
                Id::Text(text) => Cow::Borrowed(text),
                other => Cow::Owned(other.to_string()),
            },
        }
    }

    /// The thing that `id` names in `scope`, a new one if need be.
    #[inline]
    pub(crate) fn intern(&mut self, scope: S, id: Id<'_>) -> I {
        match self.get(scope, id) {
            Some(thing) => thing,
            None => self.add(scope, id),
        }
    }

    fn add(&mut self, scope: S, id: Id<'_>) -> I {
        let place = self.rows.len() as u32;
        let id = match id {
            Id::Number(number) => OwnedId::Number(number),
            Id::Negative(number) => OwnedId::Negative(number),
            Id::Text(text) => OwnedId::Text(self.texts.intern(text)),
        };
        self.rows.push(Row { scope, id });
        let counted = match id {
            OwnedId::Number(number) => self.counted.entry(scope).or_default().add(number, place),
            _ => false,
        };
        if !counted {
            self.by_key.insert((scope, id), place);
        }
        I::from_index(place as usize)
    }

    /// Gives the thing its name.
    pub(crate) fn set_name(&mut self, thing: I, name: &str) {
        self.names.insert(thing.index() as u32, name.into());
    }
}

impl Texts {
    fn intern(&mut self, text: &str) -> u32 {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = self.all.len() as u32;
        self.all.push(text.into());
        self.places.insert(text.into(), place);
        place
    }
}
