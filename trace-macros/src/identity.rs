//! Who a tracked object is in the trace: its id, its name, and where it was made.
//!
//! A `const fn` cannot record, so an object is announced when it is first used while something is recorded.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::seen::Seen;

/// The sorts of objects, each of which counts its ids on its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sort {
    /// Mutexes and read-write locks.
    Lock,
    /// Semaphores, and whatever keeps a notify.
    Semaphore,
    /// Condition variables.
    Condition,
    /// Channels of all flavors.
    Channel,
    /// Wait groups, barriers and latches.
    Group,
    /// Instrumented shared variables.
    Variable,
}

/// Ids given so far, by [`Sort`].
static GIVEN: [AtomicU64; Sort::Variable as usize + 1] = [const { AtomicU64::new(0) }; Sort::Variable as usize + 1];

impl Sort {
    /// The next id of this sort.
    pub(crate) fn next_id(self) -> u64 {
        GIVEN[self as usize].fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What an object is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    /// As its owner said.
    Given(&'static str),
    /// After its type, as `Mutex<State>`: what this makes.
    Type(fn() -> String),
}

/// A tracked object's identity.
#[derive(Debug)]
pub(crate) struct Identity {
    /// 0 until the object is announced.
    id: AtomicU64,
    sort: Sort,
    name: Name,
    made_at: &'static Location<'static>,
}

impl Identity {
    /// The identity of an object that the caller makes.
    #[track_caller]
    pub(crate) const fn new(sort: Sort, name: Name) -> Self {
        Identity { id: AtomicU64::new(0), sort, name, made_at: Location::caller() }
    }

    /// The line that made it.
    pub(crate) fn made_at(&self) -> &'static Location<'static> {
        self.made_at
    }

    /// The id, 0 if the object was not announced yet.
    #[inline]
    pub(crate) fn known(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    /// The id. Whoever asks first has the object announced: `announce` gets the object's name and an occasion whose line is
    /// the one that made it.
    #[inline]
    pub(crate) fn id(&self, seen: Seen, announce: impl FnOnce(Seen, u64, &str)) -> u64 {
        match self.known() {
            0 => self.first_use(seen, announce),
            id => id,
        }
    }

    /// Two threads may come here at once; the first one's id holds.
    #[cold]
    #[inline(never)]
    fn first_use(&self, seen: Seen, announce: impl FnOnce(Seen, u64, &str)) -> u64 {
        let id = self.sort.next_id();
        if let Err(other) = self.id.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed) {
            return other;
        }
        let made = Seen { caller: self.made_at, ..seen };
        match self.name {
            Name::Given(name) => announce(made, id, name),
            Name::Type(name) => announce(made, id, &name()),
        }
        id
    }
}

/// The name of a type as its user would write it: without the paths of modules.
pub(crate) fn short_type_name<T: ?Sized>() -> String {
    let mut short = String::new();
    let mut word = 0;
    for character in std::any::type_name::<T>().chars() {
        short.push(character);
        if short.ends_with("::") {
            short.truncate(word);
        } else if !(character.is_alphanumeric() || character == '_' || character == ':') {
            word = short.len();
        }
    }
    short
}

#[cfg(test)]
mod tests {
    #[test]
    fn type_names_lose_their_paths() {
        assert_eq!(super::short_type_name::<u64>(), "u64");
        assert_eq!(super::short_type_name::<Option<std::sync::Arc<String>>>(), "Option<Arc<String>>");
        assert_eq!(super::short_type_name::<(Vec<u8>, [&str; 2])>(), "(Vec<u8>, [&str; 2])");
    }
}
