//! Loads of whole files, of none, and of what goes wrong on the way.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;

const TRACE: &str = "{\"peerscope\":1,\"unit\":\"ns\"}\n\
    {\"ts\":1,\"peer\":0,\"term\":1,\"kind\":\"role\",\"role\":\"leader\"}\n\
    {\"ts\":2,\"peer\":1,\"term\":1,\"kind\":\"role\",\"role\":\"leader\"}\n";

fn steps(paths: Vec<PathBuf>) -> (Vec<Step>, usize) {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let mut loading = Loading::start(paths, move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let mut steps = Vec::new();
    while let Some(step) = loading.wait() {
        steps.push(step);
    }
    assert_eq!(loading.progress(), Progress { doing: "is done", share: Some(1.0) });
    (steps, woken.load(Ordering::SeqCst))
}

#[test]
fn a_file_is_opened_and_then_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("two-leaders.jsonl");
    fs::write(&path, TRACE).expect("written");
    let (steps, woken) = steps(vec![path]);
    let [Step::Opened(run, scene, notes), Step::Checked(report)] = &steps[..] else { panic!("opened, then checked") };
    assert_eq!((run.trace().len(), scene.groups.len(), notes.len(), woken), (2, 2, 0, 2));
    assert_eq!(run.problems().len(), 1, "it has no end: {:?}", run.problems());
    assert_eq!(report.findings.iter().map(|finding| finding.detector).collect::<Vec<_>>(), ["two-leaders-in-term"]);
}

#[test]
fn what_cannot_be_read_fails_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("no\n\u{1b}[31mtrace.jsonl");
    for write in [false, true] {
        if write {
            fs::write(&path, "no trace").expect("written");
        }
        let (steps, _) = steps(vec![path.clone()]);
        let [Step::Failed(why)] = &steps[..] else { panic!("it fails") };
        assert!(why.contains("no\\n\\u{1b}[31mtrace.jsonl") && !why.contains('\n'), "{why:?}");
    }
}

#[test]
fn a_panic_fails_too() {
    let (send, steps) = channel();
    let job = Job { shared: Arc::default(), send, wake: Box::new(|| ()) };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    job.run(|_| panic!("index out of\nbounds"));
    std::panic::set_hook(hook);
    let Ok(Step::Failed(why)) = steps.recv() else { panic!("it fails") };
    assert!(why.ends_with("index out of\\nbounds"), "{why}");
}

#[test]
fn whoever_drops_a_load_hears_no_more_of_it() {
    let (send, steps) = channel();
    let woken = Arc::new(Mutex::new(0));
    let count = Arc::clone(&woken);
    let job = Job { shared: Arc::default(), send, wake: Box::new(move || *count.lock().expect("not poisoned") += 1) };
    drop(Loading { steps, shared: Arc::clone(&job.shared) });
    assert!(job.shared.reading.is_stopped());
    job.run(|job| job.load(&[PathBuf::from("never-read.jsonl")]));
    assert_eq!(*woken.lock().expect("not poisoned"), 0);
}

#[test]
fn a_check_that_nobody_waits_for_any_more_brings_no_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("two-leaders.jsonl");
    fs::write(&path, TRACE).expect("written");
    let (send, steps) = channel();
    let shared = Arc::<Shared>::default();
    let other = Arc::clone(&shared);
    // Whoever is woken by the first step has gone on to another file.
    let job = Job { shared, send, wake: Box::new(move || other.reading.stop()) };
    job.run(|job| job.load(&[path]));
    let steps: Vec<Step> = steps.iter().collect();
    assert!(matches!(&steps[..], [Step::Opened(..)]), "{} steps", steps.len());
}
