//! Every variant of every sample, run as a user would run it, and judged: the findings of severity error and warning that no
//! other finding causes must be exactly those that the registry names. A miss and a false alarm both fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::read::read;
use peerscope_analyzer::report::{self, FindingNote, Options, Report};
use peerscope_samples::registry::SAMPLES;

const PROGRAM: &str = env!("CARGO_BIN_EXE_peerscope-samples");

/// Runs a variant in a process of its own and leaves its trace in `folder`.
fn record(folder: &Path, sample: &str, variant: &str, seed: u64) -> PathBuf {
    let path = folder.join(format!("{sample}.{variant}.{seed}.pscope"));
    let run = Command::new(PROGRAM)
        .args(["run", sample, "--variant", variant, "--seed", &seed.to_string(), "-o"])
        .arg(&path)
        .env_remove("PEERSCOPE_TRACE")
        .output()
        .expect("the samples' own program runs");
    assert!(run.status.success(), "{sample} {variant}: {}", String::from_utf8_lossy(&run.stderr));
    path
}

fn check(path: &Path) -> Report {
    let (trace, problems) = read(&[path.to_owned()]).expect("a trace that was just written is readable");
    report::check(&trace, &problems, &Options::default())
}

fn matters(finding: &&FindingNote) -> bool {
    finding.severity != Severity::Info
}

/// The detectors of findings that no other finding causes, each once.
fn roots(report: &Report) -> Vec<&str> {
    let mut roots: Vec<_> =
        report.findings.iter().filter(matters).filter(|it| it.caused_by.is_empty()).map(|it| it.detector).collect();
    roots.sort_unstable();
    roots.dedup();
    roots
}

#[test]
fn every_variant_has_exactly_its_findings() {
    let folder = tempfile::tempdir().expect("a folder for traces");
    for sample in SAMPLES {
        for variant in sample.variants {
            let name = format!("{} ({})", sample.name, variant.name);
            let report = check(&record(folder.path(), sample.name, variant.name, 1));
            assert_eq!(roots(&report), variant.expect, "{name}: {:#?}", report.findings);
            for also in variant.also {
                let consequence = |it: &FindingNote| it.detector == *also && !it.caused_by.is_empty();
                assert!(report.findings.iter().any(consequence), "{name}: {also} is missing");
            }
            if variant.expect.is_empty() {
                assert!(report.findings.is_empty(), "{name}: {:#?}", report.findings);
                assert!(report.gaps.is_empty(), "{name} is not clean: {:#?}", report.gaps);
            }
            assert!(report.traces.iter().all(|trace| trace.problems.is_empty()), "{name}: {:?}", report.traces);
        }
    }
}

/// The lecture's story, as its user must read it: both elections, and the vote in between.
#[test]
fn the_two_leaders_are_proved_with_both_elections_and_the_vote_in_between() {
    let folder = tempfile::tempdir().expect("a folder for traces");
    let report = check(&record(folder.path(), "raft-stale-votes", "buggy", 1));
    let finding = report.findings.iter().find(|it| it.detector == "two-leaders-in-term").expect("two leaders");
    assert_eq!(finding.term, Some(2));
    let story: Vec<_> = finding.witnesses.iter().map(|witness| witness.text.as_str()).collect();
    let place =
        |text: &str| story.iter().position(|line| *line == text).unwrap_or_else(|| panic!("{text}: {story:#?}"));
    let in_order = [
        place("peer 0 becomes candidate in term 1"),
        place("peer 1 becomes candidate in term 2"),
        place("peer 0 votes for peer 1 in term 2"),
        place("peer 0 becomes leader in term 2"),
    ];
    assert!(in_order.is_sorted(), "{story:#?}");
    place("peer 1 becomes leader in term 2");
    assert!(finding.witnesses.iter().all(|it| it.src.as_deref().is_some_and(|src| src.contains("raft.rs:"))));
}

/// The correct Raft under faults, with several seeds; `.ci` and the benches run many more.
#[test]
fn the_correct_raft_is_clean_under_faults() {
    let folder = tempfile::tempdir().expect("a folder for traces");
    for seed in 2..8 {
        let report = check(&record(folder.path(), "raft-lab", "fixed", seed));
        assert_eq!(roots(&report), [""; 0], "seed {seed}: {:#?}", report.findings);
        assert!(report.gaps.is_empty(), "seed {seed} is not clean: {:#?}", report.gaps);
    }
}

#[test]
fn the_demo_tells_the_story() {
    let folder = tempfile::tempdir().expect("a folder for traces");
    let demo = Command::new(PROGRAM).args(["demo", "-o"]).arg(folder.path()).output().expect("the demo runs");
    let text = String::from_utf8(demo.stdout).expect("text");
    assert!(demo.status.success());
    for part in ["both claim to lead term 2", "stale-reply-acted-on", "raft.rs:", "Look closer:", "fixed.pscope"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn a_wrong_call_says_what_would_be_right() {
    for (arguments, hint) in [
        (&["run", "no-such-sample"][..], "peerscope-samples list"),
        (&["run", "raft-relock", "--variant", "odd"], "buggy, fixed"),
        (&["sing"], "--help"),
        (&["list", "--format", "xml"], "text or json"),
    ] {
        let call = Command::new(PROGRAM).args(arguments).output().expect("the samples' own program runs");
        let message = String::from_utf8_lossy(&call.stderr).into_owned();
        assert_eq!(call.status.code(), Some(2), "{message}");
        assert!(message.contains(hint), "{message}");
    }
}

#[test]
fn the_list_is_the_registry() {
    let list = Command::new(PROGRAM).args(["list", "--format", "json"]).output().expect("the list");
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    let names: Vec<_> = list.as_array().expect("a list").iter().map(|sample| sample["name"].as_str()).collect();
    assert_eq!(names, SAMPLES.iter().map(|sample| Some(sample.name)).collect::<Vec<_>>());
    assert_eq!(list[3]["variants"][0]["expect"][0], "stale-reply-acted-on");
}
