//! Which line of the program took a lock, where `lock_api` does not hand it on: a re-entrant mutex says none, and what a guard
//! takes again after having let go for a while is taken by `lock_api` itself.

use std::cell::Cell;
use std::panic::Location;

use crate::lock::Lock;
use crate::seen::Seen;

/// So many locks that it let go does a thread remember; of two that fall into one place, the later.
const REMEMBERED: usize = 8;

type Line = Option<&'static Location<'static>>;

thread_local! {
    // No destructors, so that they can be used until the thread's very last moment.
    static SAID: Cell<Line> = const { Cell::new(None) };
    static LET_GO: [Cell<(*const Lock, Line)>; REMEMBERED] =
        const { [const { Cell::new((std::ptr::null(), None)) }; REMEMBERED] };
}

/// While this is there, what the thread does through `lock_api` is done by the line that made it.
#[derive(Debug)]
pub(in super::super) struct Said {
    before: Line,
}

impl Said {
    /// The caller says its line.
    #[inline]
    #[track_caller]
    pub(in super::super) fn here() -> Self {
        Said { before: SAID.replace(Some(Location::caller())) }
    }
}

impl Drop for Said {
    #[inline]
    fn drop(&mut self) {
        SAID.set(self.before);
    }
}

/// The operation, with a line of the program instead of one of `lock_api` where there is one.
#[inline]
pub(super) fn of_the_program(seen: Seen, lock: &Lock) -> Seen {
    let file = seen.caller.file();
    // The files of `lock_api` that take locks: `mutex.rs`, `remutex.rs`, `rwlock.rs`.
    let may_be = file.ends_with("mutex.rs") || file.ends_with("rwlock.rs");
    if may_be && file.contains("lock_api") { behind(seen, lock) } else { seen }
}

#[cold]
fn behind(seen: Seen, lock: &Lock) -> Seen {
    let let_go =
        || LET_GO.with(|places| Some(places[place(lock)].get()).filter(|(other, _)| std::ptr::eq(*other, lock)));
    let caller = SAID.get().or_else(|| let_go()?.1).unwrap_or(seen.caller);
    Seen { caller, ..seen }
}

/// The thread lets go what `line` took; perhaps only for a while.
#[inline]
pub(super) fn remember(lock: &Lock, line: Line) {
    LET_GO.with(|places| places[place(lock)].set((lock, line)));
}

fn place(lock: &Lock) -> usize {
    (std::ptr::from_ref(lock).addr() / align_of::<Lock>()) % REMEMBERED
}
