//! Threads that are tasks of the trace: as in [`std::thread`], but who started whom, who waits for whose end, and how each
//! ended is recorded, and a thread inherits the peer and test of the one that started it.
//!
//! What is not listed here is re-exported from [`std::thread`] as it is. Differences: [`JoinHandle::into_inner`] instead
//! of `JoinHandle: From`; `scope` and `sleep` are the originals and record nothing yet.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
pub use std::thread::{
    AccessError, LocalKey, Result, Scope, ScopedJoinHandle, Thread, ThreadId, available_parallelism, current,
    panicking, park, park_timeout, scope, sleep, yield_now,
};

use peerscope_format::vocabulary::Kind;

use crate::recorder::recorder;
use crate::scope as scopes;
use crate::site::Site;
use crate::task;

/// As [`std::thread::spawn`]; the new thread works in the name of this one's peer and test.
#[track_caller]
pub fn spawn<F, T>(run: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match Builder::new().spawn(run) {
        Ok(handle) => handle,
        Err(error) => panic!("failed to spawn thread: {error}"),
    }
}

/// As [`std::thread::Builder`].
#[derive(Debug)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    inner: std::thread::Builder,
    name: Option<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// As [`std::thread::Builder::new`].
    pub fn new() -> Self {
        Builder { inner: std::thread::Builder::new(), name: None }
    }

    /// As [`std::thread::Builder::name`]; the trace calls the task so.
    pub fn name(self, name: String) -> Self {
        Builder { inner: self.inner.name(name.clone()), name: Some(name) }
    }

    /// As [`std::thread::Builder::stack_size`].
    pub fn stack_size(self, bytes: usize) -> Self {
        Builder { inner: self.inner.stack_size(bytes), name: self.name }
    }

    /// As [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    /// If the operating system cannot start a thread; then no task began.
    #[track_caller]
    pub fn spawn<F, T>(self, run: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        static SPAWN: Site = Site::primitive(Kind::TaskSpawn, &["child", "name"]);
        let Some(recorder) = recorder() else {
            // Handed on all the same: the mirror names the peer, and a recorder may start later.
            let scope = scopes::current();
            let inner = self.inner.spawn(move || {
                let _in = scope.map(scopes::enter);
                run()
            })?;
            return Ok(JoinHandle { inner, child: 0 });
        };
        let caller = Location::caller();
        let child = task::allocate();
        let (scope, name) = (scopes::current(), self.name);
        // Recorded first: the child must not speak before it was announced.
        scopes::with_current(|scope| SPAWN.record_at(recorder, scope, &(child, name.as_deref()), caller));
        let inner = self.inner.spawn(move || {
            task::become_task(child);
            let _in = scope.map(scopes::enter);
            begin(name.as_deref(), caller);
            let result = catch_unwind(AssertUnwindSafe(run));
            end(result.as_ref().err(), caller);
            result.unwrap_or_else(|payload| resume_unwind(payload))
        })?;
        Ok(JoinHandle { inner, child })
    }
}

/// As [`std::thread::JoinHandle`]: to wait for the thread's end.
pub struct JoinHandle<T> {
    inner: std::thread::JoinHandle<T>,
    /// 0 if nothing was recorded when it began.
    child: u64,
}

impl<T> std::fmt::Debug for JoinHandle<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(out)
    }
}

impl<T> JoinHandle<T> {
    /// As [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    /// If the thread panicked: with what it panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        static JOIN: Site = Site::primitive(Kind::TaskJoin, &["child"]);
        static JOINED: Site = Site::primitive(Kind::TaskJoined, &["child"]);
        let Some(recorder) = recorder().filter(|_| self.child != 0) else { return self.inner.join() };
        let (child, caller) = (self.child, Location::caller());
        scopes::with_current(|scope| JOIN.record_at(recorder, scope, &(child,), caller));
        let result = self.inner.join();
        scopes::with_current(|scope| JOINED.record_at(recorder, scope, &(child,), caller));
        result
    }

    /// As [`std::thread::JoinHandle::thread`].
    pub fn thread(&self) -> &Thread {
        self.inner.thread()
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// The original handle; whoever joins it does so unseen.
    pub fn into_inner(self) -> std::thread::JoinHandle<T> {
        self.inner
    }
}

/// The first word of a thread that was not spawned here: `main`, or a library's.
pub(crate) fn begin_untracked(name: Option<&str>) {
    static BEGIN: Site = Site::primitive(Kind::TaskBegin, &["name"]);
    let Some(recorder) = recorder() else { return };
    scopes::with_current(|scope| BEGIN.record(recorder, scope, &(name,)));
}

/// The last word of such a thread; how it ended it cannot know.
#[cfg(feature = "record")]
pub(crate) fn end_untracked() {
    static END: Site = Site::primitive(Kind::TaskEnd, &[]);
    let Some(recorder) = recorder() else { return };
    scopes::with_current(|scope| END.record(recorder, scope, &()));
}

/// The first word of a thread that `caller` spawned.
fn begin(name: Option<&str>, caller: &'static Location<'static>) {
    static BEGIN: Site = Site::primitive(Kind::TaskBegin, &["name"]);
    let Some(recorder) = recorder() else { return };
    scopes::with_current(|scope| BEGIN.record_at(recorder, scope, &(name,), caller));
}

fn end(panic: Option<&Box<dyn Any + Send>>, caller: &'static Location<'static>) {
    static END: Site = Site::primitive(Kind::TaskEnd, &["how"]);
    let Some(recorder) = recorder() else { return };
    let message = panic.map(|payload| {
        let text = payload.downcast_ref::<&str>().copied();
        text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
    });
    let how = message.map_or("ok".into(), |message| format!("panic: {message}"));
    scopes::with_current(|scope| END.record_at(recorder, scope, &(how,), caller));
}
