//! The lane of a peer as a member of its group: its role and term, when it was down, and what it did there.

use peerscope_analyzer::facts::Roles;
use peerscope_analyzer::model::{Event, EventId, PeerId};
use peerscope_analyzer::value::Term;
use peerscope_analyzer::vocabulary::Kind;

use super::material::Material;
use super::{Whose, push_track, shown};
use crate::lane::{Block, Lane, Look, Place, Subject};

/// The lane of the peer's role, if it wrote anything of the sort.
pub(super) fn lanes(material: &Material<'_, '_>, whose: Whose, lanes: &mut Vec<Lane>) {
    let Whose::Peer(peer) = whose else { return };
    let events = material.role_events(peer);
    if events.is_empty() {
        return;
    }
    let mut band = Band::new(material.facts.roles());
    let mut points = Vec::new();
    for id in events {
        let event = material.trace.event(*id);
        band.event(event);
        points.extend(event.kind().and_then(point_look).map(|look| Block::point(*id, look)));
    }
    let mut blocks = band.finish();
    let mut tracks = Vec::new();
    push_track(&mut tracks, Place::Main, material.times, &mut blocks);
    push_track(&mut tracks, Place::Points, material.times, &mut points);
    lanes.push(Lane { subject: Subject::Role(peer), label: "role".to_owned(), about: about(material, peer), tracks });
}

fn about(material: &Material<'_, '_>, peer: PeerId) -> String {
    let name = shown(&material.trace.peers().name(peer));
    format!("Role and term of peer {name}, and what it did with its votes and its log.")
}

/// How an event looks for which no block stands.
fn point_look(kind: Kind) -> Option<Look> {
    Some(match kind {
        Kind::Vote => Look::Vote,
        Kind::LogAppend | Kind::LogTruncate | Kind::Commit | Kind::Apply | Kind::Snapshot | Kind::Progress => Look::Log,
        Kind::TermChange | Kind::Persist | Kind::Config => Look::Term,
        _ => return None,
    })
}

/// How a role of that name looks.
fn role_look(role: &str) -> Look {
    match role {
        "follower" => Look::Follower,
        "candidate" => Look::Candidate,
        "leader" => Look::Leader,
        "precandidate" => Look::PreCandidate,
        "learner" => Look::Learner,
        _ => Look::OtherRole,
    }
}

/// Grows the blocks of role and term, event by event.
struct Band<'r> {
    roles: &'r Roles,
    blocks: Vec<Block>,
    term: Option<Term>,
    /// The youngest incarnation seen; what an older one writes still is not what the peer is.
    incarnation: u64,
}

impl<'r> Band<'r> {
    fn new(roles: &'r Roles) -> Self {
        Band { roles, blocks: Vec::new(), term: None, incarnation: 0 }
    }

    fn event(&mut self, event: Event<'_>) {
        let (incarnation, kind) = (event.incarnation(), event.kind());
        if incarnation < self.incarnation {
            return;
        }
        let reborn = incarnation > self.incarnation;
        self.incarnation = incarnation;
        match kind {
            Some(Kind::PeerStart) => self.begin(event, Look::OtherRole),
            Some(Kind::PeerStop) => self.begin(event, Look::Down),
            Some(Kind::Role) => self.begin(event, self.look_of(event.id())),
            _ if reborn => self.begin(event, Look::OtherRole),
            _ => self.deed(event, kind == Some(Kind::TermChange)),
        }
    }

    /// An event that names no role: it may say that the term has changed.
    fn deed(&mut self, event: Event<'_>, says_term: bool) {
        let look = match self.blocks.last().map(|block| block.look) {
            None => return self.begin(event, Look::OtherRole),
            // Whatever a task that outlives its peer writes, the peer is down.
            Some(Look::Down) => return,
            // A leader whose term rises leads no longer; what it is instead, it says by a role.
            Some(Look::Leader) => Look::OtherRole,
            Some(look) => look,
        };
        let changed = match (self.term, event.term()) {
            (Some(before), Some(now)) => now > before || (says_term && now < before),
            (None, now) => now.is_some(),
            (_, None) => false,
        };
        if changed {
            self.begin(event, look);
        }
    }

    fn look_of(&self, event: EventId) -> Look {
        let roles = self.roles.all();
        roles.binary_search_by_key(&event, |role| role.begin).map_or(Look::OtherRole, |at| role_look(&roles[at].role))
    }

    fn begin(&mut self, event: Event<'_>, look: Look) {
        if let Some(last) = self.blocks.last_mut() {
            last.end = Some(event.id());
        }
        self.blocks.push(Block::new(event.id(), None, look));
        self.term = event.term();
    }

    fn finish(self) -> Vec<Block> {
        self.blocks
    }
}
