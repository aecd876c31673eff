//! Scenes as text, in which tests state what they expect.

use std::fmt::Write;

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::Trace;

use super::{Fate, Scene};
use crate::lane::{Block, Lane, Look, Place};

/// All groups, lanes, tracks and messages, a line each.
pub(super) fn render(facts: &Facts<'_>, scene: &Scene) -> String {
    let mut text = String::new();
    for group in &scene.groups {
        writeln!(text, "== {}", group.label).expect("a string takes all");
        for lane in &scene.lanes[group.lanes.clone()] {
            text.push_str(&render_lane(facts.trace(), lane));
        }
    }
    text.push_str(&render_routes(facts.trace(), scene));
    text
}

/// A lane: its label, and a line for each track.
pub(super) fn render_lane(trace: &Trace, lane: &Lane) -> String {
    let mut text = format!("{}\n", lane.label);
    for track in &lane.tracks {
        let place = match track.place {
            Place::Main => "main".to_owned(),
            Place::Strip(strip) => format!("strip {strip}"),
            Place::Points => "points".to_owned(),
        };
        let blocks: Vec<String> = (0..track.len()).map(|at| render_block(trace, lane, track.block(at))).collect();
        writeln!(text, "  {place}: {}", blocks.join(" | ")).expect("a string takes all");
    }
    text
}

/// A block: how it looks, the term for roles, the depth where it counts, from which event to which (`..` = open).
fn render_block(trace: &Trace, lane: &Lane, block: Block) -> String {
    let mut text = format!("{:?}", block.look);
    if let Some(term) = lane.term(trace, block).filter(|_| block.look != Look::Down) {
        write!(text, " t{}", term.0).expect("a string takes all");
    }
    if block.depth != 1 {
        write!(text, " x{}", block.depth).expect("a string takes all");
    }
    let begin = block.begin.0;
    match block.end {
        Some(end) if end == block.begin => write!(text, " {begin}"),
        Some(end) => write!(text, " {begin}-{}", end.0),
        None => write!(text, " {begin}.."),
    }
    .expect("a string takes all");
    text
}

/// The messages, route by route.
pub(super) fn render_routes(trace: &Trace, scene: &Scene) -> String {
    let mut text = String::new();
    for route in &scene.routes {
        let name = |peer: Option<_>| peer.map_or("?".into(), |peer| trace.peers().name(peer).into_owned());
        let legs = route.legs.iter().map(|leg| {
            let to = leg.to.map_or("?".to_owned(), |to| to.0.to_string());
            let back = if leg.is_reply { "reply " } else { "" };
            let fate = if leg.fate == Fate::Arrived { String::new() } else { format!(" {:?}", leg.fate) };
            format!("{back}{}>{to}{fate}", leg.from.0)
        });
        let legs = legs.collect::<Vec<_>>().join(" | ");
        writeln!(text, "{} -> {}: {legs}", name(route.from), name(route.to)).expect("a string takes all");
    }
    text
}
