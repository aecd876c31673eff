//! A network in the manner of the course's `labrpc`: it loses, delays and reorders messages, can be cut into parts,
//! and hands each request to its peer on a fresh thread.
//!
//! A call is carried by the caller's own thread: it waits out the delays and the gates of the request, starts the
//! handler's thread, waits for the answer and then out the delays and gates of the reply. The life of a call is thus
//! readable from top to bottom in [`Client::call`] and `Network::carry`.
//!
//! It records each call in the name of the peer at each end: sent, handled, answered, returned with its outcome.
//!
//! One lock, one condition variable: each change wakes all who wait. It is never held while a handler runs.

use super::message::{Leg, Loss, Message, Stage};
use super::random::Random;
use super::record::{self, Line};
use super::rpc::{AppendEntriesArgs, AppendEntriesReply, Reply, Request, RequestVoteArgs, RequestVoteReply};
use super::weather::Weather;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use peerscope::{Current, Peer, fault, rpc_recv};

/// How long a scenario waits for something that must happen. It is reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// After so many turns of so long in which nothing at all happens, the peers are taken to hang. Turns are counted, not
/// only time: whoever could run had as many chances to do so as this thread, however busy the machine is.
const QUIET_TURNS: u32 = 40;
const QUIET_TURN: Duration = Duration::from_millis(10);

/// What answers the requests to a peer. The network calls it on a thread of its own for each request.
pub trait Service: Send + Sync {
    /// Another peer asks for this one's vote.
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply;
    /// A leader sends entries or a heartbeat.
    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply;
}

/// The network between the peers.
pub struct Network {
    state: Mutex<State>,
    changed: Condvar,
    rpc_timeout: Option<Duration>,
}

struct State {
    random: Random,
    weather: Weather,
    endpoints: Vec<Endpoint>,
    gates: Vec<ClosedGate>,
    /// The answer, if it is there, to each call whose caller still waits.
    answers: HashMap<u64, Option<Reply>>,
    /// Everything that has happened so far, for scenarios that wait for it.
    history: Vec<(Stage, Message)>,
}

#[derive(Default)]
struct Endpoint {
    /// Counts the starts of the peer. A message of an earlier start is never delivered.
    incarnation: u64,
    service: Option<Arc<dyn Service>>,
    /// The peer in the trace.
    traced: Option<Peer>,
    disconnected: bool,
    part: usize,
    handlers: Vec<thread::JoinHandle<()>>,
}

struct ClosedGate {
    id: u64,
    rule: Box<dyn Fn(&Message) -> bool + Send>,
}

/// One peer's access to the network. It becomes useless when the peer crashes.
pub struct Client {
    network: Arc<Network>,
    peer: usize,
    incarnation: u64,
}

impl Client {
    /// Whose access this is.
    pub fn peer(&self) -> usize {
        self.peer
    }

    /// Calls another peer and waits for its answer. `None` tells nothing about whether the request has arrived.
    ///
    /// In the trace the call stands at the line that makes it.
    #[track_caller]
    pub fn call(&self, callee: usize, request: Request) -> Option<Reply> {
        let (network, line) = (&self.network, Location::caller());
        let deadline = network.rpc_timeout.map(|timeout| Instant::now() + timeout);
        let mut message = network.send(self, callee, &request, line);
        let outcome = network.carry(&mut message, request, deadline);
        if let Err(loss) = outcome {
            network.lose(message, loss, deadline);
        }
        network.finish(message, outcome, line)
    }
}

/// Holds the messages that match its rule, until it is opened or dropped.
pub struct Gate {
    network: Arc<Network>,
    id: u64,
}

impl Gate {
    /// Lets all messages go.
    pub fn open(self) {
        drop(self);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let mut state = self.network.state.lock().unwrap();
        state.gates.retain(|gate| gate.id != self.id);
        self.network.changed.notify_all();
    }
}

impl Network {
    /// A network for so many peers, none of which is there yet.
    pub fn new(peers: usize, seed: u64, rpc_timeout: Option<Duration>) -> Arc<Network> {
        let state = State {
            random: Random::new(seed),
            weather: Weather::FAIR,
            endpoints: (0..peers).map(|_| Endpoint::default()).collect(),
            gates: Vec::new(),
            answers: HashMap::new(),
            history: Vec::new(),
        };
        Arc::new(Network { state: Mutex::new(state), changed: Condvar::new(), rpc_timeout })
    }

    /// Begins a new incarnation of a peer, which can call others from now on.
    pub fn client(self: &Arc<Self>, peer: usize) -> Client {
        let mut state = self.state.lock().unwrap();
        state.endpoints[peer].incarnation += 1;
        Client { network: Arc::clone(self), peer, incarnation: state.endpoints[peer].incarnation }
    }

    /// Lets a peer be called by others.
    pub fn serve(&self, peer: usize, service: Arc<dyn Service>) {
        let mut state = self.state.lock().unwrap();
        state.endpoints[peer].service = Some(service);
        state.endpoints[peer].traced = Peer::running(peer);
    }

    /// Ends the incarnation of a peer: whatever is on its way from or to it is lost. Waits for its handlers.
    pub fn remove(&self, peer: usize) {
        let mut state = self.state.lock().unwrap();
        let endpoint = &mut state.endpoints[peer];
        endpoint.incarnation += 1;
        endpoint.service = None;
        let handlers = std::mem::take(&mut endpoint.handlers);
        self.changed.notify_all();
        drop(state);
        for handler in handlers {
            handler.join().unwrap();
        }
    }

    /// Changes what happens to the messages that are sent from now on.
    pub fn set_weather(&self, weather: Weather) {
        self.state.lock().unwrap().weather = weather;
    }

    /// Pulls or plugs a peer's cable.
    pub fn set_connected(&self, peer: usize, connected: bool) {
        self.state.lock().unwrap().endpoints[peer].disconnected = !connected;
    }

    /// Puts each peer into a part of the network; messages arrive only within a part.
    pub fn set_parts(&self, part_of: impl Fn(usize) -> usize) {
        let mut state = self.state.lock().unwrap();
        for (peer, endpoint) in state.endpoints.iter_mut().enumerate() {
            endpoint.part = part_of(peer);
        }
    }

    /// Closes a gate: messages that match the rule wait until it is opened.
    pub fn hold(self: &Arc<Self>, rule: impl Fn(&Message) -> bool + Send + 'static) -> Gate {
        let mut state = self.state.lock().unwrap();
        let id = next_id();
        let rule = Box::new(rule);
        state.gates.push(ClosedGate { id, rule });
        Gate { network: Arc::clone(self), id }
    }

    /// Blocks until a matching message has come to this stage; if it has done so already, returns at once.
    pub fn wait_until(&self, stage: Stage, rule: impl Fn(&Message) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state.lock().unwrap();
        while !state.has_seen(stage, &rule) {
            if Instant::now() > deadline {
                return Err(format!("no message was {stage:?} as it should have been"));
            }
            state = self.wait(state, Some(deadline));
        }
        Ok(())
    }

    /// Like [`Network::wait_until`], but returns false when the network has fallen silent: nobody will ever do
    /// anything again, as far as one can tell without looking into the peers.
    pub fn happens(&self, stage: Stage, rule: impl Fn(&Message) -> bool) -> bool {
        let mut state = self.state.lock().unwrap();
        let mut known = state.history.len();
        let mut quiet_turns = 0;
        while !state.has_seen(stage, &rule) {
            state = self.wait(state, Some(Instant::now() + QUIET_TURN));
            if state.history.len() != known {
                known = state.history.len();
                quiet_turns = 0;
            } else if quiet_turns < QUIET_TURNS {
                quiet_turns += 1;
            } else {
                return false;
            }
        }
        true
    }

    /// The caller sends its request.
    fn send(&self, client: &Client, callee: usize, request: &Request, line: Line) -> Message {
        let mut state = self.state.lock().unwrap();
        let message = Message {
            rpc: next_id(),
            caller: client.peer,
            callee,
            leg: Leg::Request,
            method: request.method(),
            term: request.term(),
            caller_incarnation: client.incarnation,
            callee_incarnation: state.endpoints[callee].incarnation,
        };
        record::request(message, request, line);
        state.answers.insert(message.rpc, None);
        self.note(&mut state, Stage::Sent, message);
        message
    }

    /// Brings the request to its handler and the reply back.
    fn carry(
        self: &Arc<Self>,
        message: &mut Message,
        request: Request,
        deadline: Option<Instant>,
    ) -> Result<Reply, Loss> {
        self.travel(*message, deadline)?;
        self.deliver(*message, request)?;
        let reply = self.wait_for_answer(*message, deadline)?;
        message.leg = Leg::Reply;
        self.travel(*message, deadline)?;
        Ok(reply)
    }

    /// Waits until the message is where it should go: the network may lose it, delay it or hold it at a gate.
    fn travel(&self, message: Message, deadline: Option<Instant>) -> Result<(), Loss> {
        let mut state = self.state.lock().unwrap();
        let weather = state.weather.clone();
        let delay = weather.draw_delay(message.leg, &mut state.random);
        let delay = delay.ok_or(Loss::Dropped)?;
        let arrival = Instant::now() + delay;
        if !delay.is_zero() {
            self.note(&mut state, Stage::Delayed, message);
        }
        let mut was_held = false;
        loop {
            state.check(message, deadline)?;
            let is_held = state.gates.iter().any(|gate| (gate.rule)(&message));
            if is_held && !was_held {
                self.note(&mut state, Stage::Held, message);
                was_held = true;
            }
            if !is_held && Instant::now() >= arrival {
                return state.check_reachable(message);
            }
            let arrival = (!is_held).then_some(arrival);
            state = self.wait(state, arrival.into_iter().chain(deadline).min());
        }
    }

    /// Starts the handler on a thread of its own: the network's, not one that the caller spawns.
    fn deliver(self: &Arc<Self>, message: Message, request: Request) -> Result<(), Loss> {
        let mut state = self.state.lock().unwrap();
        let endpoint = &mut state.endpoints[message.callee];
        let service = endpoint.service.clone().ok_or(Loss::Unreachable)?;
        let callee = endpoint.traced.clone();
        let network = Arc::clone(self);
        let handler = thread::Builder::new()
            .name(format!("handler {} {:?}", message.callee, message.method))
            .spawn(move || {
                // The thread works for the peer that is called.
                let _in = callee.map(|callee| callee.enter());
                network.run_handler(message, &*service, request);
            })
            .unwrap();
        endpoint.handlers.retain(|handler| !handler.is_finished());
        endpoint.handlers.push(handler);
        Ok(())
    }

    fn run_handler(&self, message: Message, service: &dyn Service, request: Request) {
        rpc_recv!(Current, message.rpc, message.method.name(), message.caller, "msg_term": message.term);
        self.note(&mut self.state.lock().unwrap(), Stage::Delivered, message);
        let reply = match request {
            Request::RequestVote(args) => Reply::RequestVote(service.request_vote(args)),
            Request::AppendEntries(args) => Reply::AppendEntries(service.append_entries(args)),
        };
        record::reply(message, &reply);
        let mut state = self.state.lock().unwrap();
        // The answer to a caller that has given up already is forgotten.
        if let Some(answer) = state.answers.get_mut(&message.rpc) {
            *answer = Some(reply);
        }
        self.note(&mut state, Stage::Answered, message);
    }

    fn wait_for_answer(&self, message: Message, deadline: Option<Instant>) -> Result<Reply, Loss> {
        let mut state = self.state.lock().unwrap();
        loop {
            state.check(message, deadline)?;
            if let Some(reply) = state.answers.get_mut(&message.rpc).and_then(Option::take) {
                return Ok(reply);
            }
            state = self.wait(state, deadline);
        }
    }

    /// The message is lost. Its caller cannot know that: it waits until it has to give up.
    fn lose(&self, message: Message, loss: Loss, deadline: Option<Instant>) {
        if loss == Loss::TimedOut {
            return;
        }
        let mut state = self.state.lock().unwrap();
        if loss == Loss::Dropped {
            fault!(Current, "drop", [message.caller, message.callee], message.rpc);
        }
        self.note(&mut state, Stage::Lost, message);
        while let Some(deadline) = deadline
            && Instant::now() < deadline
            && !state.caller_has_crashed(message)
        {
            state = self.wait(state, Some(deadline));
        }
    }

    /// The caller has the outcome.
    fn finish(&self, message: Message, outcome: Result<Reply, Loss>, line: Line) -> Option<Reply> {
        let mut state = self.state.lock().unwrap();
        state.answers.remove(&message.rpc);
        record::outcome(message, &outcome, line);
        self.note(&mut state, Stage::Returned, message);
        outcome.ok()
    }

    fn note(&self, state: &mut State, stage: Stage, message: Message) {
        state.history.push((stage, message));
        self.changed.notify_all();
    }

    /// Waits for the next change, but no longer than until the given time.
    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Option<Instant>) -> MutexGuard<'a, State> {
        let Some(until) = until else {
            return self.changed.wait(state).unwrap();
        };
        let time_left = until.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(state, time_left).unwrap().0
    }
}

impl State {
    /// Whether the call can still come to anything.
    fn check(&self, message: Message, deadline: Option<Instant>) -> Result<(), Loss> {
        let callee = &self.endpoints[message.callee];
        if self.caller_has_crashed(message) || callee.incarnation != message.callee_incarnation {
            return Err(Loss::Crashed);
        }
        match deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Loss::TimedOut),
            _ => Ok(()),
        }
    }

    fn caller_has_crashed(&self, message: Message) -> bool {
        self.endpoints[message.caller].incarnation != message.caller_incarnation
    }

    fn check_reachable(&self, message: Message) -> Result<(), Loss> {
        let caller = &self.endpoints[message.caller];
        let callee = &self.endpoints[message.callee];
        if caller.disconnected || callee.disconnected || caller.part != callee.part {
            return Err(Loss::Unreachable);
        }
        Ok(())
    }

    fn has_seen(&self, stage: Stage, rule: impl Fn(&Message) -> bool) -> bool {
        let mut history = self.history.iter();
        history.any(|(seen, message)| *seen == stage && rule(message))
    }
}

/// The numbers of calls and gates; unique in the process, since several networks may be recorded into one trace.
fn next_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
