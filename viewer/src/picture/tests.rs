//! Tests of pictures: stories with what of them is to be seen where. 1,000 ns are 1,000 points wide, from 100 on.

mod edges;
mod focus;

use std::collections::BTreeSet;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{EventId, Trace};
use peerscope_analyzer::testing::trace_from_jsonl;

use super::{Arrow, DISC, Emphasis, Overview, Picture, Placed, Viewport};
use crate::lane::{Look, Subject};
use crate::layout::{Layout, RowOf};
use crate::scene::{Fate, Mark, Marks, Missing, Scene};
use crate::timescale::{Span, TimeScale};

/// Peer 0 leads and asks peer 1 twice; the second time nobody hears.
const STORY: &str = r#"
    {"ts":0,"peer":0,"task":1,"term":1,"kind":"peer.start","how":"fresh"}
    {"ts":10,"peer":1,"task":2,"term":1,"kind":"peer.start","how":"fresh"}
    {"ts":100,"peer":0,"task":1,"term":1,"kind":"role","role":"leader"}
    {"ts":200,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":"a","method":"Append","to":1}
    {"ts":300,"peer":1,"task":2,"term":1,"kind":"rpc.recv","rpc":"a","method":"Append","from":0}
    {"ts":400,"peer":1,"task":2,"term":1,"kind":"rpc.reply","rpc":"a"}
    {"ts":500,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":"a","outcome":"ok"}
    {"ts":600,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":"b","method":"Append","to":1}
    {"ts":1000,"peer":1,"task":2,"term":1,"kind":"log","msg":"nothing came"}
"#;

struct Told {
    trace: Trace,
    scene: Scene,
    layout: Layout,
}

impl Told {
    fn new(story: &str, collapsed: &[usize]) -> Told {
        let trace = trace_from_jsonl(story);
        let scene = Scene::new(&Facts::new(&trace, &[]));
        let layout = Layout::new(&scene, &BTreeSet::from_iter(collapsed.iter().copied()));
        Told { trace, scene, layout }
    }

    fn view(&self, visible: Span, scroll: f64, height: f32, witnesses: &[EventId]) -> Picture {
        let scale = TimeScale { visible, left: 100.0, width: 1_000.0 };
        let viewport = Viewport { scale, top: 50.0, height, scroll };
        Picture::new(&self.trace, &self.scene, &self.layout, viewport, Emphasis { witnesses, ..Emphasis::default() })
    }

    fn mark(&mut self, marks: Vec<Mark>) {
        self.scene.marks = Marks::new(marks, &self.scene.groups, self.scene.times(&self.trace));
    }

    fn picture(&self) -> Picture {
        self.view(Span::new(0, 1_000), 0.0, 800.0, &[])
    }

    fn lane(&self, is: impl Fn(Subject) -> bool) -> usize {
        self.scene.lanes.iter().position(|lane| is(lane.subject)).expect("such a lane")
    }

    /// The middle of the row of the lane of an event, unscrolled.
    fn y(&self, event: u32) -> f32 {
        let lane = self.scene.lane_of(&self.trace, EventId(event)).expect("a lane");
        let row = self.layout.row_of_lane(lane).expect("a row");
        50.0 + row.top as f32 + row.height / 2.0
    }

    fn group(&self, peer: u32) -> usize {
        self.scene.groups.iter().position(|group| group.peer.is_some_and(|id| id.0 == peer)).expect("a group")
    }
}

fn fates(picture: &Picture) -> Vec<(bool, Fate, bool)> {
    let mut fates: Vec<_> = picture.arrows.iter().map(|arrow| (arrow.is_reply, arrow.fate, arrow.arrived)).collect();
    fates.sort_unstable();
    fates
}

fn arrow(picture: &Picture, is_reply: bool, fate: Fate) -> &Arrow {
    let is = |arrow: &&Arrow| (arrow.is_reply, arrow.fate) == (is_reply, fate);
    picture.arrows.iter().find(is).expect("such an arrow")
}

#[test]
fn a_leader_is_seen_from_its_election_to_the_end_in_the_colour_of_its_term() {
    let told = Told::new(STORY, &[]);
    let picture = told.picture();
    let role = told.lane(|subject| subject == Subject::Role(told.scene.groups[told.group(0)].peer.expect("a peer")));
    let leads = |block: &&Placed| block.lane as usize == role && block.look == Look::Leader;
    let leader = picture.blocks.iter().find(leads).expect("it leads");
    assert_eq!((leader.left, leader.right, leader.term, leader.open), (200.0, 1_100.0, 1, true));
    let row = picture.rows.iter().find(|row| row.of == RowOf::Lane(role)).expect("its row");
    assert!(row.top < leader.top && leader.bottom <= row.top + row.height);
    assert_eq!(picture.end, Some(1_100.0));
}

#[test]
fn arrows_go_from_task_to_task_and_one_that_never_came_points_the_way() {
    let told = Told::new(STORY, &[]);
    let picture = told.picture();
    assert_eq!(
        fates(&picture),
        [(false, Fate::Arrived, true), (false, Fate::Unanswered, false), (true, Fate::Arrived, true)]
    );
    let request = arrow(&picture, false, Fate::Arrived);
    assert_eq!((request.from, request.to), ((300.0, told.y(3)), (400.0, told.y(4))));
    let reply = arrow(&picture, true, Fate::Arrived);
    assert_eq!((reply.from, reply.to), ((500.0, told.y(5)), (600.0, told.y(6))));
    let lost = arrow(&picture, false, Fate::Unanswered);
    assert_eq!(lost.from, (700.0, told.y(7)));
    assert!(lost.to.0 > lost.from.0 && lost.to.1 > lost.from.1, "down, to peer 1: {lost:?}");
    assert!((lost.to.0 - lost.from.0).hypot(lost.to.1 - lost.from.1) < 30.0, "only a short way: {lost:?}");
}

#[test]
fn an_arrow_to_a_row_out_of_sight_ends_at_the_edge() {
    let told = Told::new(STORY, &[]);
    let middle = f64::from(told.y(3) - 50.0);
    // The rows of peer 0 are scrolled away, those of peer 1 are not.
    let picture = told.view(Span::new(0, 1_000), middle + 5.0, 800.0, &[]);
    let request = arrow(&picture, false, Fate::Arrived);
    assert_eq!(request.from, (300.0, 50.0));
    assert_eq!(request.to.1, told.y(4) - middle as f32 - 5.0);
    // All are.
    let below = told.view(Span::new(0, 1_000), told.layout.height() + 100.0, 800.0, &[]);
    assert_eq!((below.arrows, below.blocks, below.rows), (vec![], vec![], vec![]));
}

#[test]
fn a_message_on_its_way_through_the_whole_view_is_seen() {
    let told = Told::new(STORY, &[]);
    let picture = told.view(Span::new(240, 260), 0.0, 800.0, &[]);
    let request = arrow(&picture, false, Fate::Arrived);
    assert!(request.from.0 < 100.0 && request.to.0 > 1_100.0, "{request:?}");
    assert_eq!(picture.arrows.len(), 1);
}

#[test]
fn a_collapsed_peer_is_a_heading_with_its_role_and_its_messages() {
    let of = Told::new(STORY, &[]).group(0);
    let told = Told::new(STORY, &[of]);
    let picture = told.picture();
    let heading = picture.rows.iter().find(|row| row.of == RowOf::Group(of)).expect("its heading");
    let request = arrow(&picture, false, Fate::Arrived);
    assert_eq!(request.from.1, heading.top + heading.height / 2.0);
    let leader = picture.blocks.iter().find(|block| block.look == Look::Leader).expect("it leads");
    assert!(heading.top <= leader.top && leader.bottom <= heading.top + heading.height);
    let lanes = told.scene.groups[of].lanes.clone();
    assert!(!picture.rows.iter().any(|row| matches!(row.of, RowOf::Lane(lane) if lanes.contains(&lane))));
}

#[test]
fn rows_follow_each_other_and_are_found_by_height() {
    let told = Told::new(STORY, &[]);
    let all = told.layout.rows();
    assert!(all.windows(2).all(|pair| pair[0].top + f64::from(pair[0].height) == pair[1].top));
    assert_eq!(told.layout.visible(0.0, told.layout.height()), all);
    let second = all[1];
    assert_eq!(told.layout.visible(second.top, second.top + 1.0), [second]);
    assert_eq!(told.layout.visible(told.layout.height(), f64::MAX), []);
    assert_eq!(told.layout.visible(25.0, 1.0), [], "nothing fits into less than nothing");
}

#[test]
fn what_is_pointed_at_is_found() {
    let told = Told::new(STORY, &[]);
    let picture = told.picture();
    let leader = picture.blocks.iter().find(|block| block.look == Look::Leader).expect("it leads");
    let (x, y) = ((leader.left + leader.right) / 2.0, (leader.top + leader.bottom) / 2.0);
    assert_eq!(picture.block_at(x, y).map(|block| block.look), Some(Look::Leader));
    assert_eq!(picture.block_at(20.0, y), None, "left of the strip is nothing");
    let request = arrow(&picture, false, Fate::Arrived);
    let (x, y) = ((request.from.0 + request.to.0) / 2.0, (request.from.1 + request.to.1) / 2.0);
    assert_eq!(picture.arrow_at(x + 2.0, y, 4.0), Some(request));
    assert_eq!(picture.arrow_at(x, y - 2_000.0, 4.0), None);
    assert_eq!(picture.row_at(51.0), picture.rows.first());
    assert_eq!(picture.row_at(49.0), None);
}

#[test]
fn witnesses_have_their_numbers_and_those_of_other_findings_fold() {
    let mut told = Told::new(STORY, &[]);
    let lane = |event: u32| told.scene.lane_of(&told.trace, EventId(event)).expect("a lane") as u32;
    let mark = |event: u32, severity| Mark { event: EventId(event), lane: lane(event), severity };
    // Events 3, 6 and 7 stand on one lane: 200, 500, 600 ns.
    let marks =
        vec![mark(2, Severity::Error), mark(3, Severity::Warning), mark(6, Severity::Error), mark(7, Severity::Info)];
    told.mark(marks);
    let wide = told.view(Span::new(0, 1_000), 0.0, 800.0, &[EventId(2), EventId(6)]);
    let seen: Vec<_> = wide.markers.iter().map(|marker| (marker.event.0, marker.number, marker.at.0)).collect();
    assert_eq!(seen, [(3, None, 300.0), (7, None, 700.0), (2, Some(1), 200.0), (6, Some(2), 600.0)]);
    // Ten times the trace: 3 to 7 are 0.4 points apart.
    let far = told.view(Span::new(0, 1_000_000), 0.0, 800.0, &[]);
    let on_lane = far.markers.iter().filter(|marker| marker.at.1 == told.y(3));
    assert_eq!(on_lane.map(|marker| marker.severity).collect::<Vec<_>>(), [Severity::Error], "the worst remains");
    assert_eq!(far.marker_at(100.0, told.y(3), 5.0).map(|marker| marker.event.0), Some(6));
    let scrolled = told.view(Span::new(0, 1_000), told.layout.height(), 800.0, &[EventId(2)]);
    assert_eq!(scrolled.markers, []);
}

#[test]
fn a_trace_of_one_moment_and_a_strip_of_no_height_are_drawn() {
    let told = Told::new(r#"{"ts":5,"peer":0,"task":1,"kind":"log","msg":"x"}"#, &[]);
    let picture = told.view(Span::new(0, 10), 0.0, 0.0, &[]);
    assert_eq!((picture.rows.len(), picture.blocks.len()), (0, 0));
    assert!(!told.view(Span::new(0, 10), 0.0, 500.0, &[]).blocks.is_empty());
    let absurd = told.view(Span::new(i64::MIN, i64::MAX), 0.0, 500.0, &[]);
    assert!(absurd.blocks.iter().all(|block| block.left.is_finite() && block.left <= block.right));
}

#[test]
fn what_is_missing_is_hatched_over_the_rows_of_its_peer() {
    let mut told = Told::new(STORY, &[]);
    let group = told.group(1);
    let missing = |peer, begin, end| Missing {
        peer,
        lane: None,
        is_placed: true,
        span: Span::new(begin, end),
        why: "lost".into(),
    };
    let peer = told.scene.groups[group].peer;
    told.scene.missing = vec![missing(peer, 200, 400), missing(None, 999, 1_000), missing(None, 5_000, 6_000)];
    let picture = told.picture();
    assert_eq!(picture.hatches.iter().map(|hatch| (hatch.missing, hatch.count)).collect::<Vec<_>>(), [(0, 1), (1, 1)]);
    let rows = picture.rows.iter().filter(|row| match row.of {
        RowOf::Group(of) => of == group,
        RowOf::Lane(lane) => told.scene.groups[group].lanes.contains(&lane),
    });
    let rows: Vec<_> = rows.collect();
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    assert_eq!(picture.hatches[0].rect, [300.0, first.top, 500.0, last.top + last.height]);
    let [left, top, right, bottom] = picture.hatches[1].rect;
    assert!(right - left >= 4.0 && right <= 1_100.0, "a short loss is seen: {left} to {right}");
    let all = picture.rows.last().expect("a row");
    assert_eq!((top, bottom), (50.0, all.top + all.height));
}

#[test]
fn two_hundred_thousand_losses_are_as_many_hatches_as_can_be_told_apart() {
    let mut told = Told::new(STORY, &[]);
    let peer = told.scene.groups[told.group(1)].peer;
    let missing = |place: usize| {
        let begin = place as i64 * 1_000 / 200_000;
        let (lane, is_placed, why) = (None, true, "lost".to_owned());
        Missing {
            peer: peer.filter(|_| place.is_multiple_of(2)),
            lane,
            is_placed,
            span: Span::new(begin, begin + 1),
            why,
        }
    };
    told.scene.missing = (0..200_000).map(missing).collect();
    let dense = told.picture().hatches;
    assert_eq!(dense.len(), 2, "one for the peer, one for everybody: {dense:?}");
    assert_eq!(dense.iter().map(|hatch| hatch.count).sum::<u32>(), 200_000);
    let sparse = told.scene.missing.iter().step_by(2_000).cloned().collect();
    told.scene.missing = sparse;
    assert_eq!(told.picture().hatches.len(), 100, "those 10 points apart stay apart");
}

#[test]
fn messages_are_hidden_and_the_number_has_the_severity_of_the_selected_finding() {
    let mut told = Told::new(STORY, &[]);
    told.mark(vec![Mark {
        event: EventId(2),
        lane: told.scene.lane_of(&told.trace, EventId(2)).expect("a lane") as u32,
        severity: Severity::Error,
    }]);
    let scale = TimeScale { visible: Span::new(0, 1_000), left: 100.0, width: 1_000.0 };
    let viewport = Viewport { scale, top: 50.0, height: 800.0, scroll: 0.0 };
    let witnesses = [EventId(2)];
    let seen = |hides_messages, severity| {
        let emphasis = Emphasis { witnesses: &witnesses, hides_messages, severity, ..Emphasis::default() };
        Picture::new(&told.trace, &told.scene, &told.layout, viewport, emphasis)
    };
    let (all, few) = (seen(false, None), seen(true, Some(Severity::Warning)));
    assert!(!all.arrows.is_empty() && few.arrows.is_empty());
    assert_eq!((all.markers[0].severity, few.markers[0].severity), (Severity::Error, Severity::Warning));
}

#[test]
fn the_overview_counts_all_and_marks_the_worst() {
    let mut told = Told::new(STORY, &[]);
    let mark = |event: u32, severity| Mark { event: EventId(event), lane: 0, severity };
    told.mark(vec![mark(3, Severity::Info), mark(4, Severity::Error), mark(8, Severity::Warning)]);
    let overview = Overview::new(&told.trace, &told.scene, Span::new(0, 1_001), 10);
    assert_eq!(overview.counts.iter().sum::<u32>() as usize, told.trace.len());
    assert_eq!(overview.counts[..3], [3, 1, 1], "starts and election; the request; its arrival");
    assert_eq!(overview.worst[1..4], [Some(Severity::Info), Some(Severity::Error), None], "200 ns, 300 ns of 1,001");
    assert_eq!(overview.worst[9], Some(Severity::Warning));
    assert_eq!(Overview::new(&told.trace, &told.scene, told.scene.span, 0).counts.len(), 0);
}

#[test]
fn a_hundred_thousand_witnesses_are_as_many_rhombs_as_there_is_room_for() {
    let lines = (0..100_000).map(|ts| format!("{{\"ts\":{ts},\"peer\":0,\"task\":1,\"kind\":\"log\",\"msg\":\"\"}}\n"));
    let mut told = Told::new(&lines.collect::<String>(), &[]);
    let lane = told.scene.lane_of(&told.trace, EventId(0)).expect("a lane") as u32;
    // One of them is an error; and a finding with all of them is selected.
    let mark = |event: u32| {
        let severity = if event == 54_321 { Severity::Error } else { Severity::Info };
        Mark { event: EventId(event), lane, severity }
    };
    told.mark((0..100_000).map(mark).collect());
    let wide = told.view(Span::new(0, 100_000), 0.0, 800.0, &[]);
    assert_eq!(wide.markers.len(), 1_000_usize.div_ceil(6));
    let errors: Vec<u32> =
        wide.markers.iter().filter(|marker| marker.severity == Severity::Error).map(|marker| marker.event.0).collect();
    assert_eq!(errors, [54_321]);
    assert!(wide.markers.is_sorted_by(|one, other| one.at.0 < other.at.0));
    let witnesses: Vec<EventId> = (0..100_000).map(EventId).collect();
    let selected = told.view(Span::new(0, 100_000), 0.0, 800.0, &witnesses);
    assert_eq!(selected.markers.iter().filter_map(|marker| marker.number).collect::<Vec<_>>(), Vec::from_iter(1..=500));
    let near = told.view(Span::new(54_300, 54_340), 0.0, 800.0, &[EventId(54_310)]);
    assert_eq!(near.markers.len(), 41, "each, from edge to edge");
    let collapsed = Told::new(STORY, &[]).group(0);
    let mut folded = Told::new(STORY, &[collapsed]);
    let lane = folded.scene.lane_of(&folded.trace, EventId(3)).expect("a lane") as u32;
    folded.mark(vec![Mark { event: EventId(3), lane, severity: Severity::Info }]);
    let seen = folded.picture().markers;
    assert_eq!(seen.iter().map(|marker| marker.at).collect::<Vec<_>>(), [(300.0, folded.y(3))], "on the heading");
}

#[test]
fn the_axis_says_what_logs_say() {
    let told = Told::new(
        r#"{"ts":20100,"kind":"log","msg":"a"}
        {"ts":20900,"kind":"log","msg":"b"}"#,
        &[],
    );
    let picture = told.view(Span::new(20_000, 21_000), 0.0, 800.0, &[]);
    let labelled: Vec<_> = picture.ticks.iter().filter(|tick| !tick.label.is_empty()).collect();
    let seen: Vec<(f32, String)> = labelled.iter().map(|tick| (tick.x, tick.label.clone())).collect();
    let want = (0..10).map(|at| (100.0 + 100.0 * at as f32, format!("0.020{at} ms")));
    assert_eq!(seen, want.collect::<Vec<_>>());
}

#[test]
fn numbers_of_one_moment_stand_side_by_side_and_are_found_where_they_stand() {
    let mut told = Told::new(STORY, &[]);
    let lane = told.scene.lane_of(&told.trace, EventId(3)).expect("a lane") as u32;
    let mark = |event: u32| Mark { event: EventId(event), lane, severity: Severity::Error };
    told.mark([3, 6, 7].map(mark).to_vec());
    // From 200 to 600 ns are 4 points.
    let far = told.view(Span::new(0, 100_000), 0.0, 800.0, &[EventId(3), EventId(6), EventId(7)]);
    let at: Vec<f32> = far.markers.iter().map(|marker| marker.at.0).collect();
    assert_eq!(at, [102.0, 105.0, 106.0]);
    for (index, one) in far.markers.iter().enumerate() {
        assert_eq!(far.marker_at(one.disc.0, one.disc.1, 1.0), Some(one));
        for other in &far.markers[index + 1..] {
            assert!((one.disc.0 - other.disc.0).abs() >= 2.0 * DISC, "{one:?} {other:?}");
        }
    }
}

#[test]
fn a_stretch_without_events_is_told_where_it_fills_more_than_a_third() {
    let line = |ts: u32| format!("{{\"ts\":{ts},\"peer\":0,\"task\":1,\"kind\":\"log\",\"msg\":\"\"}}\n");
    let told = Told::new(&[0, 100, 500, 600, 1_000].map(line).concat(), &[]);
    let quiet = |begin, end| {
        told.view(Span::new(begin, end), 0.0, 800.0, &[]).quiet.map(|quiet| (quiet.left, quiet.right, quiet.length))
    };
    assert_eq!(quiet(0, 1_000), Some((700.0, 1_100.0, 400)), "of two that are as long the later one");
    assert_eq!(quiet(0, 700), Some((100.0 + 1_000.0 / 7.0, 100.0 + 5_000.0 / 7.0, 400)));
    assert_eq!(quiet(200, 300), Some((100.0, 1_100.0, 400)), "all of it is told of which a part is seen");
    assert_eq!(quiet(-400, 250), None, "150 of 650 ns");
    assert_eq!(quiet(1_000, 1_500), None, "behind the end nothing is known to be quiet");
}

#[test]
fn where_a_message_leaves_the_strip_its_other_end_is_known() {
    let told = Told::new(STORY, &[]);
    let exits = |begin, end| {
        let seen = told.view(Span::new(begin, end), 0.0, 800.0, &[]);
        seen.exits.iter().map(|exit| (exit.at.0, exit.at.1.round(), exit.event.0)).collect::<Vec<_>>()
    };
    let half = ((told.y(3) + told.y(4)) / 2.0).round();
    // The request goes from 200 to 300 ns, the reply from 400 to 500.
    assert_eq!(exits(0, 250), [(1_100.0, half, 4)]);
    assert_eq!(exits(250, 350), [(100.0, half, 3)]);
    assert_eq!(exits(250, 450), [(100.0, half, 3), (1_100.0, half, 6)], "each at its edge");
    assert_eq!(exits(220, 280), [], "neither end is visible");
    assert_eq!(exits(0, 1_000), [], "what never arrived leads nowhere");
}
