//! Ours: own events, foreign events through our Layer, and both while nothing is recorded.

use std::hint::black_box;

use peerscope::{Builder, Peer, dprintf, event, term};
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Contender, Group, Target};
use crate::measure::{Bench, integers};

/// The first is what all others are compared with.
pub(super) const EVENTS: &[Contender] = &[
    Contender {
        name: "ours: dprintf!",
        group: Group::Event,
        targets: &[Target::Ns(20.0), Target::Bytes(16.0), Target::NoAllocation, Target::NoSystemCall],
        records: 1,
        run: |bench| {
            let peer = record(bench)?;
            let _in = peer.enter();
            Ok(bench.run(USUAL, |number| say(&peer, number)))
        },
    },
    Contender {
        name: "ours: event! (3 integers)",
        group: Group::Event,
        targets: &[Target::Ns(20.0), Target::Bytes(16.0), Target::NoAllocation, Target::NoSystemCall],
        records: 1,
        run: |bench| {
            let peer = record(bench)?;
            let _in = peer.enter();
            Ok(bench.run(USUAL, |number| {
                let [of, _, next, size] = integers(number);
                event!(peer, Progress { "of": of, "next": next, "match": size });
            }))
        },
    },
    Contender {
        name: "ours: dprintf!, Layer installed",
        group: Group::Event,
        targets: &[Target::Ns(20.0), Target::NoAllocation],
        records: 1,
        run: |bench| {
            let peer = record(bench)?;
            let _in = peer.enter();
            install_layer()?;
            Ok(bench.run(USUAL, |number| say(&peer, number)))
        },
    },
    Contender {
        name: "ours: tracing event through the Layer",
        group: Group::Event,
        targets: &[Target::Ns(35.0), Target::NoAllocation, Target::NoSystemCall],
        records: 1,
        run: |bench| {
            let peer = record(bench)?;
            let _in = peer.enter();
            install_layer()?;
            Ok(bench.run(USUAL, foreign))
        },
    },
    Contender {
        name: "ours: tracing event with a message through the Layer",
        group: Group::Event,
        targets: &[Target::NoAllocation],
        records: 1,
        run: |bench| {
            let peer = record(bench)?;
            let _in = peer.enter();
            install_layer()?;
            Ok(bench.run(USUAL, |number| {
                let [peer, term, index, size] = integers(number);
                tracing::event!(Level::INFO, peer, term, index, size, "append");
            }))
        },
    },
    Contender {
        name: "ours: dprintf!, not recording",
        group: Group::Event,
        targets: &[Target::Net(1.0), Target::NoAllocation],
        records: 0,
        run: |bench| {
            let peer = Peer::new(1);
            Ok(bench.run_with_base(OFF, |number| say(&peer, number), nothing))
        },
    },
    Contender {
        name: "ours: dprintf!, left out by PEERSCOPE",
        group: Group::Event,
        targets: &[Target::Net(1.0), Target::NoAllocation],
        records: 0,
        run: |bench| {
            let peer = record_filtered(bench, "log=off")?;
            Ok(bench.run_with_base(OFF, |number| say(&peer, number), nothing))
        },
    },
    Contender {
        name: "ours: dprintf!, with a filter that names another peer",
        group: Group::Event,
        targets: &[Target::NoAllocation],
        records: 1,
        run: |bench| {
            let peer = record_filtered(bench, "peer.2=off")?;
            Ok(bench.run(USUAL, |number| say(&peer, number)))
        },
    },
    Contender {
        name: "ours: tracing event through the Layer, not recording",
        group: Group::Event,
        targets: &[Target::NoAllocation],
        records: 0,
        run: |bench| {
            install_layer()?;
            Ok(bench.run_with_base(OFF, foreign, nothing))
        },
    },
];

/// One thread is the base here.
pub(super) const THREADS: &[Contender] = &[Contender {
    name: "2 threads: ours, dprintf!",
    group: Group::Threads,
    targets: &[Target::Scale(1.9)],
    records: 1,
    run: |bench| {
        let peer = record(bench)?;
        Ok(bench.run_threads(USUAL, || |number| say(&peer, number)))
    },
}];

/// Events a batch.
const USUAL: u64 = 500_000;
const OFF: u64 = 5_000_000;

/// Begins to record, in the name of a peer in term 3.
pub(super) fn record(bench: &Bench) -> std::io::Result<Peer> {
    record_filtered(bench, "")
}

fn record_filtered(bench: &Bench, filter: &str) -> std::io::Result<Peer> {
    Builder::new(bench.dir.join("ours.pscope")).filter(filter).start()?;
    let peer = Peer::new(1);
    term!(peer, 3);
    Ok(peer)
}

/// The event that everything is about.
#[inline(always)]
pub(super) fn say(to: &Peer, number: u64) {
    let [peer, term, index, size] = integers(number);
    dprintf!(to, log, "append {peer} {term} {index} {size}");
}

/// The same as a `tracing` event.
#[inline(always)]
pub(super) fn foreign(number: u64) {
    let [peer, term, index, size] = integers(number);
    tracing::event!(Level::INFO, peer, term, index, size);
}

/// What a loop costs that says nothing.
#[inline(always)]
pub(super) fn nothing(number: u64) {
    black_box(number);
}

fn install_layer() -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(peerscope::layer()))
}
