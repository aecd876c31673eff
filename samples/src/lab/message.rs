//! The messages of a call, and how far they come.

use super::rpc::Method;

/// The direction of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// From the caller to the peer that it calls.
    Request,
    /// Back to the caller.
    Reply,
}

/// One message of a call. The reply has the same caller, callee and term as its request.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// The call, which no other call of this network shares.
    pub rpc: u64,
    /// Who calls.
    pub caller: usize,
    /// Who is called.
    pub callee: usize,
    /// Which way the message goes.
    pub leg: Leg,
    /// The call's name.
    pub method: Method,
    /// The term in which the caller sent the request.
    pub term: u64,
    /// Which start of the caller sent the request.
    pub caller_incarnation: u64,
    /// Which start of the callee the request was sent to.
    pub callee_incarnation: u64,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The caller has sent the request.
    Sent,
    /// The message waits at a gate.
    Held,
    /// The message is late.
    Delayed,
    /// The handler has started.
    Delivered,
    /// The handler has answered.
    Answered,
    /// The network has lost the message.
    Lost,
    /// The caller has the answer, or knows that there is none.
    Returned,
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The network dropped the message.
    Dropped,
    /// One of the two is not connected, or in another part of the network.
    Unreachable,
    /// One of the two has crashed since the request was sent.
    Crashed,
    /// The caller gave up.
    TimedOut,
}
