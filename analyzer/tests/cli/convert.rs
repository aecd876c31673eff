//! `peerscope convert`: there and back, damage included.

use std::fs;

use serde_json::Value;

use super::common::{CLEAN, Folder, TWO_LEADERS, json, peerscope};

#[test]
fn converting_there_and_back_loses_nothing() {
    let folder = Folder::new();
    let jsonl = folder.file("run.jsonl", TWO_LEADERS);
    let (pscope, once, twice) = (folder.path("a.pscope"), folder.path("b.jsonl"), folder.path("c.jsonl"));
    for (from, to) in [(&jsonl, &pscope), (&pscope, &once), (&once, &twice)] {
        let run = peerscope(&["convert", from, to]);
        assert_eq!((run.status, &run.out[..]), (0, ""), "{from} {to}: {}", run.err);
    }
    assert_eq!(fs::read(&once).expect("a file"), fs::read(&twice).expect("a file"));
    let lines = |path: &str| -> Vec<Value> { fs::read_to_string(path).expect("a file").lines().map(json).collect() };
    let (before, after) = (lines(&jsonl), lines(&once));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after).skip(1) {
        for (key, value) in before.as_object().expect("an event") {
            // Ids are always written as strings.
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(text(value), text(&after[key]), "{key} of {before}");
        }
    }
    let findings = |path: &str| json(&peerscope(&["check", "--format", "json", path]).out)["findings"].clone();
    assert_eq!(findings(&jsonl), findings(&pscope));
}

#[test]
fn a_converted_file_still_has_one_writer() {
    let folder = Folder::new();
    let jsonl = folder.file(
        "one.jsonl",
        "{\"peerscope\":1,\"unit\":\"ns\"}\n\
         {\"ts\":1,\"peer\":0,\"task\":1,\"term\":5,\"kind\":\"lock.acquire\",\"lock\":1}\n\
         {\"ts\":2,\"peer\":0,\"task\":1,\"term\":5,\"kind\":\"term\"}\n\
         {\"ts\":3,\"peer\":0,\"task\":1,\"term\":5,\"kind\":\"lock.release\",\"lock\":1}\n\
         {\"ts\":4,\"peer\":0,\"task\":2,\"term\":5,\"kind\":\"lock.acquire\",\"lock\":1}\n\
         {\"ts\":5,\"peer\":0,\"task\":2,\"term\":3,\"kind\":\"term\"}\n\
         {\"ts\":6,\"peer\":0,\"task\":2,\"term\":3,\"kind\":\"lock.release\",\"lock\":1}\n\
         {\"ts\":7,\"kind\":\"process.end\",\"how\":\"exit 0\"}\n",
    );
    let pscope = folder.path("one.pscope");
    assert_eq!(peerscope(&["convert", &jsonl, &pscope]).status, 0);
    for path in [&jsonl, &pscope] {
        let found = json(&peerscope(&["check", "--format", "json", path]).out);
        assert_eq!(found["findings"][0]["detector"], "term-regression", "{path}: {found}");
    }
}

/// The reasons that the `lost` events of a file of JSON lines give.
fn losses(path: &str) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a file");
    let lost = text.lines().map(json).filter(|line| line["kind"] == "lost");
    lost.map(|line| line["why"].as_str().expect("a reason").to_owned()).collect()
}

#[test]
fn a_converted_file_is_as_incomplete_as_what_it_was_made_from() {
    let folder = Folder::new();
    let mut lines: Vec<&str> = CLEAN.lines().collect();
    lines.insert(2, "{\"ts\":15,\"task\":1,\"kind\":");
    let corrupt = folder.file("corrupt.jsonl", format!("{}\n", lines.join("\n")));
    let torn = folder.file("torn.jsonl", CLEAN.trim_end().strip_suffix("0\"}").expect("its end"));
    let backwards = folder.file("backwards.jsonl", CLEAN.replace("\"ts\":30", "\"ts\":5"));
    let whole = folder.path("whole.pscope");
    assert_eq!(peerscope(&["convert", &folder.file("clean.jsonl", CLEAN), &whole]).status, 0);
    assert_eq!(peerscope(&["check", "--strict", &whole]).status, 0, "what is whole stays whole");
    let whole = fs::read(&whole).expect("the native file");
    let cut = folder.file("cut.pscope", &whole[..whole.len() - 4096]);
    for damaged in [&corrupt, &torn, &backwards, &cut] {
        assert_eq!(peerscope(&["check", "--strict", damaged]).status, 3, "{damaged}");
        let mut from = damaged.clone();
        // There, back, and there again.
        for (step, name) in ["1.jsonl", "2.pscope", "3.pscope", "4.jsonl", "5.jsonl"].iter().enumerate() {
            let to = folder.path(name);
            let run = peerscope(&["convert", &from, &to]);
            assert_eq!(run.status, 0, "{damaged}: {}", run.err);
            assert!(step > 0 || run.err.contains(damaged), "{damaged}: {}", run.err);
            let run = peerscope(&["check", "--strict", &to]);
            assert_eq!(run.status, 3, "{damaged} as {name}: {}", run.out);
            from = to;
        }
        let (first, last) = (losses(&folder.path("1.jsonl")), losses(&folder.path("5.jsonl")));
        assert!(!first.is_empty(), "{damaged}");
        assert_eq!(first, last, "{damaged}: what is missing is said once");
    }
}

#[test]
fn what_was_lost_is_said_with_its_reason() {
    let folder = Folder::new();
    let broken = folder.file("broken.jsonl", CLEAN.replace("{\"ts\":20,", "{\"ts\":20 "));
    for name in ["a.jsonl", "a.pscope"] {
        let to = folder.path(name);
        peerscope(&["convert", &broken, &to]);
        let report = json(&peerscope(&["check", "--format", "json", &to]).out);
        let problem = &report["traces"][0]["problems"][0];
        assert_eq!(problem["what"], "lost");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains("before conversion, corrupt") && detail.contains("line 3 is not JSON"), "{detail}");
        assert_eq!(report["clean"], Value::Array(Vec::new()), "{name}: {report}");
    }
}

#[test]
fn a_file_is_not_converted_onto_itself() {
    let folder = Folder::new();
    let trace = folder.file("a.jsonl", CLEAN);
    let mut outs = vec![trace.clone(), format!("{}/./a.jsonl", folder.path(""))];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&trace, folder.path("link.pscope")).expect("a link");
        fs::hard_link(&trace, folder.path("hard.jsonl")).expect("a link");
        outs.extend([folder.path("link.pscope"), folder.path("hard.jsonl")]);
    }
    for out in outs {
        let run = peerscope(&["convert", &trace, &out]);
        assert_eq!((run.status, &run.out[..]), (2, ""), "{out}");
        assert!(run.err.contains("name another"), "{out}: {}", run.err);
        assert_eq!(fs::read_to_string(&out).expect("it is still there"), CLEAN);
    }
}

#[test]
fn what_a_conversion_says_is_lost_stands_at_the_end() {
    let folder = Folder::new();
    let mut lines: Vec<&str> = CLEAN.lines().collect();
    // The release is damaged: whether the lock is still held, nobody knows.
    lines[3] = "{\"ts\":30,\"task\":1,\"kind\":\"lock.rel";
    let broken = folder.file("broken.jsonl", format!("{}\n", lines.join("\n")));
    let (native, back) = (folder.path("a.pscope"), folder.path("b.jsonl"));
    assert_eq!(peerscope(&["convert", &broken, &native]).status, 0);
    assert_eq!(peerscope(&["convert", &native, &back]).status, 0);
    let text = fs::read_to_string(&back).expect("a file");
    let last = json(text.lines().last().expect("a line"));
    assert_eq!((&last["kind"], &last["ts"]), (&"lost".into(), &40.into()), "{text}");
    let findings = |path: &str| json(&peerscope(&["check", "--format", "json", path]).out)["findings"].clone();
    assert_eq!(findings(&broken), findings(&native));
    assert_eq!(findings(&broken), findings(&back));
}
