//! Arguments, help and explanations.

use super::common::{CLEAN, Folder, peerscope};

#[test]
fn unusable_arguments_are_told_on_stderr_with_a_hint() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", CLEAN);
    for (args, says) in [
        (&[][..], "a command is missing"),
        (&["frobnicate"], "there is no command `frobnicate`"),
        (&["check"], "a trace is missing"),
        (&["check", &trace, "--frobnicate"], "--frobnicate"),
        (&["check", &trace, "--format", "xml"], "there is no format `xml`"),
        (&["check", &trace, "--only", "no-such"], "there is no detector `no-such`"),
        (&["check", &trace, "--deny", "info"], "--deny warning"),
        (&["check", &trace, "--format"], "missing argument"),
        (&["check", &trace, "--only", "self-deadlock", "--skip", "self-deadlock"], "leave no detector"),
        (&["help", "no-such"], "there is no command `no-such`"),
        (&["log", &trace, "--around", "noon"], "`noon` is no event's number"),
        (&["log", &trace, "--around", "4"], "there is no event 4"),
        (&["explain", "no-such"], "there is no detector `no-such`"),
        (&["stuck", &trace, "--at", "noon"], "`noon` is no moment"),
        (&["stuck", &trace, "--at", "event:99"], "there is no event 99"),
        (&["stuck", &trace, &trace], "more than one trace"),
        (&["stuck", "--follow", &trace, "--at", "event:0"], "another moment"),
        (&["log", "--follow", &trace, "--around", "0"], "what is there"),
        (&["log", &trace, "--term", "x"], "`x` is no term"),
        (&["convert", &trace], "two paths are needed"),
        (&["convert", &trace, "out.xml"], ".jsonl, .pscope"),
        (&["soak"], "not yet"),
        (&["\x1b[2J"], "\\u{1b}[2J"),
    ] {
        let run = peerscope(args);
        assert_eq!(run.status, 2, "{args:?}");
        assert_eq!(run.out, "", "{args:?}: stdout is data");
        assert!(run.err.contains(says) && run.err.contains("--help"), "{args:?}: {}", run.err);
    }
}

#[test]
fn help_and_version_are_data() {
    let all = peerscope(&["--help"]);
    assert_eq!(all.status, 0);
    assert!(!all.out.contains("peerscope soak"), "it is not there yet");
    for command in ["check", "view", "stuck", "log", "info", "explain", "convert", "run"] {
        assert!(all.out.contains(&format!("peerscope {command}")), "{command}: {}", all.out);
        let one = peerscope(&[command, "--help"]);
        assert_eq!(one.status, 0, "{command}");
        assert!(one.out.contains(&format!("usage: peerscope {command}")), "{}", one.out);
        assert_eq!(peerscope(&["help", command]).out, one.out);
        assert!(!one.out.contains("--predict"), "nothing is predicted yet: {}", one.out);
    }
    assert!(all.out.contains("peerscope check TRACE... [options]"), "{}", all.out);
    assert!(all.out.contains("peerscope convert IN OUT"), "{}", all.out);
    let version = peerscope(&["--version"]);
    assert_eq!((version.status, version.out), (0, format!("peerscope {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn explain_tells_all_and_each() {
    let all = peerscope(&["explain"]);
    assert_eq!(all.status, 0);
    for line in all.out.lines() {
        let name = line.split(' ').next().expect("a name");
        let one = peerscope(&["explain", name]);
        assert_eq!(one.status, 0);
        for heading in ["What it is", "Why it matters", "Example", "How to fix"] {
            assert!(one.out.contains(heading), "{name}: {heading}");
        }
        assert_eq!(peerscope(&["explain", &format!("{name}/3")]).out, one.out);
    }
}
