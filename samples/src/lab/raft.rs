//! One Raft peer, after the extended paper's Figure 2: leader election, log replication, persistence.
//!
//! All of a peer's state stands behind one big lock, and no call is made while that lock is held: every other thread
//! of the peer would have to wait for a stranger. The price is that the world may have changed when the answer is
//! there. Hence each answer is used only if the peer still is in the role and in the term that asked.

use super::applied::StateMachine;
use super::config::{Config, Timers};
use super::log::Log;
use super::mistake::Mistake;
use super::network::{Client, Service};
use super::persister::{Durable, Persister};
use super::random::Random;
use super::rpc::{AppendEntriesArgs, AppendEntriesReply, Entry, Reply, Request, RequestVoteArgs, RequestVoteReply};
use peerscope::sync::Mutex;
use peerscope::thread;
use peerscope::{LogEntry, Peer, apply, commit, log_append, log_truncate, persist};
use peerscope::{reply_used, restored, role, term, vote};
use std::sync::Arc;
use std::time::Instant;

/// What a peer is in its current term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It listens to a leader.
    Follower,
    /// It wants to become the leader.
    Candidate,
    /// It decides what goes into the log.
    Leader,
}

/// One peer. Threads share it by an `Arc`.
pub struct Raft {
    me: usize,
    client: Client,
    config: Config,
    state: Mutex<State>,
}

/// Everything about a peer that changes, all of it behind the peer's one lock.
struct State {
    peer: Peer,
    me: usize,
    role: Role,
    current_term: u64,
    voted_for: Option<usize>,
    log: Log,
    commit_index: u64,
    last_applied: u64,
    /// As a candidate: how many votes it has in the election that it started last, its own included.
    votes: usize,
    /// As a leader: the index that each peer is to be sent next.
    next_index: Vec<u64>,
    /// As a leader: how far each peer's log is known to be the same.
    match_index: Vec<u64>,
    /// When the ticker must act: a leader sends heartbeats then, everybody else starts an election.
    timer: Instant,
    killed: bool,
    threads: Vec<thread::JoinHandle<()>>,
    config: Config,
    random: Random,
    persister: Arc<Persister>,
    state_machine: Box<dyn StateMachine>,
}

impl Raft {
    /// Starts a peer with what its disk holds. The seed decides on its election timeouts.
    pub fn make(
        client: Client,
        peers: usize,
        config: Config,
        seed: u64,
        persister: Arc<Persister>,
        state_machine: Box<dyn StateMachine>,
    ) -> Arc<Raft> {
        let me = client.peer();
        let durable = persister.load();
        let peer = Peer::builder(me).members(0..peers).start();
        let _in = peer.enter();
        restored!(peer, durable.current_term, durable.voted_for, durable.entries.iter().map(traced));
        let mut state = State {
            peer,
            me,
            role: Role::Follower,
            current_term: durable.current_term,
            voted_for: durable.voted_for,
            log: Log::new(durable.entries),
            commit_index: 0,
            last_applied: 0,
            votes: 0,
            next_index: vec![1; peers],
            match_index: vec![0; peers],
            timer: Instant::now(),
            killed: false,
            threads: Vec::new(),
            config: config.clone(),
            random: Random::new(seed),
            persister,
            state_machine,
        };
        state.reset_timer();
        let raft = Arc::new(Raft { me, client, config, state: Mutex::new(state) });
        if raft.config.timers == Timers::Automatic {
            raft.start_ticker();
        }
        raft
    }

    /// Asks the peer to replicate a command. Only a leader accepts it, and answers with the index that the command
    /// will have if it is ever committed, and its own term.
    pub fn start(self: &Arc<Self>, command: &str) -> Option<(u64, u64)> {
        let mut state = self.state.lock().unwrap();
        let _in = state.peer.enter();
        if state.killed || state.role != Role::Leader {
            return None;
        }
        let entry = Entry { term: state.current_term, command: command.to_owned() };
        state.append(vec![entry]);
        state.persist();
        self.replicate(&mut state);
        Some((state.log.last_index(), state.current_term))
    }

    /// The current term, and whether this peer believes that it is the leader.
    pub fn get_state(&self) -> (u64, bool) {
        let state = self.state.lock().unwrap();
        (state.current_term, state.role == Role::Leader)
    }

    /// Tells the peer's threads to end.
    pub fn kill(&self) {
        self.state.lock().unwrap().killed = true;
    }

    /// Waits until all threads of the peer have ended. A ticker ends only when the peer is killed.
    pub fn join(&self) {
        loop {
            let threads = std::mem::take(&mut self.state.lock().unwrap().threads);
            if threads.is_empty() {
                return;
            }
            for thread in threads {
                thread.join().unwrap();
            }
        }
    }

    /// Starts an election now, on a thread of its own as the ticker would.
    pub fn fire_election_timer(self: &Arc<Self>) {
        let mut state = self.state.lock().unwrap();
        let _in = state.peer.enter();
        let raft = Arc::clone(self);
        let timer = thread::Builder::new()
            .name(format!("election timer {}", self.me))
            .spawn(move || raft.attempt_election())
            .unwrap();
        state.adopt(timer);
    }

    fn start_ticker(self: &Arc<Self>) {
        let mut state = self.state.lock().unwrap();
        let raft = Arc::clone(self);
        let ticker =
            thread::Builder::new().name(format!("ticker {}", self.me)).spawn(move || raft.tick_until_killed()).unwrap();
        state.adopt(ticker);
    }

    fn tick_until_killed(self: &Arc<Self>) {
        loop {
            thread::sleep(self.config.tick);
            let mut state = self.state.lock().unwrap();
            if state.killed {
                return;
            }
            if Instant::now() < state.timer {
                continue;
            }
            if state.role == Role::Leader {
                self.replicate(&mut state);
            } else {
                drop(state);
                self.attempt_election();
            }
        }
    }

    /// Becomes a candidate and asks all others for their votes, each on a thread of its own.
    fn attempt_election(self: &Arc<Self>) {
        let mut state = self.state.lock().unwrap();
        if state.killed || state.role == Role::Leader {
            return;
        }
        // the mistake: the lock is ours already, so a function that takes it waits for ourselves.
        if self.config.mistake == Mistake::Relock {
            self.convert_to_candidate();
        } else {
            state.become_candidate();
        }
        let args = RequestVoteArgs {
            term: state.current_term,
            candidate: self.me,
            last_log_index: state.log.last_index(),
            last_log_term: state.log.last_term(),
        };
        for peer in state.others() {
            let raft = Arc::clone(self);
            let args = args.clone();
            let vote = thread::Builder::new()
                .name(format!("vote {}->{peer}", self.me))
                .spawn(move || raft.ask_for_vote(peer, args))
                .unwrap();
            state.adopt(vote);
        }
    }

    fn convert_to_candidate(&self) {
        let mut state = self.state.lock().unwrap();
        state.become_candidate();
    }

    /// Asks one peer for its vote and, with a majority of the votes, becomes the leader.
    fn ask_for_vote(self: &Arc<Self>, peer: usize, args: RequestVoteArgs) {
        let term = args.term;
        // the mistake: while we wait for an answer with the lock held, nobody can answer those that ask us.
        let lock_across_rpc = self.config.mistake == Mistake::LockAcrossRpc;
        let held = lock_across_rpc.then(|| self.state.lock().unwrap());
        let reply = self.client.call(peer, Request::RequestVote(args));
        drop(held);
        let Some(Reply::RequestVote(reply)) = reply else {
            return;
        };
        let mut state = self.state.lock().unwrap();
        if reply.term > state.current_term {
            state.become_follower(reply.term);
            return;
        }
        // the mistake: a vote belongs to one term, but both of our role and our term may have changed meanwhile.
        let still_this_election = match self.config.mistake {
            Mistake::StaleVotes => true,
            Mistake::StaleVotesStateOnly => state.role == Role::Candidate,
            _ => state.role == Role::Candidate && state.current_term == term,
        };
        if !still_this_election || !reply.granted {
            return;
        }
        reply_used!(state.peer, "count the vote");
        state.votes += 1;
        if state.votes == state.majority() {
            state.become_leader();
            self.replicate(&mut state);
        }
    }

    /// Sends each follower what it lacks, or a heartbeat if that is nothing, each on a thread of its own.
    fn replicate(self: &Arc<Self>, state: &mut State) {
        state.reset_timer();
        for peer in state.others() {
            let raft = Arc::clone(self);
            let args = state.entries_for(peer);
            let append = thread::Builder::new()
                .name(format!("append {}->{peer}", self.me))
                .spawn(move || raft.send_entries(peer, args))
                .unwrap();
            state.adopt(append);
        }
    }

    /// Sends entries to one follower and, when a majority has them, commits them.
    fn send_entries(&self, peer: usize, args: AppendEntriesArgs) {
        let term = args.term;
        let last_sent = args.prev_log_index + args.entries.len() as u64;
        let reply = self.client.call(peer, Request::AppendEntries(args));
        let Some(Reply::AppendEntries(reply)) = reply else {
            return;
        };
        let mut state = self.state.lock().unwrap();
        if reply.term > state.current_term {
            state.become_follower(reply.term);
            return;
        }
        if state.role != Role::Leader || state.current_term != term {
            return;
        }
        reply_used!(state.peer, "move the index");
        if reply.success {
            // An answer that was overtaken by a later one must not take back what that one told us.
            state.match_index[peer] = state.match_index[peer].max(last_sent);
            state.next_index[peer] = state.match_index[peer] + 1;
            state.commit_what_a_majority_has();
        } else {
            state.next_index[peer] = reply.retry_from.max(state.match_index[peer] + 1);
        }
    }
}

impl Service for Raft {
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        let mut state = self.state.lock().unwrap();
        if args.term > state.current_term {
            state.become_follower(args.term);
        }
        let candidate_log = (args.last_log_term, args.last_log_index);
        let granted = args.term == state.current_term
            && state.voted_for.is_none_or(|peer| peer == args.candidate)
            && candidate_log >= (state.log.last_term(), state.log.last_index());
        if granted {
            state.give_vote(args.candidate);
            state.persist();
            state.reset_timer();
        }
        RequestVoteReply { term: state.current_term, granted }
    }

    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        let mut state = self.state.lock().unwrap();
        if args.term < state.current_term {
            return state.answer_to_leader(false, 0);
        }
        if args.term > state.current_term || state.role == Role::Candidate {
            state.become_follower(args.term);
        }
        state.reset_timer();
        if state.log.term_of(args.prev_log_index) != Some(args.prev_log_term) {
            let retry_from = state.log.retry_from(args.prev_log_index);
            return state.answer_to_leader(false, retry_from);
        }
        let last_new = args.prev_log_index + args.entries.len() as u64;
        state.take_over(args.prev_log_index + 1, args.entries);
        // Entries behind the new ones may still differ from the leader's: they must not be committed by this message.
        state.commit(args.leader_commit.min(last_new));
        state.answer_to_leader(true, 0)
    }
}

impl State {
    fn become_follower(&mut self, term: u64) {
        let was_leader = self.role == Role::Leader;
        self.set_term(term);
        self.role = Role::Follower;
        role!(self.peer, "follower");
        self.persist();
        if was_leader {
            // The timer was set to the next heartbeat, which is far too soon for an election.
            self.reset_timer();
        }
    }

    fn become_candidate(&mut self) {
        self.set_term(self.current_term + 1);
        self.role = Role::Candidate;
        role!(self.peer, "candidate");
        self.give_vote(self.me);
        self.votes = 1;
        self.persist();
        self.reset_timer();
    }

    fn become_leader(&mut self) {
        self.role = Role::Leader;
        role!(self.peer, "leader");
        let next = self.log.last_index() + 1;
        self.next_index.fill(next);
        self.match_index.fill(0);
    }

    /// Enters a term. The vote belongs to the term: there is a new one in a new term, but never a second one.
    fn set_term(&mut self, term: u64) {
        if term > self.current_term {
            self.current_term = term;
            self.voted_for = None;
            term!(self.peer, term);
        }
    }

    fn give_vote(&mut self, candidate: usize) {
        self.voted_for = Some(candidate);
        vote!(self.peer, candidate);
    }

    fn append(&mut self, entries: Vec<Entry>) {
        log_append!(self.peer, self.log.last_index() + 1, entries.iter().map(traced));
        self.log.append(entries);
    }

    fn truncate(&mut self, from: u64) {
        self.log.truncate(from);
        log_truncate!(self.peer, from);
    }

    /// Writes a leader's entries at `first` and behind. Those that are there already stay, together with all that
    /// follows them: a delayed message must not cut off what a later one has brought.
    fn take_over(&mut self, first: u64, mut entries: Vec<Entry>) {
        let known = self.log.count_known(first, &entries);
        let new = entries.split_off(known);
        if new.is_empty() {
            return;
        }
        if first + (known as u64) <= self.log.last_index() {
            self.truncate(first + known as u64);
        }
        self.append(new);
        self.persist();
    }

    /// Moves the commit index forward, never back, and applies what is committed now.
    fn commit(&mut self, index: u64) {
        if index <= self.commit_index {
            return;
        }
        self.commit_index = index;
        commit!(self.peer, index);
        while self.last_applied < self.commit_index {
            self.apply(self.last_applied + 1);
        }
    }

    fn apply(&mut self, index: u64) {
        let entry = self.log.get(index).unwrap();
        self.state_machine.apply(index, &entry.command);
        self.last_applied = index;
        apply!(self.peer, index, entry.term, entry.command.as_str());
    }

    /// Only entries of the leader's own term are committed by counting; earlier ones go with them (Figure 8).
    fn commit_what_a_majority_has(&mut self) {
        let mut known = self.match_index.clone();
        known[self.me] = self.log.last_index();
        known.sort_unstable_by(|one, other| other.cmp(one));
        let index = known[self.majority() - 1];
        if self.log.term_of(index) == Some(self.current_term) {
            self.commit(index);
        }
    }

    /// Term, vote and log go to the disk before anybody can learn of them by an answer or a request.
    fn persist(&mut self) {
        self.persister.save(Durable {
            current_term: self.current_term,
            voted_for: self.voted_for,
            entries: self.log.from(1),
        });
        persist!(self.peer, self.current_term, self.voted_for, self.log.last_index());
    }

    fn reset_timer(&mut self) {
        let wait = match self.role {
            Role::Leader => self.config.heartbeat,
            _ => self.random.duration(self.config.election.clone()),
        };
        self.timer = Instant::now() + wait;
    }

    /// Keeps a thread's handle for [`Raft::join`], and forgets the handles of those that have ended.
    fn adopt(&mut self, thread: thread::JoinHandle<()>) {
        self.threads.retain(|thread| !thread.is_finished());
        self.threads.push(thread);
    }

    fn entries_for(&self, peer: usize) -> AppendEntriesArgs {
        let next = self.next_index[peer];
        AppendEntriesArgs {
            term: self.current_term,
            prev_log_index: next - 1,
            prev_log_term: self.log.term_of(next - 1).unwrap(),
            entries: self.log.from(next),
            leader_commit: self.commit_index,
        }
    }

    fn answer_to_leader(&self, success: bool, retry_from: u64) -> AppendEntriesReply {
        AppendEntriesReply { term: self.current_term, success, retry_from }
    }

    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let me = self.me;
        (0..self.match_index.len()).filter(move |peer| *peer != me)
    }

    fn majority(&self) -> usize {
        self.match_index.len() / 2 + 1
    }
}

fn traced(entry: &Entry) -> LogEntry<&str> {
    LogEntry { term: entry.term, digest: &entry.command }
}
