//! The two calls of Raft, as the paper's Figure 2 names their fields.

/// One command in the log, with the term of the leader that accepted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The term in which a leader accepted the command.
    pub term: u64,
    /// What the state machine is to do.
    pub command: String,
}

/// A candidate asks for a vote.
#[derive(Clone, Debug)]
pub struct RequestVoteArgs {
    /// The term of the election.
    pub term: u64,
    /// Who wants the vote.
    pub candidate: usize,
    /// The index of the candidate's last entry.
    pub last_log_index: u64,
    /// The term of the candidate's last entry.
    pub last_log_term: u64,
}

/// The answer to a [`RequestVoteArgs`].
#[derive(Clone, Debug)]
pub struct RequestVoteReply {
    /// The voter's current term.
    pub term: u64,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// A leader sends entries, or none of them as a heartbeat.
#[derive(Clone, Debug)]
pub struct AppendEntriesArgs {
    /// The leader's term.
    pub term: u64,
    /// The index of the entry before the new ones.
    pub prev_log_index: u64,
    /// The term of the entry before the new ones.
    pub prev_log_term: u64,
    /// The new entries.
    pub entries: Vec<Entry>,
    /// How far the leader has committed.
    pub leader_commit: u64,
}

/// The answer to an [`AppendEntriesArgs`].
#[derive(Clone, Debug)]
pub struct AppendEntriesReply {
    /// The follower's current term.
    pub term: u64,
    /// Whether the follower has the entry before the new ones, and hence now the new ones.
    pub success: bool,
    /// Where the leader had better try next, if not.
    pub retry_from: u64,
}

/// What a peer can ask of another one.
#[derive(Clone, Debug)]
pub enum Request {
    /// A candidate asks for a vote.
    RequestVote(RequestVoteArgs),
    /// A leader replicates its log.
    AppendEntries(AppendEntriesArgs),
}

/// The answer to the [`Request`] of the same name.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Whether the vote was given.
    RequestVote(RequestVoteReply),
    /// Whether the entries were taken.
    AppendEntries(AppendEntriesReply),
}

/// The name of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// See [`Request::RequestVote`].
    RequestVote,
    /// See [`Request::AppendEntries`].
    AppendEntries,
}

impl Method {
    /// The name, as the paper has it.
    pub fn name(self) -> &'static str {
        match self {
            Method::RequestVote => "RequestVote",
            Method::AppendEntries => "AppendEntries",
        }
    }
}

impl Request {
    /// Which call this is.
    pub fn method(&self) -> Method {
        match self {
            Request::RequestVote(_) => Method::RequestVote,
            Request::AppendEntries(_) => Method::AppendEntries,
        }
    }

    /// The term in which the caller sent it.
    pub fn term(&self) -> u64 {
        match self {
            Request::RequestVote(args) => args.term,
            Request::AppendEntries(args) => args.term,
        }
    }
}
