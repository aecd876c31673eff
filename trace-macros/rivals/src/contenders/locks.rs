//! Lock and unlock without contention. The base is the plain mutex, measured in the same process in turns.

use std::sync::{Mutex, PoisonError};

use super::{Contender, Group, Target, ours};

/// The first is what the others are compared with.
pub(super) const ALL: &[Contender] = &[
    Contender {
        name: "lock + unlock: ours, recording",
        group: Group::Lock,
        targets: &[Target::Net(40.0), Target::Bytes(12.0), Target::NoAllocation],
        records: 2,
        run: |bench| {
            let peer = ours::record(bench)?;
            let _in = peer.enter();
            let (tracked, plain) = (peerscope::sync::Mutex::new(0), Mutex::new(0));
            let tracked = |number| *tracked.lock().unwrap_or_else(PoisonError::into_inner) += number;
            Ok(bench.run_with_base(USUAL, tracked, |number| add(&plain, number)))
        },
    },
    Contender {
        name: "lock + unlock: ours, not recording",
        group: Group::Lock,
        targets: &[Target::Net(1.0), Target::NoAllocation],
        records: 0,
        run: |bench| {
            let (tracked, plain) = (peerscope::sync::Mutex::new(0), Mutex::new(0));
            let tracked = |number| *tracked.lock().unwrap_or_else(PoisonError::into_inner) += number;
            Ok(bench.run_with_base(USUAL, tracked, |number| add(&plain, number)))
        },
    },
    Contender {
        name: "lock + unlock: std::sync::Mutex",
        group: Group::Lock,
        targets: &[],
        records: 0,
        run: |bench| {
            let plain = Mutex::new(0);
            Ok(bench.run(USUAL, |number| add(&plain, number)))
        },
    },
    Contender {
        name: "lock + unlock: tracing-mutex (lock order only, nothing written)",
        group: Group::Lock,
        targets: &[],
        records: 0,
        run: |bench| {
            // The module that tracks in release builds too.
            let (tracked, plain) = (tracing_mutex::stdsync::tracing::Mutex::new(0), Mutex::new(0));
            let tracked = |number| *tracked.lock().unwrap_or_else(PoisonError::into_inner) += number;
            Ok(bench.run_with_base(USUAL, tracked, |number| add(&plain, number)))
        },
    },
];

/// Pairs a batch.
const USUAL: u64 = 500_000;

#[inline(always)]
fn add(mutex: &Mutex<u64>, number: u64) {
    *mutex.lock().unwrap_or_else(PoisonError::into_inner) += number;
}
