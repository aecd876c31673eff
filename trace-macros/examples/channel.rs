//! RPCs over a plain channel between two peers of one process: the id rides beside the request.
//!
//! ```sh
//! PEERSCOPE_TRACE=channel.pscope cargo run -p peerscope --example channel && peerscope log --columns channel.pscope
//! ```

use std::time::Duration;

use peerscope::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use peerscope::{Peer, dprintf, reply_used, rpc, thread};

/// A request on its way; the answer goes back by a channel of its own.
struct Request {
    id: u64,
    from: u64,
    candidate: u64,
    answer: Sender<bool>,
}

/// Asks peer `to` for its vote.
fn ask(me: &Peer, number: u64, to: u64, network: &Sender<Request>) -> bool {
    let call = rpc::call(me, to, "RequestVote");
    let (answer, reply) = channel();
    let request = Request { id: call.id().into(), from: number, candidate: number, answer };
    if network.send(request).is_err() {
        call.failed();
        return false;
    }
    match reply.recv_timeout(Duration::from_secs(10)) {
        Ok(granted) => {
            call.returned();
            reply_used!(me, "count the vote");
            granted
        }
        Err(RecvTimeoutError::Timeout) => {
            call.timed_out();
            false
        }
        Err(RecvTimeoutError::Disconnected) => {
            call.dropped();
            false
        }
    }
}

/// Answers until nobody asks any more; gives its one vote to whoever asks first.
fn serve(me: &Peer, requests: &Receiver<Request>) {
    let mut voted_for = None;
    for request in requests {
        let handling = rpc::handle(me, request.id, request.from, "RequestVote");
        let granted = *voted_for.get_or_insert(request.candidate) == request.candidate;
        dprintf!(me, vote, "answer to {from}: {granted}", from = request.from);
        handling.reply();
        // Whoever asked may have given up.
        let _ = request.answer.send(granted);
    }
}

pub(crate) fn main() {
    let (network, requests) = channel();
    let voter = thread::spawn(move || {
        let me = Peer::new(2);
        let _in = me.enter();
        serve(&me, &requests);
    });
    let candidates: Vec<_> = [0_u64, 1]
        .into_iter()
        .map(|number| {
            let network = network.clone();
            thread::spawn(move || {
                let me = Peer::new(number);
                let _in = me.enter();
                ask(&me, number, 2, &network)
            })
        })
        .collect();
    drop(network);
    let votes = candidates.into_iter().map(|candidate| candidate.join().expect("it ends well"));
    println!("{} vote given", votes.filter(|granted| *granted).count());
    voter.join().expect("it ends well");
}
