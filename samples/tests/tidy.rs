//! The invariants of ARCHITECTURE.md that a test can see.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above its member")
}

/// All Rust sources of the workspace and beside it, with their texts; build output and this file left out.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["trace-macros", "analyzer", "samples"].map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tidy.rs") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    found.sort();
    assert!(found.len() > 80, "the search went wrong: {} files", found.len());
    found
}

/// Lines of `text` that are code, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    lines.filter(|(_, line)| !line.starts_with("//"))
}

/// Says where one of `words` stands in the code of a file below `folder`.
fn uses(folder: &str, but: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in sources() {
        if !name.starts_with(folder) || but.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let lines = code(&text).filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.extend(lines.map(|(number, line)| format!("{name}:{number}: {line}")));
    }
    found
}

const NOWHERE: [String; 0] = [];

#[test]
fn imports_run_one_way() {
    let ours = ["use peerscope::", "peerscope_analyzer", "peerscope_samples", "peerscope_dprintf"];
    assert_eq!(uses("trace-macros/format/", &[], &ours), NOWHERE);
    assert_eq!(uses("trace-macros/dprintf/src/lib.rs", &[], &["peerscope_format", "peerscope_analyzer"]), NOWHERE);
    assert_eq!(uses("trace-macros/src/", &[], &["peerscope_analyzer", "peerscope_samples"]), NOWHERE);
    assert_eq!(uses("analyzer/src/", &["analyzer/src/testing"], &["use peerscope::", "peerscope_samples"]), NOWHERE);
}

#[test]
fn only_the_reader_touches_trace_files() {
    let but = ["analyzer/src/read", "analyzer/src/cli", "analyzer/src/report/excerpt.rs"];
    assert_eq!(uses("analyzer/src/", &but, &["std::fs", "fs::", "File::"]), NOWHERE);
}

#[test]
fn detectors_and_facts_know_no_clock_and_no_other_detector() {
    let banned = ["std::time", "Instant", "SystemTime", "std::env", "std::io", "static mut", "super::super"];
    for folder in ["analyzer/src/detect/", "analyzer/src/facts", "analyzer/src/order", "analyzer/src/model"] {
        assert_eq!(uses(folder, &[], &banned), NOWHERE);
    }
    let others = ["detectors::", "use super::"];
    assert_eq!(uses("analyzer/src/detect/detectors/", &[], &others), NOWHERE);
}

#[test]
fn the_model_knows_neither_files_nor_screens() {
    let banned = ["serde", "std::path", "std::io", "anstyle", "crate::report", "crate::read", "crate::facts"];
    assert_eq!(uses("analyzer/src/model", &[], &banned), NOWHERE);
}

#[test]
fn every_module_says_what_it_is() {
    let silent = |(name, text): (String, String)| (!text.trim_start().starts_with("//!")).then_some(name);
    let twin = "samples/tests/twin/";
    let silent: Vec<_> = sources().into_iter().filter_map(silent).filter(|name| !name.starts_with(twin)).collect();
    assert_eq!(silent, NOWHERE);
}

#[test]
fn files_stay_short() {
    let long = |(name, text): (String, String)| (text.lines().count() > 520).then_some(name);
    let long: Vec<_> = sources().into_iter().filter_map(long).collect();
    assert_eq!(long, NOWHERE);
}

#[test]
fn nothing_is_left_for_later() {
    let banned = ["todo!", "unimplemented!", "FIXME", "XXX", "dbg!(", "#[ignore"];
    assert_eq!(uses("", &[], &banned), NOWHERE);
}

#[test]
fn every_detector_and_every_sample_has_its_file() {
    let detectors = peerscope_analyzer::detect::registry::DETECTORS;
    for detector in detectors {
        let file = root().join(format!("analyzer/src/detect/detectors/{}.rs", detector.name.replace('-', "_")));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.contains("#[cfg(test)]"), "{} has no fixtures", detector.name);
    }
    for sample in peerscope_samples::registry::SAMPLES {
        let file = root().join(format!("samples/src/programs/{}.rs", sample.name.replace('-', "_")));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.contains(sample.lecture), "{} does not say when the lecture shows it", sample.name);
    }
}

#[test]
fn the_readme_tells_no_lies() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    for command in ["cargo run --release --bin peerscope-samples -- demo", "cargo test --workspace"] {
        assert!(readme.lines().any(|line| line.starts_with(command)), "{command}");
    }
    for detector in peerscope_analyzer::detect::registry::DETECTORS {
        assert!(readme.contains(detector.name), "{} is missing in the README", detector.name);
    }
}
