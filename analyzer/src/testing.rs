//! Fixtures for tests of traces and detectors: a few JSON lines that read like a story.

#[doc(hidden)]
pub mod synthetic;
pub mod verdict;

use peerscope_format::json;

use crate::model::Trace;
use crate::read::{self, Problem};

/// The header of a fixture that has none.
const HEADER: &str = "{\"peerscope\":1,\"unit\":\"ns\"}\n";

/// The trace that these JSON lines tell. The header line may be left out; blank lines and lines that begin with `//`
/// are passed over.
///
/// # Panics
/// If they are no trace, or one with other problems than a missing end and what its own `lost` events say: a fixture is
/// wrong then.
pub fn trace_from_jsonl(jsonl: &str) -> Trace {
    let (trace, problems) = trace_and_problems(&[jsonl]);
    use read::ProblemKind::{CutOff, Lost, Unexpected};
    // What `lost` events say has no place in the file.
    let told = |problem: &&Problem| match problem.kind {
        CutOff | Lost => true,
        Unexpected => problem.offset.is_none(),
        _ => false,
    };
    let wrong: Vec<_> = problems.iter().filter(|problem| !told(problem)).collect();
    assert!(wrong.is_empty(), "a fixture must be whole: {wrong:?}");
    trace
}

/// The one run that several files tell, and what reading them said.
///
/// # Panics
/// If one is no trace.
pub fn trace_and_problems(files: &[&str]) -> (Trace, Vec<Problem>) {
    let mut problems = Vec::new();
    let images = files.iter().enumerate().map(|(number, file)| {
        let lines = file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        let body: String = lines.flat_map(|line| [line, "\n"]).collect();
        let text = if body.contains("\"peerscope\"") { body } else { format!("{HEADER}{body}") };
        let (image, said) = json::read(&mut text.as_bytes()).expect("a fixture is a trace");
        problems.extend(said.into_iter().map(|problem| Problem {
            source: None,
            kind: problem.kind.into(),
            offset: Some(problem.offset),
            detail: problem.detail,
        }));
        (format!("fixture-{number}"), image)
    });
    let images: Vec<_> = images.collect();
    let (trace, more) = read::from_images(images);
    problems.extend(more);
    (trace, problems)
}
