//! RPCs over TCP with serde: the id is one more field of the envelope. Here both ends run in one process, and could as well
//! be two: ids are unique among them.
//!
//! ```sh
//! PEERSCOPE_TRACE=tcp.pscope cargo run -p peerscope --example tcp_serde && peerscope log --columns tcp.pscope
//! ```

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use peerscope::{Peer, rpc, rpc_reply, rpc_return, rpc_send, term, thread};
use serde::{Deserialize, Serialize};

/// One line of JSON.
#[derive(Deserialize, Serialize)]
struct Envelope<T> {
    rpc: u64,
    from: u64,
    body: T,
}

#[derive(Deserialize, Serialize)]
struct AppendEntries {
    term: u64,
    prev_index: u64,
    entries: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct Appended {
    term: u64,
    success: bool,
}

fn write<T: Serialize>(mut stream: &TcpStream, envelope: &Envelope<T>) -> io::Result<()> {
    let mut line = serde_json::to_vec(envelope)?;
    line.push(b'\n');
    stream.write_all(&line)
}

fn read<T: for<'d> Deserialize<'d>>(stream: &TcpStream) -> io::Result<Envelope<T>> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// The leader sends entries to a follower.
fn append(me: &Peer, to: u64, address: SocketAddr, body: AppendEntries) -> io::Result<bool> {
    let (term, count) = (body.term, body.entries.len());
    let call = rpc::call_with(me, |peer, id| {
        rpc_send!(peer, id, "AppendEntries", to, "msg_term": term, "prev_index": body.prev_index, "count": count);
    });
    // Where `?` leaves, the call is recorded as cancelled.
    let stream = TcpStream::connect(address)?;
    write(&stream, &Envelope { rpc: call.id().into(), from: 0, body })?;
    let Appended { term, success } = read::<Appended>(&stream)?.body;
    call.returned_with(|peer, id| rpc_return!(peer, id, "ok", "msg_term": term, "success": success));
    Ok(success)
}

/// The follower takes what one connection brings.
fn serve_one(me: &Peer, listener: &TcpListener) -> io::Result<()> {
    let (stream, _) = listener.accept()?;
    let Envelope { rpc, from, body } = read::<AppendEntries>(&stream)?;
    let handling = rpc::handle(me, rpc, from, "AppendEntries");
    let term = body.term;
    term!(me, term);
    let success = body.prev_index == 0;
    handling.reply_with(|peer, id| rpc_reply!(peer, id, "msg_term": term, "success": success));
    write(&stream, &Envelope { rpc, from: 1, body: Appended { term, success } })
}

pub(crate) fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let follower = thread::spawn(move || {
        let me = Peer::new(1);
        let _in = me.enter();
        (0..2).try_for_each(|_| serve_one(&me, &listener))
    });
    let me = Peer::new(0);
    let _in = me.enter();
    term!(me, 3);
    for prev_index in [7, 0] {
        let body = AppendEntries { term: 3, prev_index, entries: vec!["x = 1".into()] };
        let success = append(&me, 1, address, body).expect("the follower answers");
        println!("entries after {prev_index}: {}", if success { "taken" } else { "refused" });
    }
    follower.join().expect("it ends well").expect("the leader asks");
}
