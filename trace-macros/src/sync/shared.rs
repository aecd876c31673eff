//! A shared variable whose reads and writes are events.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use peerscope_format::vocabulary::Kind;

use crate::arg::Shown;
use crate::identity::{Identity, Name, Sort, short_type_name};
use crate::seen::Seen;
use crate::site::Site;

/// A plain shared variable, as other languages have it: any thread may read and write it at any time, with a lock or without,
/// and the trace tells who read which write. So a program in safe Rust can show a lost update or an unguarded read.
///
/// It is safe all the same: each read and each write is a whole one. What makes it so is not recorded, and orders nothing in
/// the trace: two accesses that no recorded lock or message orders are a race. No code of the program but its allocator runs
/// meanwhile.
///
/// ```
/// use peerscope::sync::Shared;
///
/// let votes = Shared::named("votes", 0);
/// votes.set(votes.get() + 1);    // two threads that do this may count one vote
/// votes.update(|votes| votes + 1); // the same in other words: a read, and then a write
/// assert!(votes.with(|votes| *votes == 2));
/// ```
pub struct Shared<T> {
    identity: Identity,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// What it was made with, until somebody asks.
    initial: Option<T>,
    /// Shared, so that readers look at it when they have let go.
    value: Option<Arc<T>>,
    /// The number of writes.
    version: u64,
}

impl<T> Shared<T> {
    /// A variable; the trace calls it after its type: `Shared<u64>`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Shared::of(Name::Type(|| format!("Shared<{}>", short_type_name::<T>())), value)
    }

    /// A variable with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        Shared::of(Name::Given(name), value)
    }

    #[track_caller]
    const fn of(name: Name, value: T) -> Self {
        let state = Mutex::new(State { initial: Some(value), value: None, version: 0 });
        Shared { identity: Identity::new(Sort::Variable, name), state }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value as it is now, and the number of the write that made it so.
    fn now(&self) -> (Arc<T>, u64) {
        let mut state = self.state();
        let value = match state.initial.take() {
            Some(initial) => state.value.insert(Arc::new(initial)),
            None => state.value.as_mut().expect("it has an initial value or another"),
        };
        (value.clone(), state.version)
    }
}

impl<T: fmt::Debug> Shared<T> {
    /// Reads it.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read(Seen::here()))
    }

    /// Reads it without a clone: `look` sees the value as it was when this was called, whoever writes meanwhile.
    #[track_caller]
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.read(Seen::here()))
    }

    /// Writes it.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.write(Seen::here(), value);
    }

    /// Reads it, and then writes what `change` makes of it. What others write in between is lost.
    #[track_caller]
    pub fn update(&self, change: impl FnOnce(T) -> T)
    where
        T: Clone,
    {
        let seen = Seen::here();
        let value = T::clone(&self.read(seen));
        self.write(seen, change(value));
    }

    fn read(&self, seen: Option<Seen>) -> Arc<T> {
        static READ: Site = Site::primitive(Kind::VarRead, &["var", "value", "version"]);
        static NAMED: Site = Site::primitive(Kind::VarRead, &["var", "name", "value", "version"]);
        let (value, version) = self.now();
        if let Some(seen) = seen {
            self.record(seen, &READ, &NAMED, &Shown::new(&*value), version);
        }
        value
    }

    fn write(&self, seen: Option<Seen>, value: T) {
        static WRITE: Site = Site::primitive(Kind::VarWrite, &["var", "value", "version"]);
        static NAMED: Site = Site::primitive(Kind::VarWrite, &["var", "name", "value", "version"]);
        let shown = seen.map(|_| Shown::new(&value));
        let value = Arc::new(value);
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let before = (state.initial.take(), state.value.replace(value));
        drop(state);
        if let (Some(seen), Some(shown)) = (seen, shown) {
            self.record(seen, &WRITE, &NAMED, &shown, version);
        }
        // Its destructor is the program's code.
        drop(before);
    }

    /// Records an access; the first says the variable's name.
    fn record(&self, seen: Seen, plain: &'static Site, named: &'static Site, value: &Shown, version: u64) {
        let mut first = None;
        let id = self.identity.id(seen, |_, _, name| first = Some(name.to_owned()));
        match first {
            None => seen.record(plain, &(id, value, version)),
            Some(name) => seen.record(named, &(id, name, value, version)),
        }
    }
}

impl<T: Default> Default for Shared<T> {
    #[track_caller]
    fn default() -> Self {
        Shared::new(T::default())
    }
}

/// Shows the value; this is not recorded as a read.
impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Shared").field(&*self.now().0).finish()
    }
}
