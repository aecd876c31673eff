//! Traces that make no sense: no panic, and what holds of every scene holds of theirs.

use proptest::prelude::*;

use super::*;

const KINDS: &[&str] = &[
    "role",
    "term",
    "vote",
    "peer.start",
    "peer.stop",
    "lock.acquire",
    "lock.release",
    "lock.wait",
    "rpc.send",
    "rpc.recv",
    "rpc.reply",
    "rpc.return",
    "msg.send",
    "msg.recv",
    "msg.drop",
    "task.begin",
    "task.end",
    "task.spawn",
    "task.join",
    "task.joined",
    "test.begin",
    "test.phase",
    "test.end",
    "fault",
    "lost",
    "log",
    "sleep",
    "chan.recv",
    "no.such.kind",
];

prop_compose! {
    fn line()(
        ts in prop_oneof![9 => 0_u64..50, 1 => Just(u64::MAX), 1 => Just(i64::MAX as u64)],
        kind in prop::sample::select(KINDS),
        fields in prop::collection::vec((0_usize..16, 0_u32..3), 0..9),
    ) -> String {
        let mut line = format!("{{\"ts\":{ts},\"kind\":\"{kind}\"");
        let mut used = std::collections::BTreeSet::new();
        for (field, value) in fields.into_iter().filter(|(field, _)| used.insert(*field)) {
            let text = match field {
                0 => format!("\"peer\":{value}"),
                1 => format!("\"task\":{value}"),
                2 => format!("\"test\":{value}"),
                3 => format!("\"inc\":{value}"),
                4 => format!("\"term\":{value}"),
                5 => format!("\"lock\":{value}"),
                6 => format!("\"rpc\":{value}"),
                7 => format!("\"msg\":{value}"),
                8 => format!("\"to\":{value}"),
                9 => format!("\"role\":\"{}\"", ["leader", "follower", "king"][value as usize]),
                10 => format!("\"mode\":\"{}\"", ["shared", "exclusive", "upgradable"][value as usize]),
                11 => format!("\"what\":\"{}\"", ["partition", "heal", "delay"][value as usize]),
                12 => format!("\"outcome\":\"{}\"", ["ok", "timeout", "dropped"][value as usize]),
                13 => format!("\"child\":{value}"),
                14 => format!("\"select\":{value},\"chan\":{value}"),
                _ => format!("\"name\":\"n{value}\",\"seq\":{value}"),
            };
            line.push(',');
            line.push_str(&text);
        }
        line.push_str("}\n");
        line
    }
}

/// What holds of every scene.
fn assert_whole(trace: &Trace, facts: &Facts<'_>, scene: &Scene) {
    for track in scene.lanes.iter().flat_map(|lane| &lane.tracks) {
        assert!(!track.is_empty());
        let blocks: Vec<_> = (0..track.len()).map(|at| track.block(at)).collect();
        assert!(blocks.is_sorted_by_key(|block| block.begin));
        assert!(
            blocks
                .iter()
                .all(|block| block.begin.index() < trace.len() && block.end.is_none_or(|end| end >= block.begin))
        );
    }
    let lanes: Vec<_> = scene.groups.iter().flat_map(|group| group.lanes.clone()).collect();
    assert_eq!(lanes, (0..scene.lanes.len()).collect::<Vec<_>>(), "each lane in one group");
    for event in trace.events() {
        let lane = scene.lane_of(trace, event.id()).expect("each event has a lane");
        if let Some(peer) = event.peer().filter(|_| matches!(scene.lanes[lane].subject, crate::lane::Subject::Role(_)))
        {
            assert_eq!(scene.lane_of_role(peer), Some(lane));
        }
    }
    let mut lives = vec![0; trace.tasks().len()];
    for lane in scene.lanes.iter().filter(|lane| matches!(lane.subject, crate::lane::Subject::Tasks(_))) {
        let alive = &lane.tracks[0];
        let blocks = (0..alive.len()).map(|at| alive.block(at));
        blocks.for_each(|block| lives[trace.event(block.begin).task().expect("a task's").index()] += 1);
    }
    for task in trace.tasks().ids() {
        assert_eq!(lives[task.index()], usize::from(!trace.task_events(task).is_empty()), "one lane for {task:?}");
    }
    for lock in trace.locks().ids() {
        let own = scene.lanes.iter().filter(|lane| lane.subject == crate::lane::Subject::Lock(lock)).count();
        let held = facts.holds().of_lock(lock).count() > 0;
        assert!(own <= 1 && (own == 1 || !held));
        assert_eq!(scene.lane_of_lock(lock).is_some(), own == 1);
    }
    assert_eq!(scene.activity.iter().map(|count| *count as usize).sum::<usize>(), trace.len());
}

proptest! {
    #[test]
    fn no_trace_is_too_strange(lines in prop::collection::vec(line(), 0..40)) {
        let (trace, problems) = trace_and_problems(&[&lines.concat()]);
        let facts = Facts::new(&trace, &problems);
        let mut scene = Scene::new(&facts);
        assert_whole(&trace, &facts, &scene);
        let before = render(&facts, &scene);
        scene.mark(&trace, &check_facts(&facts, &Options::default()));
        prop_assert!(scene.marks.all().is_sorted_by_key(|mark| mark.event));
        prop_assert_eq!(before, render(&facts, &Scene::new(&facts)), "the same trace gives the same scene");
    }
}

#[test]
fn ids_of_other_traces_are_passed_over() {
    let trace = trace_from_jsonl(r#"{"ts":1,"peer":0,"kind":"log","msg":"only"}"#);
    let facts = Facts::new(&trace, &[]);
    let mut scene = Scene::new(&facts);
    let longer = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"term":1,"kind":"role","role":"leader"}
        {"ts":2,"peer":1,"term":1,"kind":"role","role":"leader"}
        "#,
    );
    scene.mark(&trace, &check_facts(&Facts::new(&longer, &[]), &Options::default()));
    assert!(scene.marks.all().iter().all(|mark| mark.event == EventId(0)));
}
