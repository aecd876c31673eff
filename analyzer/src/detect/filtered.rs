//! Gaps that the recorder's own filter left: what was switched off, nobody can be cleared of.

use peerscope_format::filter::{FILTER_KEY, Filter, Level, Wanted};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::Kind;

use super::finding::Gap;
use super::words::{Words, enumerate};
use crate::facts::Facts;
use crate::model::{Dense, PeerId, SourceId, Trace};

/// The gaps of whoever judges by events of these kinds.
pub(crate) fn gaps(facts: &Facts<'_>, kinds: &[Kind]) -> Vec<Gap> {
    let trace = facts.trace();
    let mut gaps: Vec<Gap> = Vec::new();
    for (index, source) in trace.sources().iter().enumerate() {
        let Some(Value::Text(text)) = source.header.meta(FILTER_KEY) else { continue };
        let (filter, _) = Filter::parse(text);
        let off = |wanted: Wanted| -> Vec<Kind> {
            kinds.iter().copied().filter(|kind| filter.wanted_kind(*kind) == wanted).collect()
        };
        gaps.extend(gap(trace, &off(Wanted::Never), &[], text));
        let by_peer = off(Wanted::ByPeer);
        for peer in peers_in(trace, SourceId::from_index(index)) {
            let id = Value::from(trace.peers().id(peer));
            let lacks = |kind: &Kind| !filter.wants(kind.topic(), Level::of(*kind), Some(&id));
            let of_peer: Vec<Kind> = by_peer.iter().copied().filter(lacks).collect();
            gaps.extend(gap(trace, &of_peer, &[peer], text));
        }
    }
    // The files of one run are recorded with one filter, as a rule.
    let mut said = Vec::new();
    gaps.retain(|gap| {
        !said.contains(&gap.why) && {
            said.push(gap.why.clone());
            true
        }
    });
    gaps
}

/// Whose events of which a filter left out.
fn gap(trace: &Trace, kinds: &[Kind], peers: &[PeerId], filter: &str) -> Option<Gap> {
    let mut topics: Vec<String> = kinds.iter().map(|kind| kind.topic().to_owned()).collect();
    topics.dedup();
    let of = if peers.is_empty() { String::new() } else { format!(" of {}", Words(trace).peers(peers)) };
    let why = format!("{} events{of} were switched off by PEERSCOPE={filter}", enumerate(&topics));
    (!topics.is_empty()).then(|| Gap::of(peers.to_vec(), why).advise("record without it to have them judged"))
}

/// The peers that write in a file, in the order of the trace's table.
fn peers_in(trace: &Trace, source: SourceId) -> Vec<PeerId> {
    let of_source = trace.scopes().iter().filter(|scope| scope.source == source);
    let mut peers: Vec<PeerId> = of_source.filter_map(|scope| scope.peer).collect();
    peers.sort_unstable();
    peers.dedup();
    peers
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    /// A leader and a follower, recorded with this filter, are judged so.
    fn recorded_with(filter: &str, verdict: &str) {
        check(&format!(
            r#"
            {{"peerscope":1,"unit":"ns","meta":{{"filter":"{filter}"}}}}
            {{"ts":1,"peer":0,"task":1,"term":1,"kind":"peer.start","how":"fresh","members":[0,1]}}
            {{"ts":2,"peer":1,"task":2,"term":1,"kind":"peer.start","how":"fresh","members":[0,1]}}
            {{"ts":3,"peer":0,"task":1,"term":1,"kind":"role","role":"leader"}}
            {{"ts":4,"peer":1,"task":2,"term":1,"kind":"role","role":"follower"}}
            {{"ts":5,"peer":0,"task":1,"term":1,"kind":"task.end","how":"ok"}}
            {{"ts":6,"peer":1,"task":2,"term":1,"kind":"task.end","how":"ok"}}
            {{"ts":99,"kind":"process.end","how":"exit 0"}}

            {verdict}
            "#
        ));
    }

    #[test]
    fn what_was_switched_off_is_a_gap_and_never_clean() {
        recorded_with(
            "lock=off",
            "gap self-deadlock: lock events were switched off by PEERSCOPE=lock=off
             clean two-leaders-in-term",
        );
        recorded_with(
            "role,term,rpc",
            "gap self-deadlock: lock events were switched off by PEERSCOPE=role,term,rpc
             gap two-leaders-in-term: vote events were switched off by PEERSCOPE=role,term,rpc",
        );
    }

    #[test]
    fn a_call_that_shows_nothing_after_it_is_no_wait_if_deeds_were_left_out() {
        let trace = |filter: &str, verdict: &str| {
            check(&format!(
                r#"
                {{"peerscope":1,"unit":"ns","meta":{{"filter":"{filter}"}}}}
                {{"ts":1,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Ping","to":1}}
                {{"ts":2,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"outcome":"ok"}}
                {{"ts":3,"peer":0,"task":1,"kind":"rpc.send","rpc":2,"method":"Ping","to":1}}
                {{"ts":99,"kind":"process.end","how":"exit 0"}}

                {verdict}
                "#
            ));
        };
        trace("lock=off", "gap stuck-task: lock events were switched off by PEERSCOPE=lock=off");
        trace(
            "trace",
            "info stuck-task: task 1 of peer 0 still waited when the program ended: it waits for the reply of Ping to peer 1, a request that nobody has received
             rpc.send task 1 of peer 0 waits for the reply of Ping to peer 1",
        );
    }

    #[test]
    fn a_peer_that_was_switched_off_is_named() {
        recorded_with(
            "peer.1=off",
            "gap two-leaders-in-term: role, term and vote events of peer 1 were switched off by PEERSCOPE=peer.1=off (1)",
        );
    }

    #[test]
    fn a_filter_that_leaves_in_what_is_needed_makes_no_gap() {
        recorded_with(
            "info",
            "gap self-deadlock: lock events were switched off by PEERSCOPE=info
             clean two-leaders-in-term",
        );
    }
}
