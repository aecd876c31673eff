//! The life of a task: its first word, its polls, its end, all of them in its own name.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use peerscope_format::vocabulary::Kind;
use pin_project_lite::pin_project;

use super::wake::Sleeper;
use crate::scope::{self, Scopes};
use crate::seen::Seen;
use crate::site::Site;
use crate::task::{self, Task};

/// Announces a task that the current one starts, at the line of `caller`; `run` is to begin, poll and end it.
pub(super) fn announce(name: Option<&str>, caller: &'static Location<'static>) -> Life {
    static SPAWN: Site = Site::primitive(Kind::TaskSpawn, &["child", "name"]);
    let id = match Seen::at(caller) {
        None => 0,
        Some(seen) => {
            task::introduce();
            let id = task::allocate();
            seen.record(&SPAWN, &(id, name));
            id
        }
    };
    Life {
        task: Task::new(id),
        scopes: Scopes::inherited(),
        caller,
        name: name.map(Into::into),
        begun: false,
        ended: false,
        panic: None,
    }
}

/// A task that was announced.
#[derive(Debug)]
pub(super) struct Life {
    /// Its id is 0 if nothing was recorded when it was announced; then it has only its scopes, for a recorder that starts
    /// later.
    task: Task,
    scopes: Scopes,
    caller: &'static Location<'static>,
    name: Option<Box<str>>,
    begun: bool,
    ended: bool,
    /// With what it panicked.
    panic: Option<String>,
}

impl Life {
    /// The task's id in the trace, 0 if it has none.
    pub(super) fn id(&self) -> u64 {
        self.task.id()
    }

    /// Runs a part of the task's work, its first word before it; `run` gets the event's maker, if it is recorded. With what a
    /// part panics is remembered, and passed on.
    fn part<R>(&mut self, run: impl FnOnce(Option<Seen>) -> R) -> R {
        static BEGIN: Site = Site::primitive(Kind::TaskBegin, &["name"]);
        let Life { task, scopes, caller, name, begun, panic, .. } = self;
        let Some(seen) = Seen::at(caller).filter(|_| task.id() != 0) else {
            return scopes.within(|| run(None));
        };
        scopes.within(|| {
            task::run_as(task, || {
                if !std::mem::replace(begun, true) {
                    seen.record(&BEGIN, &(name.as_deref(),));
                }
                catch_unwind(AssertUnwindSafe(|| run(Some(seen)))).unwrap_or_else(|payload| {
                    *panic = Some(message(&*payload));
                    resume_unwind(payload)
                })
            })
        })
    }

    /// The task's last part, in which `drop` drops what is left of it. `is_ready`: it was done before.
    fn end(&mut self, is_ready: bool, drop: impl FnOnce()) {
        static END: Site = Site::primitive(Kind::TaskEnd, &["how"]);
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Life { task, scopes, caller, panic, .. } = self;
        let Some(seen) = Seen::at(caller).filter(|_| task.id() != 0) else { return scopes.within(drop) };
        scopes.within(|| {
            task::run_as(task, || {
                let dropped = catch_unwind(AssertUnwindSafe(drop)).map_err(|payload| {
                    *panic = Some(message(&*payload));
                    payload
                });
                match panic {
                    Some(message) => seen.record(&END, &(format!("panic: {message}"),)),
                    None => seen.record(&END, &(if is_ready { "ok" } else { "cancelled" },)),
                }
                dropped.unwrap_or_else(|payload| resume_unwind(payload));
            });
        });
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.task.slot().retire();
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)").to_owned()
}

/// A closure that is a task, run by whoever has a thread for it.
#[derive(Debug)]
pub(super) struct Blocking<F> {
    run: Option<F>,
    life: Life,
}

impl<F> Blocking<F> {
    pub(super) fn new(run: F, life: Life) -> Self {
        Blocking { run: Some(run), life }
    }

    pub(super) fn run<R>(mut self) -> R
    where
        F: FnOnce() -> R,
    {
        let run = self.run.take().expect("it is run once");
        let result = self.life.part(|_| run());
        self.life.end(true, || ());
        result
    }
}

impl<F> Drop for Blocking<F> {
    fn drop(&mut self) {
        // It panicked, or was never run.
        self.life.end(false, || self.run = None);
    }
}

pin_project! {
    /// A future that is a task.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Tracked<F> {
        // `None` once it was dropped, which must happen in the task's name.
        #[pin]
        inner: Option<F>,
        life: Life,
        polls: u64,
        sleeper: Option<(Arc<Sleeper>, Waker)>,
    }

    impl<F> PinnedDrop for Tracked<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some((sleeper, _)) = this.sleeper {
                sleeper.has_ended();
            }
            this.life.end(false, || this.inner.set(None));
        }
    }
}

impl<F> Tracked<F> {
    pub(super) fn new(inner: F, life: Life) -> Self {
        Tracked { inner: Some(inner), life, polls: 0, sleeper: None }
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        static POLL: Site = Site::primitive(Kind::TaskPoll, &["by", "seq"]);
        static PEND: Site = Site::primitive(Kind::TaskPend, &[]);
        let mut this = self.project();
        let (polls, sleeper, id) = (this.polls, &mut *this.sleeper, this.life.id());
        let polled = this.life.part(|seen| {
            let inner = this.inner.as_mut().as_pin_mut().expect("a task is not polled after its end");
            let Some(Seen { recorder, .. }) = seen else { return inner.poll(context) };
            *polls += 1;
            // No line: what polls it is the runtime, and where it began is known.
            scope::with_current(|scope| POLL.record(recorder, scope, &(task::thread_id(), *polls)));
            if !sleeper.as_ref().is_some_and(|(sleeper, _)| sleeper.wakes_as(context.waker())) {
                let new = Arc::new(Sleeper::new(id, scope::current(), context.waker().clone()));
                *sleeper = Some((new.clone(), new.into()));
            }
            let Some((sleeper, waker)) = sleeper else { return inner.poll(context) };
            sleeper.may_be_woken();
            let polled = inner.poll(&mut Context::from_waker(waker));
            if polled.is_pending() {
                scope::with_current(|scope| PEND.record(recorder, scope, &()));
            }
            polled
        });
        if polled.is_ready() {
            if let Some((sleeper, _)) = this.sleeper {
                sleeper.has_ended();
            }
            this.life.end(true, || this.inner.set(None));
        }
        polled
    }
}
