//! The proof of "change the `use` lines": one program that calls every method of the originals, compiled against `std` and
//! against the tracked ones, does the same. And without the feature `record` they are as large as the originals.

/// A module that is the program, with `sync` and `thread` of this crate: once for each run, since there are statics in it.
macro_rules! program {
    ($name:ident of $from:ident) => {
        mod $name {
            use $from::{sync, thread};
            include!("program.rs");

            /// All that the program says.
            pub(crate) fn run() -> Vec<Vec<String>> {
                are_shared_as_before();
                vec![locks(), conditions(), channels(), meetings(), initialisations(), threads()]
            }
        }
    };
}

program!(original of std);
program!(tracked of peerscope);

#[test]
fn a_program_does_the_same_with_either() {
    assert_eq!(original::run(), tracked::run());
}

#[cfg(feature = "record")]
#[allow(dead_code, reason = "sizes do not change by recording")]
mod while_it_is_recorded {
    program!(original of std);
    program!(recorded of peerscope);

    #[test]
    fn a_program_does_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        peerscope::Builder::new(folder.path().join("trace.pscope")).start().expect("a trace begins");
        assert_eq!(original::run(), recorded::run());
    }
}

/// Every primitive, guard and handle is as large as its original.
#[cfg(not(feature = "record"))]
#[test]
fn nothing_is_larger_without_the_feature() {
    assert_eq!(original::sizes(), tracked::sizes());
}

/// The difference is what the feature costs: if it vanished, the test above would compare nothing.
#[cfg(feature = "record")]
#[test]
fn with_the_feature_they_know_who_they_are() {
    let (original, tracked) = (original::sizes(), tracked::sizes());
    for (before, after) in original.into_iter().zip(tracked) {
        assert!(after.1 > before.1 || after.0 == "Scope", "{before:?} {after:?}");
    }
}
