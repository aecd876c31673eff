//! Roles and terms: what a peer is known to be, from when to when.

use super::*;
use crate::lane::Look;

/// The band of the only peer of a story.
fn band(story: &str) -> String {
    let trace = trace_from_jsonl(story);
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    let lane = scene.lane_of_role(trace.peers().ids().next().expect("a peer")).expect("a band");
    let text = render_lane(&trace, &scene.lanes[lane]);
    let main = text.lines().find_map(|line| line.trim().strip_prefix("main: ").map(str::to_owned));
    main.expect("a band")
}

#[test]
fn what_is_known_ends_where_events_were_lost() {
    let story = r#"
        {"ts":0,"peer":0,"task":1,"kind":"role","role":"leader","term":2}
        {"ts":30,"peer":0,"task":1,"kind":"log","msg":"a"}
        {"ts":50,"peer":0,"task":1,"kind":"lost","events":700}
        {"ts":60,"peer":0,"task":1,"kind":"lost","events":7}
        {"ts":90,"peer":0,"task":1,"kind":"log","msg":"x","term":3}
        {"ts":95,"peer":0,"task":1,"kind":"role","role":"follower","term":3}
    "#;
    assert_eq!(band(story), "Leader t2 0-2 | OtherRole 2-4 | OtherRole t3 4-5 | Follower t3 5..");
}

#[test]
fn losses_of_a_file_concern_its_peers_and_losses_of_nothing_nobody() {
    let lost = |lost: &str| {
        band(&format!(
            "{{\"ts\":0,\"peer\":0,\"kind\":\"role\",\"role\":\"leader\",\"term\":2}}\n{{\"ts\":5,{lost}}}\n\
             {{\"ts\":9,\"kind\":\"lost\"}}\n"
        ))
    };
    assert_eq!(lost(r#""kind":"lost","events":3"#), "Leader t2 0-1 | OtherRole 1..");
    assert_eq!(lost(r#""kind":"lost","events":0"#), "Leader t2 0-2 | OtherRole 2..");
    assert_eq!(lost(r#""peer":1,"kind":"lost","events":3"#), "Leader t2 0-2 | OtherRole 2..");
    assert_eq!(lost(r#""task":8,"kind":"lost","events":3"#), "Leader t2 0-2 | OtherRole 2..");
}

#[test]
fn a_term_that_becomes_known_is_no_rise() {
    let said_apart = r#"
        {"ts":0,"peer":0,"kind":"role","role":"follower","term":1}
        {"ts":10,"peer":0,"kind":"term","term":2}
        {"ts":20,"peer":0,"kind":"role","role":"candidate"}
        {"ts":40,"peer":0,"kind":"role","role":"leader"}
        {"ts":60,"peer":0,"kind":"commit","index":1,"term":2}
    "#;
    assert_eq!(band(said_apart), "Follower t1 0-1 | Follower t2 1-2 | Candidate t2 2-3 | Leader t2 3..");
    let late = r#"
        {"ts":0,"peer":0,"kind":"role","role":"leader"}
        {"ts":60,"peer":0,"kind":"commit","index":1,"term":2}
        {"ts":70,"peer":0,"kind":"commit","index":2,"term":2}
    "#;
    assert_eq!(band(late), "Leader 0-1 | Leader t2 1..");
}

#[test]
fn the_band_says_what_the_roles_say() {
    let in_a_request = r#"
        {"ts":0,"peer":0,"task":1,"kind":"role","role":"leader","term":2}
        {"ts":30,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"AE","to":1,"term":3}
        {"ts":50,"peer":0,"task":1,"kind":"log","msg":"x","term":3}
    "#;
    assert_eq!(band(in_a_request), "Leader t2 0-1 | OtherRole t3 1..");
    let downwards = r#"
        {"ts":0,"peer":0,"task":1,"kind":"role","role":"leader","term":5}
        {"ts":20,"peer":0,"task":1,"kind":"commit","index":1,"term":3}
        {"ts":50,"peer":0,"task":1,"kind":"term","term":4}
        {"ts":70,"peer":0,"task":1,"kind":"role","role":"Leader","term":6}
    "#;
    assert_eq!(band(downwards), "Leader t5 0-2 | Leader t4 2-3 | Leader t6 3..");
    let of_no_name = r#"
        {"ts":0,"peer":0,"kind":"role","role":"leader","term":5}
        {"ts":20,"peer":0,"kind":"role","term":5}
        {"ts":30,"peer":0,"kind":"role","role":"king","term":5}
    "#;
    assert_eq!(band(of_no_name), "Leader t5 0-2 | OtherRole t5 2..");
}

#[test]
fn who_does_not_say_which_incarnation_it_is_is_no_zombie() {
    let story = |inc: &str| {
        format!(
            r#"
        {{"ts":0,"peer":0,"kind":"peer.start","how":"fresh","inc":0}}
        {{"ts":1,"peer":0,"kind":"role","role":"leader","term":2,"inc":0}}
        {{"ts":2,"peer":0,"kind":"peer.stop","how":"crashed","inc":0}}
        {{"ts":4,"peer":0,"kind":"peer.start","how":"restarted","inc":1}}
        {{"ts":5,"peer":0,"kind":"role","role":"follower","term":2,"inc":1}}
        {{"ts":6,"peer":0,"kind":"role","role":"leader","term":3{inc}}}
        {{"ts":7,"peer":0,"kind":"commit","index":1,"term":4,"inc":1}}
        "#
        )
    };
    let before = "OtherRole 0-1 | Leader t2 1-2 | Down 2-3 | OtherRole 3-4";
    assert_eq!(band(&story("")), format!("{before} | Follower t2 4-5 | Leader t3 5-6 | OtherRole t4 6.."));
    assert_eq!(band(&story(",\"inc\":0")), format!("{before} | Follower t2 4-6 | Follower t4 6.."));
}

#[test]
fn short_leaderships_stand_for_what_is_too_small_to_be_drawn_each() {
    let line = |at: u32| {
        let (ts, role) = (at / 2 * 1_000 + at % 2, if at.is_multiple_of(2) { "leader" } else { "follower" });
        format!("{{\"ts\":{ts},\"peer\":0,\"kind\":\"role\",\"role\":\"{role}\",\"term\":{}}}\n", at / 2)
    };
    let trace = trace_from_jsonl(&(0..4_000).map(line).collect::<String>());
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    let track = &scene.lanes[0].tracks[0];
    let times = scene.times(&trace);
    let mut seen = Vec::new();
    track.fold().pieces(
        scene.span,
        100_000,
        |at| track.times(times, at),
        |piece| {
            let stands = track.standing_for(piece);
            seen.push((piece.count > 1, track.block(stands).look, track.term(&trace, stands).is_some()));
        },
    );
    assert!(!seen.is_empty() && seen.iter().all(|seen| *seen == (true, Look::Leader, true)), "{seen:?}");
}

#[test]
fn another_incarnation_begins_another_life_whatever_says_so_first() {
    check(
        r#"
        {"ts":1,"peer":0,"inc":0,"term":1,"kind":"role","role":"leader"}
        {"ts":2,"peer":0,"inc":1,"term":1,"kind":"vote","for":1}
        "#,
        "== peer 0
        role
        main: Leader t1 0-1 | OtherRole t1 1..
        points: Vote t1 1",
    );
}

#[test]
fn a_role_too_short_to_be_seen_stands_for_more_than_the_one_around_it() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":0,"peer":0,"term":1,"kind":"role","role":"candidate"}
        {"ts":10,"peer":0,"term":1,"kind":"role","role":"leader"}
        {"ts":20,"peer":0,"term":1,"kind":"role","role":"follower"}
        {"ts":900,"peer":0,"kind":"peer.stop"}
        {"ts":901,"peer":0,"kind":"peer.start"}
        {"ts":902,"peer":0,"term":1,"kind":"role","role":"follower"}
        {"ts":1000,"peer":0,"term":1,"kind":"role","role":"learner"}
        "#,
    );
    let scene = Scene::new(&Facts::new(&trace, &[]));
    let (band, times) = (&scene.lanes[0].tracks[0], scene.times(&trace));
    let stands = |begin: i64, end: i64| {
        let mut found = Vec::new();
        band.fold().pieces(
            Span::new(begin, end),
            i64::MAX,
            |index| band.times(times, index),
            |piece| found.push(piece),
        );
        found.iter().map(|piece| band.block(band.standing_for(*piece)).look).collect::<Vec<_>>()
    };
    use crate::lane::Look::Leader;
    assert_eq!(stands(0, 1_001), [Leader]);
    let piece = |first: u32, count: u32, longest: u32, grade: u8| crate::fold::Piece {
        first,
        count,
        begin: 0,
        end: 0,
        longest,
        busy: 0,
        worst: None,
        grade,
    };
    assert_eq!(band.standing_for(piece(2, 3, 2, 1)), 3, "that it was down weighs more than that it followed");
    assert_eq!(band.standing_for(piece(4, 3, 5, 0)), 5, "where all weigh the same, the longest stands for them");
}
