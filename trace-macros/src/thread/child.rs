//! A thread that is spawned here, as a task of the trace: announced before it begins, told how it ended.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use peerscope_format::vocabulary::Kind;

use super::children::Children;
use crate::seen::Seen;
use crate::site::Site;
use crate::{scope, task};

/// A spawned thread; what a handle knows of it.
#[derive(Debug)]
pub(super) struct Child {
    /// 0 if nothing was recorded when it was spawned.
    id: u64,
    /// Where a scope notes who still runs.
    siblings: Option<Arc<Children>>,
}

impl Child {
    /// A thread of which only a handle of `std` is there.
    pub(super) const UNSEEN: Child = Child { id: 0, siblings: None };

    /// Announces a thread that is about to be spawned, and wraps what it will run: it works in the name of this one's
    /// peer and test, whether something is recorded or not.
    pub(super) fn announce<F: FnOnce() -> T, T>(
        seen: Option<Seen>,
        name: Option<String>,
        siblings: Option<Arc<Children>>,
        run: F,
    ) -> (Child, impl FnOnce() -> T) {
        static SPAWN: Site = Site::primitive(Kind::TaskSpawn, &["child", "name"]);
        let (mut id, inherited) = (0, scope::current());
        if let Some(seen) = seen {
            id = task::allocate();
            // Recorded first: the child must not speak before it was announced.
            seen.record(&SPAWN, &(id, name.as_deref()));
        }
        let siblings = siblings.filter(|_| id != 0);
        if let Some(siblings) = &siblings {
            siblings.begins(id);
        }
        let parents_list = siblings.clone();
        let wrapped = move || {
            let Some(seen) = seen else {
                // The mirror names the peer, and a recorder may start later.
                let _in = inherited.map(scope::enter);
                return run();
            };
            task::become_task(id);
            let _in = inherited.map(scope::enter);
            begin(seen, name.as_deref());
            let result = catch_unwind(AssertUnwindSafe(run));
            end(seen, result.as_ref().err());
            if let Some(list) = parents_list {
                list.ended(id);
            }
            result.unwrap_or_else(|payload| resume_unwind(payload))
        };
        (Child { id, siblings }, wrapped)
    }

    /// It could not be spawned after all, or was waited for: its scope need not wait for it any more.
    pub(super) fn settle(&self) {
        if let Some(siblings) = &self.siblings {
            siblings.forget(self.id);
        }
    }

    /// Runs `join`, which waits for its end.
    pub(super) fn join<T>(self, seen: Option<Seen>, join: impl FnOnce() -> T) -> T {
        let Some(seen) = seen.filter(|_| self.id != 0) else { return join() };
        joins(seen, self.id);
        let result = join();
        joined(seen, self.id);
        self.settle();
        result
    }
}

/// The task is about to wait for the end of `child`.
pub(super) fn joins(seen: Seen, child: u64) {
    static JOIN: Site = Site::primitive(Kind::TaskJoin, &["child"]);
    seen.record(&JOIN, &(child,));
}

/// The task has seen that `child` has ended.
pub(super) fn joined(seen: Seen, child: u64) {
    static JOINED: Site = Site::primitive(Kind::TaskJoined, &["child"]);
    seen.record(&JOINED, &(child,));
}

/// The first word of a thread, at the line that spawned it.
fn begin(spawned: Seen, name: Option<&str>) {
    static BEGIN: Site = Site::primitive(Kind::TaskBegin, &["name"]);
    spawned.record(&BEGIN, &(name,));
}

/// Its last.
fn end(spawned: Seen, panic: Option<&Box<dyn Any + Send>>) {
    static END: Site = Site::primitive(Kind::TaskEnd, &["how"]);
    let message = panic.map(|payload| {
        let text = payload.downcast_ref::<&str>().copied();
        text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
    });
    let how = message.map_or("ok".into(), |message| format!("panic: {message}"));
    spawned.record(&END, &(how,));
}
