//! Whose foreign events are, where a field of a span says it: the peer of the innermost span around them that names one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tracing::field::{Field, Visit};

use crate::peer::{Peer, PeerId};
use crate::scope::{self, Scope};

/// The peer of a span, and of those within it that name none.
#[derive(Clone)]
pub(super) struct SpanPeer(pub(super) Arc<Scope>);

/// The peer that the field called `name` says, if `record` shows such a field.
pub(super) fn peer_of(name: &'static str, record: impl FnOnce(&mut dyn Visit)) -> Option<SpanPeer> {
    let mut found = Named { name, peer: None };
    record(&mut found);
    found.peer.map(|peer| SpanPeer(scope_of(peer)))
}

/// The scope of the peer that runs under this id; a peer that only spans speak of has one all the same, so that all that is
/// said of it is said of one.
fn scope_of(id: PeerId) -> Arc<Scope> {
    type Known = Mutex<HashMap<String, Weak<Scope>>>;
    static KNOWN: OnceLock<Known> = OnceLock::new();
    if let Some(peer) = Peer::running(id.clone()) {
        return peer.scope();
    }
    let around = scope::current();
    let (test, cluster) = around.map_or((None, None), |around| (around.test.clone(), around.cluster.clone()));
    let key = format!("{test:?} {cluster:?} {id:?}");
    let mut known = KNOWN.get_or_init(Known::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(scope) = known.get(&key).and_then(Weak::upgrade) {
        return scope;
    }
    let scope = Arc::new(Scope::new(test, cluster, Some(id.into()), 0));
    known.insert(key, Arc::downgrade(&scope));
    scope
}

/// Looks for one field.
struct Named {
    name: &'static str,
    peer: Option<PeerId>,
}

impl Named {
    fn take(&mut self, field: &Field, peer: impl FnOnce() -> PeerId) {
        if field.name() == self.name {
            self.peer = Some(peer());
        }
    }
}

impl Visit for Named {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, || value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, || value.into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, || value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, || format!("{value:?}").trim_matches('"').into());
    }
}
