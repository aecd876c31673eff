//! The peer handle: whom an event is about.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use peerscope_format::value::{Id, Value};
use peerscope_format::vocabulary::Kind;

use crate::arg::Arg;
use crate::recorder::recorder;
use crate::scope::{self, Entered, Scope};
use crate::site::Site;

/// A peer of a distributed program: one incarnation of it, with its current term. Cheap to clone; all clones share
/// the term.
///
/// A thread that [`Peer::enter`]s works in the peer's name, and so do the threads that it spawns through
/// [`crate::thread`].
///
/// ```
/// let peer = peerscope::Peer::new(0);
/// let _in = peer.enter();
/// peerscope::term!(peer, 1);
/// peerscope::role!(peer, "candidate");
/// ```
#[derive(Clone, Debug)]
pub struct Peer {
    scope: Arc<Scope>,
}

/// The latest incarnation of each peer, by test, cluster and peer; weak, so that a test that is over leaves nothing behind
/// but its numbers.
type Latest = Mutex<HashMap<String, (u64, Weak<Scope>)>>;

fn latest() -> &'static Latest {
    static LATEST: OnceLock<Latest> = OnceLock::new();
    LATEST.get_or_init(Latest::default)
}

fn key(test: Option<&str>, cluster: Option<&Value>, id: &Value) -> String {
    format!("{test:?} {cluster:?} {id:?}")
}

impl Peer {
    /// Begins an incarnation of the peer called `id` (a number or a short text), in the thread's current test.
    ///
    /// The second `Peer::new` with the same id in a test is the peer's restart: incarnation 1.
    #[track_caller]
    pub fn new(id: impl Into<PeerId>) -> Self {
        PeerBuilder::new(id).start()
    }

    /// For a peer in a cluster of several, or whose members are known.
    pub fn builder(id: impl Into<PeerId>) -> PeerBuilder {
        PeerBuilder::new(id)
    }

    /// The latest incarnation of the peer called `id` in the thread's current test and cluster, while anybody has a handle to
    /// it: for a transport that knows no more than the number.
    pub fn running(id: impl Into<PeerId>) -> Option<Peer> {
        let scope = scope::current();
        let (test, cluster) = match &scope {
            Some(scope) => (scope.test.as_deref(), scope.cluster.as_ref()),
            None => (None, None),
        };
        let key = key(test, cluster, &id.into().0);
        let latest = latest().lock().unwrap_or_else(PoisonError::into_inner);
        latest.get(&key).and_then(|(_, scope)| scope.upgrade()).map(|scope| Peer { scope })
    }

    /// The incarnation ends; `how` = `killed crashed returned`.
    #[track_caller]
    pub fn stop(&self, how: &str) {
        static SITE: Site = Site::primitive(Kind::PeerStop, &["how"]);
        if let Some(recorder) = recorder() {
            SITE.record_at(recorder, &self.scope, &(how,), Location::caller());
        }
    }

    /// Until the result is dropped, this thread works in the peer's name. Keep it: `let _in = peer.enter();`, not `let _ = ...`,
    /// which drops it at once.
    pub fn enter(&self) -> Entered {
        scope::enter(self.scope.clone())
    }

    /// In whose name it works, to be handed on.
    pub(crate) fn scope(&self) -> Arc<Scope> {
        self.scope.clone()
    }

    /// For a transport or another library: its events name the line of the user's code that called it, and not its own.
    ///
    /// ```
    /// # use std::panic::Location;
    /// #[track_caller]
    /// fn call(peer: &peerscope::Peer, to: u64) {
    ///     peerscope::rpc_send!(peer.called_from(Location::caller()), 7_u64, "RequestVote", to);
    /// }
    /// # call(&peerscope::Peer::new(0), 1);
    /// ```
    pub fn called_from(&self, caller: &'static Location<'static>) -> Called<'_, Self> {
        Called { peer: self, caller }
    }

    /// The peer's number among the incarnations of the same id, from 0.
    pub fn incarnation(&self) -> u64 {
        self.scope.incarnation
    }
}

/// The id of a peer: a number or a short text.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerId(Value);

impl PeerId {
    /// As it stands in an event.
    pub(crate) fn as_id(&self) -> Id<'_> {
        as_id(&self.0)
    }
}
impl From<PeerId> for Value {
    fn from(id: PeerId) -> Self {
        id.0
    }
}
impl From<&str> for PeerId {
    fn from(id: &str) -> Self {
        PeerId(Id::parse(id).into())
    }
}
impl From<String> for PeerId {
    fn from(id: String) -> Self {
        PeerId::from(id.as_str())
    }
}
macro_rules! numbers {
    ($($ty:ty)*) => { $(impl From<$ty> for PeerId {
        fn from(id: $ty) -> Self { PeerId(Value::from(id as i64)) }
    })* };
}
// `i32` is what a bare literal is.
numbers!(u8 u16 u32 i32 i64);
impl From<u64> for PeerId {
    fn from(id: u64) -> Self {
        PeerId(Value::U64(id))
    }
}
impl From<usize> for PeerId {
    fn from(id: usize) -> Self {
        PeerId(Value::U64(id as u64))
    }
}

/// What is known of a peer when it starts.
#[derive(Clone, Debug)]
pub struct PeerBuilder {
    id: Value,
    cluster: Option<Value>,
    name: Option<String>,
    members: Vec<Value>,
}

impl PeerBuilder {
    fn new(id: impl Into<PeerId>) -> Self {
        PeerBuilder { id: id.into().0, cluster: None, name: None, members: Vec::new() }
    }

    /// The consensus group that the peer belongs to, where there are several.
    pub fn cluster(mut self, id: impl Into<PeerId>) -> Self {
        self.cluster = Some(id.into().0);
        self
    }

    /// A name for people.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// All members of the group, this one included: what a majority is.
    pub fn members<P: Into<PeerId>>(mut self, members: impl IntoIterator<Item = P>) -> Self {
        self.members = members.into_iter().map(|member| member.into().0).collect();
        self
    }

    /// Begins the incarnation.
    #[track_caller]
    pub fn start(self) -> Peer {
        let test = scope::current().and_then(|scope| scope.test.clone());
        let key = key(test.as_deref(), self.cluster.as_ref(), &self.id);
        let (peer, incarnation) = {
            let mut latest = latest().lock().unwrap_or_else(PoisonError::into_inner);
            let incarnation = latest.get(&key).map_or(0, |(incarnation, _)| incarnation + 1);
            let scope = Arc::new(Scope::new(test, self.cluster, Some(self.id), incarnation));
            latest.insert(key, (incarnation, Arc::downgrade(&scope)));
            (Peer { scope }, incarnation)
        };
        if let Some(recorder) = recorder() {
            static SITE: Site = Site::primitive(Kind::PeerStart, &["how", "members", "name"]);
            let how = if incarnation == 0 { "fresh" } else { "restarted" };
            let members: Vec<Id<'_>> = self.members.iter().map(as_id).collect();
            let members = (!members.is_empty()).then_some(members);
            let caller = Location::caller();
            SITE.record_at(recorder, &peer.scope, &(how, members, self.name.as_deref()), caller);
        }
        peer
    }
}

fn as_id(value: &Value) -> Id<'_> {
    match value {
        Value::U64(number) => Id::Number(*number),
        Value::I64(number) => Id::Negative(*number),
        Value::Text(text) => Id::Text(text),
        _ => Id::Text(""),
    }
}

/// What macros and helpers accept as the peer of an event: a [`Peer`], a reference to one, [`Current`], a
/// [`Test`](crate::Test).
pub trait InScope {
    /// Runs `run` with the scope.
    #[doc(hidden)]
    fn with_scope<R>(&self, run: impl FnOnce(ScopeRef<'_>) -> R) -> R;

    /// The line that the event shall name in the place of the macro's.
    #[doc(hidden)]
    #[inline]
    fn caller(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// A scope on its way from a macro to the recorder.
#[derive(Clone, Copy)]
pub struct ScopeRef<'a>(&'a Scope);

impl<'a> ScopeRef<'a> {
    pub(crate) fn scope(self) -> &'a Scope {
        self.0
    }

    pub(crate) fn of(scope: &'a Scope) -> Self {
        ScopeRef(scope)
    }
}

impl InScope for Peer {
    #[inline]
    fn with_scope<R>(&self, run: impl FnOnce(ScopeRef<'_>) -> R) -> R {
        run(ScopeRef(&self.scope))
    }
}

impl<T: InScope + ?Sized> InScope for &T {
    #[inline]
    fn with_scope<R>(&self, run: impl FnOnce(ScopeRef<'_>) -> R) -> R {
        T::with_scope(self, run)
    }
    #[inline]
    fn caller(&self) -> Option<&'static Location<'static>> {
        T::caller(self)
    }
}

/// A peer, and the line in whose name something is said of it; see [`Peer::called_from`].
#[derive(Clone, Copy, Debug)]
pub struct Called<'a, P> {
    peer: &'a P,
    caller: &'static Location<'static>,
}

impl<'a, P> Called<'a, P> {
    pub(crate) fn new(peer: &'a P, caller: &'static Location<'static>) -> Self {
        Called { peer, caller }
    }
}

impl<P: InScope> InScope for Called<'_, P> {
    #[inline]
    fn with_scope<R>(&self, run: impl FnOnce(ScopeRef<'_>) -> R) -> R {
        self.peer.with_scope(run)
    }
    #[inline]
    fn caller(&self) -> Option<&'static Location<'static>> {
        Some(self.caller)
    }
}

impl Current {
    /// As [`Peer::called_from`].
    pub fn called_from(&self, caller: &'static Location<'static>) -> Called<'_, Self> {
        Called { peer: self, caller }
    }
}

/// The thread's current scope, for events that name no peer.
#[derive(Clone, Copy, Debug)]
pub struct Current;

impl InScope for Current {
    #[inline]
    fn with_scope<R>(&self, run: impl FnOnce(ScopeRef<'_>) -> R) -> R {
        scope::with_current(|scope| run(ScopeRef(scope)))
    }
}

/// A term as the program has it.
pub trait TermArg: Arg + Copy {
    /// The number; a negative one counts as 0.
    fn number(self) -> u64;
}
macro_rules! terms {
    ($($ty:ty)*) => { $(impl TermArg for $ty {
        #[inline]
        fn number(self) -> u64 { u64::try_from(self).unwrap_or(0) }
    })* };
}
terms!(u8 u16 u32 u64 usize i32 i64);
