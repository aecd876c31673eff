//! The proof of "change the `use` lines": one program, compiled against `crossbeam` and against the tracked one, does the same.
//! Without the feature `record` there is nothing to compare: the modules are the originals.

/// A module that is the program.
macro_rules! program {
    ($name:ident of $channel:path, $sync:path) => {
        mod $name {
            use $channel as channel;
            use $sync as sync;
            include!("program.rs");

            /// All that the program says.
            pub(crate) fn run() -> Vec<Vec<String>> {
                vec![queues(), limits(), clocks(), selects(), selects_by_hand(), groups()]
            }
        }
    };
}

program!(original of ::crossbeam_channel, ::crossbeam_utils::sync);
program!(tracked of peerscope::crossbeam::channel, peerscope::crossbeam::sync);

#[test]
fn a_program_does_the_same_with_either() {
    assert_eq!(original::run(), tracked::run());
}

#[cfg(feature = "record")]
mod while_it_is_recorded {
    program!(original of ::crossbeam_channel, ::crossbeam_utils::sync);
    program!(recorded of peerscope::crossbeam::channel, peerscope::crossbeam::sync);

    #[test]
    fn a_program_does_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        peerscope::Builder::new(folder.path().join("trace.pscope")).start().expect("a trace begins");
        assert_eq!(original::run(), recorded::run());
    }
}

#[cfg(not(feature = "record"))]
#[test]
fn without_the_feature_they_are_the_originals() {
    use std::any::TypeId;
    let tracked = TypeId::of::<peerscope::crossbeam::channel::Receiver<u32>>();
    assert_eq!(tracked, TypeId::of::<crossbeam_channel::Receiver<u32>>());
}
