//! What stands in a block or beside a mark: few words, in several lengths.

use peerscope_analyzer::facts::{Facts, Wait, WaitOn};
use peerscope_analyzer::model::{Event, LockId, TaskId};
use peerscope_analyzer::value::{Id, Term};
use peerscope_analyzer::vocabulary::Body;

use super::duration;
use super::event::{event_text, fault};
use super::names::{self, lock_of, name, safe};
use crate::lane::{Block, Lane, Look, Subject};

/// A label has at most so many characters.
const MAX_LABEL: usize = 120;

/// What stands where the trace does not say which role a peer has.
pub(super) const UNKNOWN_ROLE: &str = "role unknown";

/// What stands in a block, shortest last: the first that fits is drawn. "leader · term 2", "leader 2",
/// "leader", "L": the word that matters is the last to go.
pub fn block_labels(facts: &Facts<'_>, lane: &Lane, block: Block) -> Vec<String> {
    let event = facts.trace().event(block.begin);
    let labels = match block.look {
        Look::Follower | Look::Candidate | Look::Leader | Look::PreCandidate | Look::Learner | Look::OtherRole => {
            role(event, block.look, lane.term(facts.trace(), block))
        }
        Look::Down => match event.body() {
            Body::PeerStop(body) => match body.how {
                Some(how) => vec![format!("stopped ({})", name(how)), "stopped".into()],
                None => vec!["stopped".into()],
            },
            _ => vec!["stopped".into()],
        },
        Look::WaitsForLock | Look::WaitsForReply | Look::WaitsForTask | Look::Sleeps | Look::WaitsForOther => {
            match facts.waits().began_at(block.begin) {
                Some(wait) => wait_labels(facts, wait),
                None => vec![event_text(facts, block.begin)],
            }
        }
        Look::Held | Look::HeldContended | Look::HeldShared | Look::HeldByTwo => hold(facts, lane, block),
        Look::Queue => vec![format!("{}{} wait", block.depth, over(block.depth)), block.depth.to_string()],
        Look::Phase => vec![phase(facts, event)],
        Look::Failed => failed(facts, event, block),
        Look::Fault => match event.body() {
            Body::Fault(body) => {
                vec![fault(body.what, body.peers, body.detail), body.what.map_or_else(|| "fault".into(), name)]
            }
            _ => vec![event_text(facts, block.begin)],
        },
        Look::Missing => vec!["events are missing".into(), "missing".into(), "?".into()],
        // The bar of a task's life has its name before it, in the lane's heading.
        Look::Alive => Vec::new(),
        Look::Vote | Look::Log | Look::Term | Look::Line | Look::ReplyUsed | Look::Invariant | Look::Other => {
            point(facts, event)
        }
    };
    let mut labels: Vec<String> = labels.iter().map(|label| safe(label, MAX_LABEL)).collect();
    labels.retain(|label| !label.is_empty());
    labels.dedup();
    labels
}

/// What a part of a test is called.
fn phase(facts: &Facts<'_>, event: Event<'_>) -> String {
    match event.body() {
        Body::TestPhase(body) => body.name.unwrap_or("phase").to_owned(),
        Body::TestBegin(body) => body.name.unwrap_or("test").to_owned(),
        _ => event_text(facts, event.id()),
    }
}

/// That a test failed, and why: its last part, or its end.
fn failed(facts: &Facts<'_>, event: Event<'_>, block: Block) -> Vec<String> {
    let end = block.end.map_or(event, |end| facts.trace().event(end));
    let why = match end.body() {
        Body::TestEnd(body) => body.why,
        _ => None,
    };
    let failed = why.map_or_else(|| "failed".into(), |why| format!("failed: {why}"));
    if end.id() == event.id() {
        return vec![failed, "failed".into()];
    }
    let phase = phase(facts, event);
    vec![format!("{phase} · {failed}"), failed, format!("{phase} · failed"), "failed".into()]
}

/// 255 stands for so many or more.
fn over(depth: u8) -> &'static str {
    if depth == u8::MAX { "+" } else { "" }
}

fn role(event: Event<'_>, look: Look, term: Option<Term>) -> Vec<String> {
    let word = role_word(event, look);
    let is_unknown = word == UNKNOWN_ROLE;
    match term {
        Some(term) if is_unknown => vec![format!("{word} · term {term}"), word, "unknown".into(), "?".into()],
        Some(term) => vec![format!("{word} · term {term}"), format!("{word} {term}"), word, initial(look)],
        None => vec![word, initial(look)],
    }
}

/// The role in one letter. A role of the program's own has none that anybody would know.
fn initial(look: Look) -> String {
    let letter = match look {
        Look::Follower => "F",
        Look::Candidate => "C",
        Look::Leader => "L",
        Look::PreCandidate => "P",
        _ => return String::new(),
    };
    letter.into()
}

/// The role's name.
pub(super) fn role_word(event: Event<'_>, look: Look) -> String {
    match look {
        Look::Follower => "follower".into(),
        Look::Candidate => "candidate".into(),
        Look::Leader => "leader".into(),
        Look::PreCandidate => "pre-candidate".into(),
        Look::Learner => "learner".into(),
        _ => match event.body() {
            Body::Role(body) => body.role.map_or_else(|| UNKNOWN_ROLE.into(), name),
            _ => UNKNOWN_ROLE.into(),
        },
    }
}

fn wait_labels(facts: &Facts<'_>, wait: &Wait) -> Vec<String> {
    let trace = facts.trace();
    let what = waits_for_any(facts, wait);
    match wait.on {
        WaitOn::Lock(lock) => {
            let mut labels = Vec::new();
            let holder = facts.holds().holders_at(lock, wait.begin).next().and_then(|hold| hold.task);
            labels.extend(holder.map(|holder| {
                if holder == wait.task {
                    format!("{what}, which it holds itself")
                } else {
                    format!("{what}, held by {}", names::task(trace, holder))
                }
            }));
            labels.extend([what, format!("waits: {}", names::lock(facts, lock)), "waits".into()]);
            labels
        }
        WaitOn::Rpc(rpc) => {
            let (method, rpc) = (names::method(facts, rpc), facts.rpcs().get(rpc));
            let to = rpc.callee.map(|callee| format!("waits for {method} → {}", names::peer(trace, callee)));
            let shorter = [format!("waits for {method}"), format!("waits: {method}"), "waits".into()];
            to.into_iter().chain(shorter).collect()
        }
        WaitOn::Join(child) => {
            vec![what, format!("waits for {}", names::task(trace, child)), "waits".into()]
        }
        WaitOn::Sleep { .. } => vec![what, "sleeps".into()],
        _ => vec![what, "waits".into()],
    }
}

/// What a wait is for, with the other cases of its select: "waits to receive from a, or to receive from b".
pub(super) fn waits_for_any(facts: &Facts<'_>, wait: &Wait) -> String {
    const MOST_CASES: usize = 4;
    let own = facts.trace().task_events(wait.task);
    let next = own.partition_point(|event| *event <= wait.begin);
    // Cases begin one after the other and end together.
    let cases = own[next..].iter().map_while(|event| facts.waits().began_at(*event));
    let mut cases: Vec<&Wait> =
        cases.take_while(|case| case.end == wait.end && case.lost == wait.lost).take(MOST_CASES + 1).collect();
    let many = cases.len() > MOST_CASES;
    cases.truncate(MOST_CASES);
    let mut words = waits_for(facts, wait.on);
    for case in cases {
        let what = waits_for(facts, case.on);
        words.push_str(&format!(", or {}", what.strip_prefix("waits ").unwrap_or(&what)));
    }
    if many { format!("{words}, or more") } else { words }
}

/// "waits for Mutex<State> (1)", "sleeps 10 ms".
pub(super) fn waits_for(facts: &Facts<'_>, on: WaitOn) -> String {
    let (trace, tables) = (facts.trace(), facts.trace().tables());
    match on {
        WaitOn::Lock(lock) => format!("waits for {}", names::lock(facts, lock)),
        WaitOn::Join(child) => format!("waits for the end of {}", names::task(trace, child)),
        WaitOn::Rpc(rpc) => {
            let callee = facts.rpcs().get(rpc).callee;
            let of = callee.map_or_else(String::new, |callee| format!(" of {}", names::peer(trace, callee)));
            format!("waits for the reply{of} to {}", names::method(facts, rpc))
        }
        WaitOn::Sleep { for_ns: Some(ns) } => format!("sleeps {}", duration(i64::try_from(ns).unwrap_or(i64::MAX))),
        WaitOn::Sleep { for_ns: None } => "sleeps".into(),
        WaitOn::Condition(id) => format!("waits for a notify of {}", names::thing("condition", &tables.conditions, id)),
        WaitOn::Channel { channel, sends: true } => {
            format!("waits to send on {}", names::thing("channel", &tables.channels, channel))
        }
        WaitOn::Channel { channel, .. } => {
            format!("waits to receive from {}", names::thing("channel", &tables.channels, channel))
        }
        WaitOn::Group(id) => format!("waits for {}", names::thing("group", &tables.groups, id)),
        WaitOn::Semaphore(id) => format!("waits for permits of {}", names::thing("semaphore", &tables.semaphores, id)),
        WaitOn::Timer(id) => format!("waits for {}", names::thing("timer", &tables.timers, id)),
    }
}

fn hold(facts: &Facts<'_>, lane: &Lane, block: Block) -> Vec<String> {
    let Some(lock) = lock_of_block(facts, lane, block) else { return vec!["held".into()] };
    if !matches!(lane.subject, Subject::Lock(_)) {
        return vec![names::lock(facts, lock), names::thing("lock", facts.trace().locks(), lock)];
    }
    let holder = facts.holds().holders_at(lock, block.begin).next().and_then(|hold| hold.task);
    match holder {
        _ if block.depth > 1 => {
            let who = if block.look == Look::HeldShared { "readers" } else { "have it" };
            vec![format!("{}{} {who}", block.depth, over(block.depth)), block.depth.to_string()]
        }
        Some(holder) => holder_labels(facts, holder),
        None => vec!["held".into()],
    }
}

fn holder_labels(facts: &Facts<'_>, holder: TaskId) -> Vec<String> {
    let trace = facts.trace();
    vec![names::task(trace, holder), names::short_task(trace, holder)]
}

/// The lock that a block of a hold, a wait or a queue is about. A hold may be cut into several blocks where others begin
/// or cease to wait for it; then it begins with an event of somebody else that is about the same lock.
pub(super) fn lock_of_block(facts: &Facts<'_>, lane: &Lane, block: Block) -> Option<LockId> {
    match lane.subject {
        Subject::Lock(lock) => Some(lock),
        _ => facts
            .holds()
            .began_at(block.begin)
            .map(|hold| hold.lock)
            .or_else(|| lock_of(facts.trace().event(block.begin))),
    }
}

/// What stands beside the mark of a single event: "vote → 1", "commit 5", the line that the program wrote.
fn point(facts: &Facts<'_>, event: Event<'_>) -> Vec<String> {
    let id = |id: Option<Id<'_>>| id.map_or_else(|| "?".into(), |id| name(&id.to_string()));
    let short = match event.body() {
        Body::Vote(body) => format!("vote → {}", id(body.candidate)),
        Body::TermChange(_) => match event.term() {
            Some(term) => format!("term {term}"),
            None => "term".into(),
        },
        Body::Commit(body) => match body.index {
            Some(index) => format!("commit {index}"),
            None => "commit".into(),
        },
        Body::Apply(body) => match body.index {
            Some(index) => format!("apply {index}"),
            None => "apply".into(),
        },
        Body::LogAppend(body) => match body.first {
            Some(first) => format!("append {first}"),
            None => "append".into(),
        },
        Body::LogTruncate(body) => match body.from {
            Some(from) => format!("cut from {from}"),
            None => "cut".into(),
        },
        Body::Snapshot(body) => match body.last_index {
            Some(last) => format!("snapshot {last}"),
            None => "snapshot".into(),
        },
        Body::Persist(_) => "on disk".into(),
        Body::Invariant(body) if body.holds == Some(false) => "broken".into(),
        Body::Invariant(_) => "holds".into(),
        Body::ReplyUsed(_) => "reply used".into(),
        Body::Role(_) | Body::Log(_) => return vec![event_text(facts, event.id())],
        _ => name(event.kind_name()),
    };
    vec![event_text(facts, event.id()), short]
}
