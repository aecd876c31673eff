//! What the thing under the pointer is.

use std::collections::BTreeMap;
use std::iter;

use eframe::egui::{Response, Ui};

use super::mouse::{NEAR_ARROW, NEAR_MARKER};
use super::{Timeline, shortened};
use crate::picture::{Arrow, Picture, Placed};
use crate::scene::{Fate, Leg, Route};
use crate::words;

/// So many messages of a bundle are looked at to tell how they fared.
const MOST_TOLD: usize = 20_000;
/// The most lines of a story.
const MOST_LINES: usize = 14;
/// The most letters of each: a chain of waits is told to its end.
const MOST_LETTERS: usize = 600;

/// Shows the story of what the pointer is on.
pub(super) fn show(timeline: &Timeline<'_>, picture: &Picture, strip: Response) {
    let Some(at) = strip.hover_pos().filter(|_| !strip.dragged()) else { return };
    let lines = if let Some(marker) = picture.marker_at(at.x, at.y, NEAR_MARKER) {
        witness(timeline, marker.event.0)
    } else if let Some(arrow) = picture.arrow_at(at.x, at.y, NEAR_ARROW) {
        message(timeline, arrow)
    } else if let Some(block) = picture.block_at(at.x, at.y) {
        story(timeline, block)
    } else {
        picture.hatches.iter().find(|hatch| is_in(hatch.rect, at.x, at.y)).map_or_else(Vec::new, |hatch| {
            let missing = timeline.loaded.scene.missing.get(hatch.missing as usize);
            let title = match hatch.count {
                0 | 1 => "Events are missing".to_owned(),
                count => format!("Events are missing in {count} places, too close to be told apart; the first:"),
            };
            missing.into_iter().flat_map(|missing| [title.clone(), missing.why.to_string()]).collect()
        })
    };
    if !lines.is_empty() {
        strip.on_hover_ui_at_pointer(|ui| tell(ui, lines));
    }
}

fn is_in([left, top, right, bottom]: [f32; 4], x: f32, y: f32) -> bool {
    left <= x && x <= right && top <= y && y <= bottom
}

fn tell(ui: &mut Ui, lines: Vec<String>) {
    let mut lines = lines.into_iter().take(MOST_LINES).map(|line| shortened(words::plain(&line), MOST_LETTERS));
    if let Some(title) = lines.next() {
        ui.strong(title);
    }
    lines.for_each(|line| {
        ui.label(line);
    });
}

/// What the selected finding, or the first that names the event, says of it.
fn witness(timeline: &Timeline<'_>, event: u32) -> Vec<String> {
    let Some(report) = &timeline.loaded.report else { return Vec::new() };
    let selected = timeline.state.finding.and_then(|place| report.findings.get(place));
    let said = selected.into_iter().chain(&report.findings).find_map(|finding| {
        let place = finding.witnesses.iter().position(|witness| witness.event == event)?;
        Some(vec![format!("{}. {}", place + 1, finding.witnesses[place].text), finding.title.clone()])
    });
    said.unwrap_or_default()
}

fn message(timeline: &Timeline<'_>, arrow: &Arrow) -> Vec<String> {
    let route = timeline.loaded.scene.routes.get(arrow.route as usize);
    let Some((route, leg)) = route.and_then(|route| Some((route, worst(route, arrow)?))) else { return Vec::new() };
    let story = timeline.loaded.run.facts(|facts| words::leg_story(facts, leg));
    if arrow.piece.count <= 1 && arrow.others == 0 {
        return story;
    }
    let count = arrow.piece.count.saturating_add(arrow.others);
    // The others may be of other routes: one of its own is told.
    let fates = match arrow.others {
        0 => fates(route, arrow),
        _ => format!("The worst are {}. One of them:", fared(arrow.fate)),
    };
    let title = format!("{count} messages, too close to be told apart; zoom in. {fates}");
    iter::once(title).chain(story).collect()
}

/// Of a bundle the first message that fared worst, whose colour it has; otherwise the longest.
pub(super) fn worst(route: &Route, arrow: &Arrow) -> Option<Leg> {
    let longest = route.legs.get(arrow.piece.longest as usize)?;
    let is_it = longest.fate == arrow.fate;
    Some(if is_it { longest } else { bundle(route, arrow).find(|leg| leg.fate == arrow.fate).unwrap_or(longest) })
}

fn bundle<'a>(route: &'a Route, arrow: &Arrow) -> impl Iterator<Item = Leg> + 'a {
    let first = arrow.piece.first as usize;
    route.legs.within(first..first + (arrow.piece.count as usize).min(MOST_TOLD))
}

/// "98 arrived, 2 lost. The worst:": how many messages of a bundle fared how.
fn fates(route: &Route, arrow: &Arrow) -> String {
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    bundle(route, arrow).for_each(|leg| *counts.entry(leg.fate).or_default() += 1);
    let of = if arrow.piece.count as usize > MOST_TOLD { format!(" of the first {MOST_TOLD}") } else { String::new() };
    let told = counts.iter().rev().map(|(fate, count)| format!("{count} {}", fared(*fate)));
    let told = told.collect::<Vec<String>>().join(", ");
    let which = if counts.len() > 1 { "A worst one" } else { "The longest" };
    format!("{told}{of}. {which}:")
}

/// What became of a message, in a word or two.
fn fared(fate: Fate) -> &'static str {
    match fate {
        Fate::Arrived => "arrived",
        Fate::Unknown => "of unknown fate",
        Fate::NotTaken => "not taken",
        Fate::StaleTerm => "stale",
        Fate::Late => "too late",
        Fate::Dropped => "lost",
        Fate::Unanswered => "unanswered",
    }
}

fn story(timeline: &Timeline<'_>, placed: &Placed) -> Vec<String> {
    let lane = timeline.loaded.scene.lanes.get(placed.lane as usize);
    let track = lane.and_then(|lane| lane.tracks.get(usize::from(placed.track)));
    let (Some(lane), Some(track)) = (lane, track) else { return Vec::new() };
    let block = track.block(placed.piece.longest as usize);
    let story = timeline
        .loaded
        .run
        .facts(|facts| words::block_story(facts, timeline.loaded.scene.times(facts.trace()), lane, block));
    several(placed.piece.count, "blocks", story)
}

fn several(count: u32, what: &str, story: Vec<String>) -> Vec<String> {
    if count <= 1 {
        return story;
    }
    iter::once(format!("{count} {what}, too close to be told apart; zoom in. The longest:")).chain(story).collect()
}
