//! The invariants of ARCHITECTURE.md that a test can see.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above its member")
}

/// All Rust sources of the workspace and beside it, with their texts; build output and this file left out.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["trace-macros", "analyzer", "viewer", "samples"].map(|name| root().join(name)).into();
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
    let not_public = ["peerscope_format", "peerscope_dprintf", "peerscope_samples", "use peerscope::"];
    assert_eq!(uses("viewer/", &[], &not_public), NOWHERE, "the viewer sees only what the analyzer shows to all");
    assert_eq!(uses("", &["viewer/"], &["peerscope_viewer", "eframe", "egui"]), NOWHERE, "nobody else opens a window");

    let ours = ["use peerscope::", "peerscope_analyzer", "peerscope_samples", "peerscope_dprintf"];
    assert_eq!(uses("trace-macros/format/", &[], &ours), NOWHERE);
    assert_eq!(uses("trace-macros/dprintf/src/lib.rs", &[], &["peerscope_format", "peerscope_analyzer"]), NOWHERE);
    assert_eq!(uses("trace-macros/src/", &[], &["peerscope_analyzer", "peerscope_samples"]), NOWHERE);
    assert_eq!(uses("analyzer/src/", &["analyzer/src/testing"], &["use peerscope::", "peerscope_samples"]), NOWHERE);
}

#[test]
fn only_the_reader_touches_trace_files() {
    // Synthetic traces for benches are written where they are made.
    let but = ["analyzer/src/read", "analyzer/src/cli", "analyzer/src/report/excerpt.rs", "analyzer/src/testing"];
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

/// The viewer's files whose concern is something else: tests may name colours and set up any state.
const VIEWER_TESTS: &str = "viewer/tests/";

fn is_test_of_viewer(line: &str) -> bool {
    line.starts_with(VIEWER_TESTS)
        || line.split(':').next().is_some_and(|name| name.ends_with("/tests.rs") || name.contains("/tests/"))
}

/// As [`uses`], below `viewer/`, without its tests.
fn viewer_uses(but: &[&str], words: &[&str]) -> Vec<String> {
    uses("viewer/", but, words).into_iter().filter(|line| !is_test_of_viewer(line)).collect()
}

#[test]
fn one_file_of_the_viewer_names_colours() {
    // The rasteriser blends colours that others named.
    let but = ["viewer/src/colors", "viewer/src/raster"];
    let named = ["Color32::", "Rgba::", "Hsva::", "hex_color!", "from_rgb"];
    assert_eq!(viewer_uses(&but, &named), NOWHERE);
}

#[test]
fn one_file_of_the_viewer_turns_time_into_pixels() {
    // Whoever divides by a span, or makes points of its ends, does what `TimeScale` is for.
    let but = ["viewer/src/timescale", "viewer/benches/"];
    let by_hand = ["/ self.visible.length()", "visible.begin as f", "visible.end as f", ".begin as f32", "ts() as f32"];
    assert_eq!(viewer_uses(&but, &by_hand), NOWHERE);
}

#[test]
fn the_state_of_the_viewer_changes_by_commands() {
    let assigns = |line: &str| {
        let code = line.split(": ").nth(1).unwrap_or(line).trim_start_matches("self.").trim_start_matches("app.");
        let field = code.split([' ', '(', '[', ';']).next().unwrap_or_default();
        let after = code[field.len()..].trim_start();
        let operator = after.split(' ').next().unwrap_or_default();
        field.starts_with("state.") && matches!(operator, "=" | "+=" | "-=" | "*=" | "|=" | "&=" | "^=")
    };
    let changed: Vec<_> =
        viewer_uses(&["viewer/src/state"], &["state."]).into_iter().filter(|line| assigns(line)).collect();
    assert_eq!(changed, NOWHERE);
}

#[test]
fn the_viewer_judges_without_a_clock() {
    // A bench has one, and what waits for another thread.
    let but = ["viewer/benches/", "viewer/src/load", "viewer/src/window.rs"];
    assert_eq!(viewer_uses(&but, &["Instant::now", "SystemTime"]), NOWHERE);
}

#[test]
fn every_lane_and_every_panel_has_its_row() {
    for (list, below) in [("viewer/src/lanes.rs", "viewer/src/lanes/"), ("viewer/src/panels.rs", "viewer/src/panels/")]
    {
        let rows = fs::read_to_string(root().join(list)).expect("a list");
        for (name, _) in sources() {
            let Some(file) = name.strip_prefix(below).and_then(|file| file.strip_suffix(".rs")) else { continue };
            if !file.contains('/') && file != "tests" {
                assert!(
                    rows.lines().any(|line| line.trim_end_matches(';').ends_with(&format!("mod {file}"))),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn nobody_builds_a_window_unasked() {
    let cargo = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace");
    let line =
        |key: &str| cargo.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key} is missing"));
    let (all, unasked) = (line("members = ["), line("default-members = ["));
    assert!(all.contains("\"viewer\"") && !unasked.contains("\"viewer\""), "{unasked}");
    assert_eq!(all.replace(", \"viewer\"", ""), unasked.trim_start_matches("default-"), "the rest is built");
    for package in ["trace-macros", "trace-macros/format", "trace-macros/dprintf", "analyzer", "samples"] {
        let cargo = fs::read_to_string(root().join(package).join("Cargo.toml")).expect("a package");
        assert!(!cargo.contains("egui") && !cargo.contains("eframe") && !cargo.contains("viewer"), "{package}");
    }
}

#[test]
fn every_module_says_what_it_is() {
    // What is included into a module cannot bear its documentation; it says so itself.
    let says = |text: &str| text.starts_with("//!") || text.starts_with("// Included ");
    let silent = |(name, text): (String, String)| (!says(text.trim_start())).then_some(name);
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
    // CI runs this one.
    let in_ci = |line: &String| line.contains(r#"#[ignore = "needs a display; .ci/run gives it one"]"#);
    let left: Vec<_> = uses("", &[], &banned).into_iter().filter(|line| !in_ci(line)).collect();
    assert_eq!(left, NOWHERE);
    let ci = fs::read_to_string(root().join(".ci/run")).expect("what CI does");
    assert!(ci.contains("-- --ignored"), "CI runs what others pass over");
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
    for command in [
        "cargo run --release --bin peerscope-samples -- demo",
        "cargo test --workspace",
        "cargo run --release -p peerscope-viewer -- ",
    ] {
        assert!(readme.lines().any(|line| line.starts_with(command)), "{command}");
    }
    for detector in peerscope_analyzer::detect::registry::DETECTORS {
        assert!(readme.contains(detector.name), "{} is missing in the README", detector.name);
    }
}
