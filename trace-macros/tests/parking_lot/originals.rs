//! The proof of "change the `use` lines": one program that calls every method of the originals, compiled against
//! `parking_lot` and against the tracked one, does the same. And without the feature `record` they are as large as the originals.

/// A module that is the program: once for each run, since there are statics in it.
macro_rules! program {
    ($name:ident of $($from:tt)*) => {
        mod $name {
            use $($from)*::*;
            include!("program.rs");

            /// All that the program says.
            pub(crate) fn run() -> Vec<Vec<String>> {
                vec![mutexes(), guards(), rw_locks(), upgrades(), re_entrant(), conditions(), initialisations()]
            }
        }
    };
}

program!(original of ::parking_lot);
program!(tracked of peerscope::parking_lot);

#[test]
fn a_program_does_the_same_with_either() {
    assert_eq!(original::run(), tracked::run());
}

#[cfg(feature = "record")]
#[allow(dead_code, reason = "sizes do not change by recording")]
mod while_it_is_recorded {
    program!(original of ::parking_lot);
    program!(recorded of peerscope::parking_lot);

    #[test]
    fn a_program_does_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        peerscope::Builder::new(folder.path().join("trace.pscope")).start().expect("a trace begins");
        assert_eq!(original::run(), recorded::run());
    }
}

/// Every lock and guard is as large as its original.
#[cfg(not(feature = "record"))]
#[test]
fn nothing_is_larger_without_the_feature() {
    assert_eq!(original::sizes(), tracked::sizes());
}

/// The difference is what the feature costs: if it vanished, the test above would compare nothing. Guards are the originals.
#[cfg(feature = "record")]
#[test]
fn with_the_feature_locks_know_who_they_are() {
    for (before, after) in original::sizes().into_iter().zip(tracked::sizes()) {
        assert_eq!(after.1 > before.1, !before.0.ends_with("Guard"), "{before:?} {after:?}");
    }
}
