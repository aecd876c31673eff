//! What stands at an edge, or is almost too small to be seen, is where it belongs, and found there.

use super::*;

/// The picture of `told` at a scroll and a height.
fn scrolled(told: &Told, scroll: f64, height: f64) -> Picture {
    told.view(Span::new(0, 1_000), scroll, height as f32, &[])
}

/// The upper and the lower edge of the row of the lane of an event, in points below the first row's upper edge.
fn row(told: &Told, event: u32) -> (f64, f64) {
    let lane = told.scene.lane_of(&told.trace, EventId(event)).expect("a lane");
    let row = told.layout.row_of_lane(lane).expect("a row");
    (row.top, row.top + f64::from(row.height))
}

#[test]
fn the_end_of_the_trace_is_drawn_only_where_it_is_in_sight() {
    let told = Told::new(STORY, &[]);
    let end = |begin, end| told.view(Span::new(begin, end), 0.0, 800.0, &[]).end;
    assert_eq!([end(0, 900), end(500, 1_500), end(1_100, 2_000)], [None, Some(600.0), None]);
}

#[test]
fn an_arrow_is_seen_as_long_as_one_of_its_ends_is() {
    let told = Told::new(STORY, &[]);
    // Of all rows, only that of the task of peer 1 and what is below it.
    let below = scrolled(&told, row(&told, 4).0, 800.0);
    let request = arrow(&below, false, Fate::Arrived);
    assert_eq!((request.from.1, request.to.1), (50.0, told.y(4) - row(&told, 4).0 as f32));
    // Only that of the task of peer 0 and what is above it.
    let above = scrolled(&told, 0.0, row(&told, 3).1);
    let request = arrow(&above, false, Fate::Arrived);
    assert_eq!((request.from.1, request.to.1), (told.y(3), 50.0 + row(&told, 3).1 as f32));
    // Both ends below the strip: nothing crosses it, though the role of peer 0 is in it.
    assert_eq!(scrolled(&told, 0.0, row(&told, 2).1).arrows, []);
}

#[test]
fn a_bundle_arrives_if_one_of_it_did_and_is_as_bad_as_its_worst() {
    let call = |ts: u32, rpc: &str, from: u32, to: u32| {
        let line = |at: u32, who: u32, what: &str| {
            format!("{{\"ts\":{},\"peer\":{who},\"task\":{who},\"kind\":\"rpc.{what}}}\n", ts + at)
        };
        let ask = line(0, from, &format!("send\",\"rpc\":\"{rpc}\",\"to\":{to}"));
        let heard = line(10, to, &format!("recv\",\"rpc\":\"{rpc}\",\"from\":{from}"));
        let answer = line(11, to, &format!("reply\",\"rpc\":\"{rpc}\""));
        let had = line(90, from, &format!("return\",\"rpc\":\"{rpc}\",\"outcome\":\"ok\""));
        (ask.clone(), [ask, heard, answer, had].concat())
    };
    let bundle = |story: String| {
        let told = Told::new(&story, &[]);
        let all = told.view(Span::new(0, 1_000_000), 0.0, 800.0, &[]).arrows;
        let lane = told.y(0);
        let from_0: Vec<_> = all.into_iter().filter(|arrow| arrow.from.1 == lane).collect();
        assert_eq!(from_0.len(), 1, "{from_0:?}");
        (from_0[0].is_reply, from_0[0].fate, from_0[0].arrived)
    };
    let lost = call(0, "never answered", 0, 1).0;
    let answered = call(100, "answered", 0, 1).1;
    assert_eq!(bundle(lost + &answered), (false, Fate::Unanswered, true), "the first never came");
    // The reply of 0 to 1 takes longest, and what never came stands between it and the first.
    let (first, lost, other) = (call(0, "a", 0, 1).1, call(100, "b", 0, 1).0, call(200, "c", 1, 0).1);
    assert_eq!(bundle(first + &lost + &other), (true, Fate::Unanswered, true));
}

#[test]
fn a_message_to_oneself_that_never_came_points_nowhere() {
    let story = r#"{"ts":0,"peer":0,"task":1,"kind":"log","msg":""}
        {"ts":500,"peer":0,"task":1,"kind":"rpc.send","rpc":"a","to":0}"#;
    let picture = Told::new(story, &[]).picture();
    let lost = arrow(&picture, false, Fate::Unanswered);
    assert_eq!((lost.from.1, lost.to.0 > lost.from.0), (lost.to.1, true));
}

#[test]
fn what_takes_no_time_is_wide_enough_to_be_seen_and_wider_if_it_bears_witness() {
    let mut told = Told::new(STORY, &[]);
    let width = |told: &Told, begin: i64| {
        let picture = told.view(Span::new(begin, 1_001), 0.0, 800.0, &[]);
        let line = picture.blocks.iter().find(|block| block.look == Look::Line).expect("the line");
        (line.right - line.left, line.right)
    };
    // At the right edge it keeps its width.
    assert_eq!(width(&told, 1), (1.5, 1_100.0));
    let lane = told.scene.lane_of(&told.trace, EventId(8)).expect("a lane");
    let marked = [(EventId(8), Severity::Error)];
    told.scene.lanes[lane].tracks.iter_mut().for_each(|track| track.mark(&marked));
    assert_eq!(width(&told, 1), (4.0, 1_100.0));
    let middle = told.view(Span::new(500, 1_500), 0.0, 800.0, &[]);
    let line = middle.blocks.iter().find(|block| block.look == Look::Line).expect("the line");
    assert_eq!((line.left, line.right), (600.0, 604.0));
}

#[test]
fn a_heading_shows_the_role_and_nothing_that_was_done_in_it() {
    let story = r#"{"ts":0,"peer":0,"term":1,"kind":"role","role":"follower"}
        {"ts":500,"peer":0,"term":1,"kind":"vote","for":0}
        {"ts":900,"peer":0,"term":1,"kind":"vote","for":0}"#;
    let looks = |collapsed: &[usize]| -> Vec<Look> {
        Told::new(story, collapsed).picture().blocks.iter().map(|block| block.look).collect()
    };
    assert_eq!(looks(&[0]), [Look::Follower]);
    assert_eq!(looks(&[]), [Look::Follower, Look::Vote, Look::Vote]);
}

#[test]
fn hatches_that_touch_become_one_that_spans_them_whatever_their_order() {
    let mut told = Told::new(STORY, &[]);
    let mut hatches = |missing: &[(i64, i64, bool)], visible: Span| -> Vec<(u32, u32, bool, f32, f32)> {
        let missing = missing.iter().map(|(begin, end, is_placed)| Missing {
            peer: None,
            lane: None,
            is_placed: *is_placed,
            span: Span::new(*begin, *end),
            why: "lost".into(),
        });
        told.scene.missing = missing.collect();
        let hatches = told.view(visible, 0.0, 800.0, &[]).hatches;
        let told =
            hatches.iter().map(|hatch| (hatch.missing, hatch.count, hatch.is_faint, hatch.rect[0], hatch.rect[2]));
        told.collect()
    };
    let all = Span::new(0, 1_000);
    assert_eq!(hatches(&[(300, 400, true), (100, 350, true)], all), [(0, 2, false, 200.0, 500.0)]);
    assert_eq!(hatches(&[(100, 500, true), (200, 300, true)], all), [(0, 2, false, 200.0, 600.0)]);
    assert_eq!(hatches(&[(102, 110, true), (100, 101, true)], all), [(0, 2, false, 200.0, 210.0)]);
    assert_eq!(hatches(&[(300, 301, true)], all), [(0, 1, false, 400.0, 404.0)], "short, but seen");
    // What is known to be missing is told from what may be; and what is out of sight is not drawn.
    assert_eq!(
        hatches(&[(100, 200, true), (150, 250, false)], all),
        [(0, 1, false, 200.0, 300.0), (1, 1, true, 250.0, 350.0)]
    );
    assert_eq!(hatches(&[(100, 200, true), (900, 950, true)], Span::new(300, 800)), []);
}

#[test]
fn edges_belong_to_what_they_bound() {
    let told = Told::new(STORY, &[]);
    let picture = told.picture();
    let leader = picture.blocks.iter().find(|block| block.look == Look::Leader).expect("it leads");
    let y = (leader.top + leader.bottom) / 2.0;
    assert_eq!(picture.block_at(leader.right, y), Some(leader));
    let [first, second] = picture.rows[..2] else { panic!("two rows") };
    assert_eq!((picture.row_at(first.top), picture.row_at(second.top)), (Some(&first), Some(&second)));
    // An arrow ends where it ends, though its line could go on.
    let request = arrow(&picture, false, Fate::Arrived);
    let on = |share: f32| {
        let along = |from: f32, to: f32| from + (to - from) * share;
        picture.arrow_at(along(request.from.0, request.to.0), along(request.from.1, request.to.1), 1.0)
    };
    assert_eq!([on(0.0), on(1.0), on(1.5), on(-0.5)], [Some(request), Some(request), None, None]);
    // One without a length is found where it stands.
    let point = Arrow { to: request.from, ..*request };
    let alone = Picture { arrows: vec![point], ..Picture::default() };
    assert_eq!(alone.arrow_at(request.from.0, request.from.1 + 1.0, 2.0), Some(&point));
}

#[test]
fn markers_out_of_sight_are_not_drawn_and_a_number_is_easier_to_hit() {
    let mut told = Told::new(STORY, &[]);
    let lane = told.scene.lane_of(&told.trace, EventId(6)).expect("a lane") as u32;
    let mark = |event: u32| Mark { event: EventId(event), lane, severity: Severity::Error };
    told.mark([3, 6, 7].map(mark).to_vec());
    let late = told.view(Span::new(550, 1_000), 0.0, 800.0, &[EventId(6), EventId(7)]);
    assert_eq!(late.markers.iter().map(|marker| (marker.event.0, marker.number)).collect::<Vec<_>>(), [(7, Some(2))]);
    // Of the row only the lower quarter is in sight: its middle is not.
    let (top, bottom) = row(&told, 6);
    assert_eq!(scrolled(&told, top + (bottom - top) * 0.75, 800.0).markers, []);
    // 7 has a number, 6 has none and is nearer to the pointer.
    let near = told.view(Span::new(0, 20_000), 0.0, 800.0, &[EventId(7)]);
    let [other, numbered] =
        [6, 7].map(|event| near.markers.iter().find(|marker| marker.event.0 == event).expect("drawn"));
    assert_eq!((other.at.0, numbered.at.0), (125.0, 130.0));
    assert_eq!(near.marker_at(126.0, told.y(6), 9.0), Some(numbered));
}

#[test]
fn marks_of_a_role_lie_below_it_and_those_of_a_task_over_it() {
    let told = Told::new(
        r#"{"ts":0,"peer":0,"term":1,"kind":"role","role":"follower"}
        {"ts":500,"peer":0,"term":1,"kind":"vote","for":0}
        {"ts":600,"peer":0,"task":1,"kind":"log","msg":""}
        {"ts":700,"peer":1,"term":1,"kind":"role","role":"follower"}"#,
        &[],
    );
    let height = |event: u32| row(&told, event).1 - row(&told, event).0;
    assert_eq!([0, 2, 3].map(height), [26.0 + 8.0, 18.0, 26.0]);
    let picture = told.picture();
    let block = |look: Look| picture.blocks.iter().find(|block| block.look == look).expect("it is drawn");
    assert!(block(Look::Follower).bottom < block(Look::Vote).top);
    assert!(block(Look::Alive).top <= block(Look::Line).top && block(Look::Line).bottom <= block(Look::Alive).bottom);
}
