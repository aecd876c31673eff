//! Traces of any size, for benches: peers that elect, replicate and lock as the Raft lab does.

use std::fs::File;
use std::io;
use std::path::Path;

use peerscope_format::header::TraceHeader;
use peerscope_format::shape::{Encoding, Field, Shape};
use peerscope_format::value::{Term, Value, put_text};
use peerscope_format::varint::put_u64;
use peerscope_format::wire::{Context, Image, ImageBuilder};

const PEERS: u64 = 5;

/// A trace of about `events` events: rounds in which a leader asks every follower, each with its lock and its tasks.
pub fn lab(events: u64) -> Image {
    let mut lab = Lab::new();
    let mut request = 0;
    while lab.count < events {
        lab.term += u64::from(request % 2_000 == 0);
        let leader = lab.term % PEERS;
        if request % 2_000 == 0 {
            lab.event(leader, 1 + leader, "term", &[], &[]);
            lab.event(leader, 1 + leader, "role", &["candidate"], &[("role", Encoding::Text)]);
            lab.event(leader, 1 + leader, "role", &["leader"], &[("role", Encoding::Text)]);
        }
        request += 1;
        lab.round(leader, (leader + 1 + request % (PEERS - 1)) % PEERS, request);
    }
    lab.end();
    lab.builder.finish()
}

/// Writes [`lab`] into a file.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, events: u64) -> io::Result<()> {
    lab(events).write_to(&mut File::create(path)?)
}

struct Lab {
    builder: ImageBuilder,
    count: u64,
    term: u64,
    now: u64,
    seq: [u64; PEERS as usize],
}

impl Lab {
    fn new() -> Self {
        let header =
            TraceHeader { start: Some("2026-01-31T12:00:00Z".into()), one_writer: true, ..TraceHeader::default() };
        let mut lab = Lab { builder: ImageBuilder::new(header), count: 0, term: 0, now: 0, seq: [0; PEERS as usize] };
        for peer in 0..PEERS {
            lab.event(peer, 1 + peer, "peer.start", &["fresh"], &[("how", Encoding::Text)]);
        }
        lab
    }

    fn event(&mut self, peer: u64, task: u64, kind: &str, texts: &[&str], fields: &[(&str, Encoding)]) {
        let mut values = Vec::new();
        texts.iter().for_each(|text| put_text(&mut values, text));
        self.push(peer, task, kind, fields, &values);
    }

    fn numbers(&mut self, peer: u64, task: u64, kind: &str, fields: &[(&str, u64)]) {
        let mut values = Vec::new();
        fields.iter().for_each(|(_, number)| put_u64(&mut values, *number));
        let fields: Vec<_> = fields.iter().map(|(name, _)| (*name, Encoding::U64)).collect();
        self.push(peer, task, kind, &fields, &values);
    }

    fn push(&mut self, peer: u64, task: u64, kind: &str, fields: &[(&str, Encoding)], values: &[u8]) {
        let line = Encoding::constant(&Value::from("raft.rs:1"));
        let fields = fields.iter().cloned().chain([("src", line)]);
        let fields = fields.map(|(name, encoding)| Field { name: name.into(), encoding }).collect();
        let shape = self.builder.shape(&Shape { kind: kind.into(), fields });
        let context = Context { peer: Some(Value::U64(peer)), task: Some(Value::U64(task)), ..Context::default() };
        let context = self.builder.context(&context);
        self.now += 700;
        self.count += 1;
        let pushed = self.builder.push(self.now, context, Some(Term(self.term)), shape, values);
        assert_eq!(pushed, Ok(false), "a synthetic trace is in order");
    }

    fn lock(&mut self, peer: u64, task: u64, kind: &str) {
        self.seq[peer as usize] += u64::from(kind == "lock.acquire");
        let seq = self.seq[peer as usize];
        self.numbers(peer, task, kind, &[("lock", peer), ("seq", seq)]);
    }

    /// One request from `leader` to `follower` and back.
    fn round(&mut self, leader: u64, follower: u64, rpc: u64) {
        let (caller, handler) = (10 + leader * 10 + rpc % 8, 100 + follower * 10 + rpc % 8);
        self.lock(leader, caller, "lock.acquire");
        self.lock(leader, caller, "lock.release");
        self.numbers(leader, caller, "rpc.send", &[("rpc", rpc), ("to", follower), ("msg_term", self.term)]);
        self.numbers(follower, handler, "rpc.recv", &[("rpc", rpc), ("from", leader), ("msg_term", self.term)]);
        self.lock(follower, handler, "lock.acquire");
        self.numbers(follower, handler, "persist", &[("durable_term", self.term), ("last_index", rpc)]);
        self.lock(follower, handler, "lock.release");
        self.numbers(follower, handler, "rpc.reply", &[("rpc", rpc), ("msg_term", self.term)]);
        self.numbers(leader, caller, "rpc.return", &[("rpc", rpc), ("msg_term", self.term)]);
        self.lock(leader, caller, "lock.acquire");
        self.event(leader, caller, "reply.used", &["move the index"], &[("purpose", Encoding::Text)]);
        self.numbers(leader, caller, "commit", &[("index", rpc)]);
        self.lock(leader, caller, "lock.release");
    }

    fn end(&mut self) {
        self.event(0, 1, "process.end", &["exit 0"], &[("how", Encoding::Text)]);
    }
}
