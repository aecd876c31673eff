//! Where detectors are blind: gaps that several of them have for the same reason, and the counts from which each makes its
//! own. A reason stands in the same words wherever it is given, so that a report can say it once.

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashMap;

use super::finding::Gap;
use super::words::Words;
use crate::facts::Facts;
use crate::model::{EventId, PeerId, RpcId};

/// What of the words for a cut-off trace all detectors share.
pub(crate) const CUT_OFF: &str = "the trace is cut off; what came after its end is unknown";

/// The gaps that the trace itself has, for whoever judges what could stand in the missing parts.
pub(crate) fn missing_parts(facts: &Facts<'_>) -> Vec<Gap> {
    let coverage = facts.coverage();
    let words = Words(facts.trace());
    let of = |wanted: &dyn Fn(PeerId) -> bool| {
        let peers: Vec<_> = facts.trace().peers().ids().filter(|peer| wanted(*peer)).collect();
        (!peers.is_empty()).then_some(peers)
    };
    let mut gaps = Vec::new();
    if coverage.damaged {
        gaps.push(Gap::everywhere("a part of the trace could not be read; what stood there is unknown"));
    }
    if coverage.lost_for_all {
        gaps.push(Gap::everywhere(
            "events were lost while recording, and nothing says whose; what they said is unknown",
        ));
    }
    if let Some(peers) = of(&|peer| coverage.peer(peer).lost) {
        let why = format!("events of {} were lost while recording; what they said is unknown", words.peers(&peers));
        gaps.push(Gap::of(peers, why));
    }
    if let Some(peers) = of(&|peer| coverage.peer(peer).attached) {
        let why = format!("the trace joined {} in mid-life; what came before is unknown", words.peers(&peers));
        gaps.push(Gap::of(peers, why));
    }
    if coverage.cut_off {
        gaps.push(Gap::everywhere(CUT_OFF));
    }
    gaps
}

/// A gap for `peers` (in any order, with doubles), if there are some: `peers 0 and 1` and what `say` makes of whether it is
/// one peer.
pub(crate) fn of_peers(facts: &Facts<'_>, mut peers: Vec<PeerId>, say: impl Fn(bool) -> String) -> Option<Gap> {
    peers.sort_unstable();
    peers.dedup();
    let one = peers.len() == 1;
    (!peers.is_empty()).then(|| {
        let why = format!("{} {}", Words(facts.trace()).peers(&peers), say(one));
        Gap::of(peers, why)
    })
}

/// `writes` of one peer, `write` of several.
pub(crate) fn never(one: bool, what: &str) -> String {
    format!("never {} {what}", if one { "writes" } else { "write" })
}

/// Peers that take part in something, and never state a term, a role or a vote.
pub(crate) fn silent(facts: &Facts<'_>) -> Option<Gap> {
    let peers = facts.trace().peers().ids().filter(|peer| is_silent(facts, *peer)).collect();
    let gap = of_peers(facts, peers, |one| never(one, "`term`, `role` or `vote`"))?;
    Some(match gap.peers.len() {
        1 => gap.advise("if it takes part, add term! and role!"),
        _ => gap.advise("if they take part, add term! and role!"),
    })
}

/// Whether the peer writes events, and none that states a term, a role or a vote.
pub(crate) fn is_silent(facts: &Facts<'_>, peer: PeerId) -> bool {
    let covered = facts.coverage().peer(peer);
    covered.events > 0 && ![Kind::Role, Kind::TermChange, Kind::Vote].iter().any(|kind| covered.writes(*kind))
}

/// Events of these kinds that name no peer: nobody can be judged by them.
pub(crate) fn peerless(facts: &Facts<'_>, kinds: &[Kind]) -> Option<Gap> {
    let of_nobody = |event: &crate::model::Event<'_>| {
        event.kind().is_some_and(|kind| kinds.contains(&kind)) && event.peer().is_none()
    };
    let count = written(facts, kinds).then(|| facts.trace().events().filter(of_nobody).count())?;
    let names: Vec<_> = kinds.iter().map(|kind| format!("`{}`", kind.name())).collect();
    let name = if count == 1 { "names" } else { "name" };
    (count > 0).then(|| Gap::everywhere(format!("{} {name} no peer", events(count, &names.join(", ")))))
}

/// `1 event of kind x`, `2 events of kind x`.
fn events(count: usize, kinds: &str) -> String {
    format!("{count} event{} ({kinds})", if count == 1 { "" } else { "s" })
}

/// Whether any of these kinds is in the trace.
pub(crate) fn written(facts: &Facts<'_>, kinds: &[Kind]) -> bool {
    kinds.iter().any(|kind| facts.coverage().writes(*kind))
}

/// Events that state a term, a role or a vote, for which no term can be read; those that `counts` lets count.
pub(crate) fn termless(facts: &Facts<'_>, counts: impl Fn(Body<'_>) -> bool) -> Option<Gap> {
    let mut peers = Vec::new();
    if written(facts, &[Kind::Role, Kind::TermChange, Kind::Vote]) {
        let stated = facts.trace().events().filter(|event| super::changes::is_change(*event) && event.term().is_none());
        peers.extend(stated.filter(|event| counts(event.body())).filter_map(|event| event.peer()));
    }
    of_peers(facts, peers, |one| {
        format!("{} `term`, `role` or `vote` without a readable term", if one { "writes" } else { "write" })
    })
}

/// Requests and answers that cannot be told apart: sent twice under one id, or without any.
pub(crate) fn unpaired_rpcs(facts: &Facts<'_>) -> Vec<Gap> {
    let kinds = [Kind::RpcSend, Kind::RpcRecv, Kind::RpcReply, Kind::RpcReturn];
    if !written(facts, &kinds) {
        return Vec::new();
    }
    let trace = facts.trace();
    let mut nameless = Vec::new();
    let mut of_nobody = 0_usize;
    for event in trace.events() {
        let id = match event.kind() {
            Some(Kind::RpcSend | Kind::RpcRecv | Kind::RpcReply | Kind::RpcReturn) => match event.body() {
                Body::RpcSend(body) => body.rpc,
                Body::RpcRecv(body) => body.rpc,
                Body::RpcReply(body) => body.rpc,
                Body::RpcReturn(body) => body.rpc,
                _ => continue,
            },
            _ => continue,
        };
        match (id, event.peer()) {
            (None, Some(peer)) => nameless.push(peer),
            (None, None) => of_nobody += 1,
            _ => {}
        }
    }
    let mut gaps: Vec<_> = doubled(facts).into_iter().collect();
    gaps.extend(
        of_peers(facts, nameless, |one| {
            format!("{} `rpc.*` without an id, so that requests and answers do not find each other", verb(one))
        })
        .map(|gap| gap.advise("`peerscope log` guesses which belong together")),
    );
    if of_nobody > 0 {
        gaps.push(Gap::everywhere(format!("{} without peer and id", events(of_nobody, "`rpc.*`"))));
    }
    gaps
}

fn verb(one: bool) -> &'static str {
    if one { "writes" } else { "write" }
}

/// How many doubled ids are named.
const MOST_DOUBLED: usize = 3;

fn doubled(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    let doubled: Vec<RpcId> = facts.rpcs().all().filter(|rpc| rpc.ambiguous).map(|rpc| rpc.id).collect();
    if doubled.is_empty() {
        return None;
    }
    // Only an ambiguous RPC makes anybody look for its other sends.
    let mut senders: FxHashMap<RpcId, Vec<EventId>> = FxHashMap::default();
    for event in trace.events().filter(|event| event.kind() == Some(Kind::RpcSend)) {
        if let Body::RpcSend(body) = event.body()
            && let Some(rpc) = body.rpc.and_then(|id| trace.tables().rpcs.get((), id))
            && doubled.binary_search(&rpc).is_ok()
        {
            senders.entry(rpc).or_default().push(event.id());
        }
    }
    let mut all = Vec::new();
    let mut named = Vec::new();
    for rpc in &doubled {
        let sends = senders.get(rpc).map_or(&[][..], |sends| sends);
        let mut peers: Vec<_> = sends.iter().filter_map(|send| trace.event(*send).peer()).collect();
        peers.sort_unstable();
        peers.dedup();
        let by = if peers.is_empty() { String::new() } else { format!(" ({})", Words(trace).peers(&peers)) };
        if named.len() < MOST_DOUBLED {
            let times = if sends.len() == 2 { "twice".into() } else { format!("{} times", sends.len()) };
            named.push(format!("RPC {} is sent {times}{by}", trace.tables().rpcs.id(*rpc)));
        }
        all.extend(peers);
    }
    if doubled.len() > named.len() {
        named.push(format!("{} more likewise", doubled.len() - named.len()));
    }
    all.sort_unstable();
    all.dedup();
    Some(Gap::of(all, named.join(", ")).advise("ids must be unique in the whole run"))
}

/// Peers that take locks or call others without saying in which task: who waits for whom among its threads is unknown.
pub(crate) fn taskless(facts: &Facts<'_>, kinds: &[Kind]) -> Vec<Gap> {
    let coverage = facts.coverage();
    let topics = [("lock.*", "lock."), ("rpc.*", "rpc.")];
    let mut gaps = Vec::new();
    for (name, prefix) in topics {
        let kinds: Vec<_> = kinds.iter().filter(|kind| kind.name().starts_with(prefix)).collect();
        let blind = |peer: &PeerId| kinds.iter().any(|kind| coverage.peer(*peer).writes_without_task(**kind));
        let peers: Vec<_> = facts.trace().peers().ids().filter(blind).collect();
        let somebody = kinds.iter().any(|kind| coverage.writes_without_task(**kind));
        if peers.is_empty() && somebody {
            gaps.push(Gap::everywhere(format!("`{name}` without peer and task: whose they are is unknown")));
        }
        gaps.extend(of_peers(facts, peers, |one| {
            format!("{} `{name}` without a task: what its threads wait for is unknown", verb(one))
        }));
    }
    gaps
}
