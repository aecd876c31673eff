//! What stands out while a finding is selected.

use super::*;
use crate::picture::Focus;

/// The story with the witnesses marked, as a report would.
fn marked(collapsed: &[usize], witnesses: &[u32]) -> Told {
    let mut told = Told::new(STORY, collapsed);
    let marks: Vec<_> = witnesses.iter().map(|event| (EventId(*event), Severity::Error)).collect();
    told.scene.lanes.iter_mut().flat_map(|lane| &mut lane.tracks).for_each(|track| track.mark(&marks));
    for route in &mut told.scene.routes {
        (0..route.legs.len()).for_each(|at| route.fold.mark(at, Severity::Error));
    }
    told
}

fn seen(told: &Told, visible: Span, scroll: f64, emphasis: Emphasis<'_>) -> Picture {
    let scale = TimeScale { visible, left: 100.0, width: 1_000.0 };
    let viewport = Viewport { scale, top: 50.0, height: 800.0, scroll };
    Picture::new(&told.trace, &told.scene, &told.layout, viewport, emphasis)
}

fn focus(told: &Told, witnesses: &[EventId]) -> Focus {
    seen(told, Span::new(0, 1_001), 0.0, Emphasis { witnesses, ..Emphasis::default() }).focus
}

#[test]
fn without_a_finding_no_lane_steps_back() {
    let told = Told::new(STORY, &[]);
    assert!(!focus(&told, &[]).steps_back(0));
    let of_peer_0 = focus(&told, &[EventId(2)]);
    assert!(!of_peer_0.steps_back(0) && of_peer_0.steps_back(1));
}

#[test]
fn of_a_folded_peer_the_role_stays_in_front() {
    let groups = [0, 1].map(|peer| Told::new(STORY, &[]).group(peer));
    let told = marked(&groups, &[]);
    let roles = groups.map(|group| told.scene.groups[group].lanes.start as u32);
    let task = told.scene.lane_of(&told.trace, EventId(3)).expect("a lane") as u32;
    assert_eq!(focus(&told, &[EventId(3)]).lanes, BTreeSet::from([roles[0], task]));
    assert_eq!(
        focus(&told, &[EventId(1)]).lanes,
        BTreeSet::from([roles[1]]),
        "its own, and not that of the peer above"
    );
}

#[test]
fn what_a_witness_began_stands_out_if_it_lasted_and_stands_alone() {
    let told = marked(&[], &[2, 8]);
    let witnesses = [EventId(2), EventId(8)];
    let looks = |visible: Span| -> Vec<Look> {
        let picture = seen(&told, visible, 0.0, Emphasis { witnesses: &witnesses, ..Emphasis::default() });
        picture.focus.blocks.iter().map(|place| picture.blocks[*place].look).collect()
    };
    assert_eq!(looks(Span::new(0, 1_001)), [Look::Leader], "the line of event 8 took no time");
    assert_eq!(looks(Span::new(0, 10_000_000)), [], "folded with what was before");
}

#[test]
fn messages_stand_out_by_who_sent_and_who_received_them() {
    let told = marked(&[], &[]);
    let sent = |witness: u32| -> Vec<f32> {
        let witnesses = [EventId(witness)];
        let picture = seen(&told, Span::new(0, 1_000), 0.0, Emphasis { witnesses: &witnesses, ..Emphasis::default() });
        picture.focus.arrows.iter().map(|place| picture.arrows[*place].from.0).collect()
    };
    assert_eq!([sent(3), sent(4), sent(5), sent(7)], [[300.0], [300.0], [500.0], [700.0]]);
    assert_eq!(sent(8), [0.0; 0]);
}

#[test]
fn a_link_is_drawn_as_long_as_it_crosses_the_strip() {
    let told = marked(&[], &[]);
    let links = [(EventId(3), EventId(4))];
    let at = |scroll: f64| {
        let emphasis = Emphasis { witnesses: &[EventId(3)], links: &links, ..Emphasis::default() };
        seen(&told, Span::new(0, 1_000), scroll, emphasis).focus.links
    };
    let ends = |scroll: f64| at(scroll).iter().map(|link| (link.from_at.1, link.to_at.1)).collect::<Vec<_>>();
    assert_eq!(ends(0.0), [(told.y(3), told.y(4))]);
    let middle = told.y(3) - 50.0;
    assert_eq!(ends(f64::from(middle) + 5.0), [(50.0, told.y(4) - middle - 5.0)], "its upper end is out of sight");
    assert_eq!(ends(f64::from(told.y(4))), [], "both are");
}
