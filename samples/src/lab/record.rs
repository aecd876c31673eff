//! How the network tells the trace of a call: at the line of the peer that makes it, with what the messages carry.

use super::message::{Loss, Message};
use super::rpc::{Reply, Request};
use peerscope::{Current, rpc_reply, rpc_return, rpc_send};
use std::panic::Location;

/// A line of the program.
pub(super) type Line = &'static Location<'static>;

/// The caller sends its request.
pub(super) fn request(Message { rpc, method, callee, term, .. }: Message, request: &Request, line: Line) {
    let caller = Current.called_from(line);
    match request {
        Request::RequestVote(args) => rpc_send!(
            caller, rpc, method.name(), callee, "msg_term": term,
            "last_index": args.last_log_index, "last_term": args.last_log_term,
        ),
        Request::AppendEntries(args) => rpc_send!(
            caller, rpc, method.name(), callee, "msg_term": term, "prev_index": args.prev_log_index,
            "prev_term": args.prev_log_term, "count": args.entries.len(), "leader_commit": args.leader_commit,
        ),
    }
}

/// The handler answers.
pub(super) fn reply(message: Message, reply: &Reply) {
    match reply {
        Reply::RequestVote(reply) => {
            rpc_reply!(Current, message.rpc, "msg_term": reply.term, "granted": reply.granted);
        }
        Reply::AppendEntries(reply) => {
            rpc_reply!(Current, message.rpc, "msg_term": reply.term, "success": reply.success);
        }
    }
}

/// The caller has the outcome.
pub(super) fn outcome(message: Message, outcome: &Result<Reply, Loss>, line: Line) {
    let caller = Current.called_from(line);
    match outcome {
        Ok(Reply::RequestVote(reply)) => {
            rpc_return!(caller, message.rpc, "ok", "msg_term": reply.term, "granted": reply.granted);
        }
        Ok(Reply::AppendEntries(reply)) => {
            rpc_return!(caller, message.rpc, "ok", "msg_term": reply.term, "success": reply.success);
        }
        Err(Loss::TimedOut) => rpc_return!(caller, message.rpc, "timeout"),
        Err(_) => rpc_return!(caller, message.rpc, "dropped"),
    }
}
