//! The lane of a peer as a member of its group: its role and term, when it was down, and what it did there.

use peerscope_analyzer::facts::Role;
use peerscope_analyzer::model::{Event, EventId, PeerId};
use peerscope_analyzer::value::Term;
use peerscope_analyzer::vocabulary::Kind;

use super::material::{Material, NEVER};
use super::{Whose, push_track, shown};
use crate::lane::{Block, Lane, Look, Place, Subject, Track};

/// The lane of the peer's role, if it wrote anything of the sort.
pub(super) fn lanes(material: &Material<'_, '_>, whose: Whose, lanes: &mut Vec<Lane>) {
    let Whose::Peer(peer) = whose else { return };
    let events = material.role_events(peer);
    if events.is_empty() {
        return;
    }
    let mut band = Band::new(material, peer);
    material.turns(peer).iter().for_each(|id| band.event(material.trace.event(*id)));
    let point = |id: &EventId| Some(Block::point(*id, point_look(material.trace.event(*id).kind()?)?));
    let mut points = events.iter().filter_map(point).collect();
    let mut tracks: Vec<Track> = band.finish().into_iter().collect();
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
///
/// When a role begins and ends, the analyzer's roles say, as they do to the detectors. The band adds what they do not tell:
/// when the peer was down, in which term a role went on, and from where on it is not known any more (see
/// [`super::known`]).
struct Band<'m, 'f, 't> {
    peer: PeerId,
    material: &'m Material<'f, 't>,
    blocks: Vec<Block>,
    /// By block: the event that said its term.
    said: Vec<Option<EventId>>,
    /// The role that goes on.
    role: Option<&'f Role>,
    /// The first loss of the whole file that may hide the end of what the last block shows.
    lost: Option<EventId>,
    /// The term as last known, and who said so.
    term: Option<(Term, EventId)>,
    /// The youngest incarnation seen; what an older one still writes is not what the peer is.
    incarnation: u64,
}

impl<'m, 'f, 't> Band<'m, 'f, 't> {
    fn new(material: &'m Material<'f, 't>, peer: PeerId) -> Self {
        Band {
            peer,
            material,
            blocks: Vec::new(),
            said: Vec::new(),
            role: None,
            lost: None,
            term: None,
            incarnation: 0,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.until(event.id());
        // An event that does not say which incarnation wrote it may be of any.
        if event.scope().says_incarnation && event.incarnation() < self.incarnation {
            return;
        }
        let (kind, reborn) = (event.kind(), event.incarnation() > self.incarnation);
        self.incarnation = self.incarnation.max(event.incarnation());
        let begins_life = reborn || kind == Some(Kind::PeerStart);
        if begins_life {
            self.term = None;
        }
        let before = self.term;
        self.learn_term(event);
        match kind {
            Some(Kind::PeerStop) => self.begin(event, Look::Down, None),
            Some(Kind::Lost) => self.lose(event),
            Some(Kind::Role) if let Some(role) = self.role_of(event.id()) => {
                self.begin(event, role_look(&role.role), Some(role));
            }
            _ if begins_life => self.begin(event, Look::OtherRole, None),
            _ => self.deed(event, before),
        }
    }

    /// What ended between the last event and `event`: the role, or what is known of it.
    fn until(&mut self, event: EventId) {
        let end = self.role.and_then(|role| role.end);
        let Some(first) = end.into_iter().chain(self.lost).min().filter(|first| *first < event) else { return };
        let first_event = self.material.trace.event(first);
        if self.lost == Some(first) {
            self.lose(first_event);
        } else {
            self.learn_term(first_event);
            self.begin(first_event, Look::OtherRole, None);
        }
    }

    /// A late word of an older term, by a deed that does not change it, is no news.
    fn learn_term(&mut self, event: Event<'_>) {
        let Some(now) = event.term() else { return };
        let decides = matches!(event.kind(), Some(Kind::Role | Kind::TermChange | Kind::PeerStart | Kind::PeerStop));
        match self.term {
            Some((before, _)) if now == before || (now < before && !decides) => {}
            _ => self.term = Some((now, event.id())),
        }
    }

    /// An event that names no role: it may end one, and it may say that the term has changed.
    fn deed(&mut self, event: Event<'_>, before: Option<(Term, EventId)>) {
        let look = match self.blocks.last().map(|block| block.look) {
            None => return self.begin(event, Look::OtherRole, None),
            // Whatever a task that outlives its peer writes, the peer is down.
            Some(Look::Down) => {
                self.term = before;
                return;
            }
            Some(look) => look,
        };
        // Roles of an incarnation that is not said end with another's events as well.
        let led = self.role.filter(|_| look == Look::Leader).and_then(|role| role.term);
        let deposed = led.zip(event.term()).is_some_and(|(led, now)| now > led);
        if deposed || self.role.is_some_and(|role| role.end == Some(event.id())) {
            self.begin(event, Look::OtherRole, None);
        } else if self.term != before {
            // A role that nobody says is known to go on is not known in a later term.
            let (look, role) =
                if self.doubt(Some(event)).is_some() { (Look::OtherRole, None) } else { (look, self.role) };
            self.begin(event, look, role);
        }
    }

    /// Events are missing: whatever the peer was, it may be something else by now.
    fn lose(&mut self, lost: Event<'_>) {
        self.term = None;
        let is_known = self.blocks.last().is_some_and(|block| block.look != Look::OtherRole || self.role.is_some());
        if is_known {
            self.begin(lost, Look::OtherRole, None);
        }
    }

    fn role_of(&self, event: EventId) -> Option<&'f Role> {
        let roles = self.material.facts.roles().all();
        roles.binary_search_by_key(&event, |role| role.begin).ok().map(|at| &roles[at])
    }

    /// From where on it is not known that the last block went on until `end`, which begins another; `None` if it is.
    fn doubt(&self, end: Option<Event<'_>>) -> Option<EventId> {
        let (last, said) = (self.blocks.last()?, self.said.last()?);
        let is_known = last.look != Look::OtherRole || self.role.is_some() || said.is_some();
        // Lives are counted: between this one and the next there was none.
        let goes_on = |start: Event<'_>| {
            let stop = self.material.trace.event(last.begin);
            start.kind() == Some(Kind::PeerStart) && stop.incarnation().checked_add(1) == Some(start.incarnation())
        };
        if !is_known || (last.look == Look::Down && end.is_some_and(goes_on)) {
            return None;
        }
        self.material.known_until(self.peer, last.begin, end.map(|end| end.id()))
    }

    fn begin(&mut self, event: Event<'_>, look: Look, role: Option<&'f Role>) {
        if let Some(unknown) = self.doubt(Some(event)) {
            self.push(unknown, Look::OtherRole, None);
        }
        self.push(event.id(), look, self.term.map(|(_, said)| said));
        self.role = role;
        // Of what is not known, nothing more can be lost.
        let is_known = look != Look::OtherRole || role.is_some();
        self.lost = if is_known { self.material.file_loss_after(event) } else { None };
    }

    fn push(&mut self, begin: EventId, look: Look, said: Option<EventId>) {
        if let Some(last) = self.blocks.last_mut() {
            last.end = Some(begin);
        }
        self.blocks.push(Block::new(begin, None, look));
        self.said.push(said);
    }

    fn finish(mut self) -> Option<Track> {
        self.until(NEVER);
        if let Some(unknown) = self.doubt(None) {
            self.push(unknown, Look::OtherRole, None);
        }
        let Band { blocks, said, material, .. } = self;
        (!blocks.is_empty()).then(|| Track::new(Place::Main, material.times, &blocks).with_terms(said))
    }
}
