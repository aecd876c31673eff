//! Tests: which one runs, what it does now, how it ended. Several may run at once in one process.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use peerscope_format::vocabulary::Kind;

use crate::peer::{InScope, ScopeRef};
use crate::recorder::{meta, recorder};
use crate::scope::{self, Entered, Scope};
use crate::site::Site;

/// Whether this is a program of `cargo test`, whose threads bear the names of their tests: the peers of two tests that run at
/// once are kept apart even if nobody begins a [`Test`].
pub(crate) fn is_test_program() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let path = std::env::current_exe().unwrap_or_default();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let in_deps = path.parent().and_then(|folder| folder.file_name()).is_some_and(|folder| folder == "deps");
        // As cargo names it: `deps/name-0123456789abcdef`.
        let hash = name.rsplit_once('-').map_or("", |(_, hash)| hash);
        in_deps && hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// A running test. Until it is dropped, this thread, the peers that it makes and the threads that it spawns belong to the
/// test; when it is dropped, the test has ended: failed if the thread panics, passed otherwise, unless
/// [`Test::end`] said so first.
///
/// ```
/// let test = peerscope::Test::begin("re-election");
/// peerscope::phase!(test, "disconnect leader {leader}", leader = 1);
/// test.end(Ok(()));
/// ```
#[derive(Debug)]
#[must_use = "the test ends when this is dropped"]
pub struct Test {
    scope: Arc<Scope>,
    name: String,
    begun_at: &'static Location<'static>,
    ended: bool,
    guard: Option<Entered>,
}

impl Test {
    /// Begins a test. A second one of the same name in this process is called `name#2`.
    #[track_caller]
    pub fn begin(name: &str) -> Self {
        static RUNS: OnceLock<Mutex<HashMap<String, u64>>> = OnceLock::new();
        let run = {
            let runs = RUNS.get_or_init(Mutex::default);
            let mut runs = runs.lock().unwrap_or_else(PoisonError::into_inner);
            let run = runs.entry(name.to_owned()).or_insert(0);
            *run += 1;
            *run
        };
        let id = if run == 1 { name.to_owned() } else { format!("{name}#{run}") };
        let scope = Arc::new(Scope::new(Some(id.into()), None, None, 0));
        static SITE: Site = Site::primitive(Kind::TestBegin, &["name"]);
        let begun_at = Location::caller();
        meta("test", name);
        if let Some(recorder) = recorder() {
            SITE.record_at(recorder, &scope, &(name,), begun_at);
        }
        let guard = Some(scope::enter(scope.clone()));
        Test { scope, name: name.to_owned(), begun_at, ended: false, guard }
    }

    /// Ends the test with its verdict: passed, or failed and why.
    #[track_caller]
    pub fn end(mut self, verdict: Result<(), &str>) {
        self.finish(verdict, Location::caller());
    }

    fn finish(&mut self, verdict: Result<(), &str>, caller: &'static Location<'static>) {
        static SITE: Site = Site::primitive(Kind::TestEnd, &["name", "verdict", "why"]);
        self.ended = true;
        if let Some(recorder) = recorder() {
            let word = if verdict.is_ok() { "pass" } else { "fail" };
            SITE.record_at(recorder, &self.scope, &(self.name.as_str(), word, verdict.err()), caller);
        }
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        if !self.ended {
            let verdict = if std::thread::panicking() { Err("it panicked") } else { Ok(()) };
            // Where a scope ends, a destructor cannot know.
            self.finish(verdict, self.begun_at);
        }
        self.guard.take();
    }
}

impl InScope for Test {
    #[inline]
    fn with_scope<R>(&self, run: impl FnOnce(ScopeRef<'_>) -> R) -> R {
        run(ScopeRef::of(&self.scope))
    }
}
