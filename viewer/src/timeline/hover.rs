//! What the thing under the pointer is.

use eframe::egui::{Response, Ui};

use super::mouse::{NEAR_ARROW, NEAR_MARKER};
use super::{Timeline, clipped};
use crate::picture::{Arrow, Picture, Placed};
use crate::words;

/// The most lines of a story.
const MOST_LINES: usize = 14;

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
            missing.into_iter().flat_map(|missing| ["Events are missing".to_owned(), missing.why.clone()]).collect()
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
    let mut lines = lines.into_iter().take(MOST_LINES).map(clipped);
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
    let Some(leg) = route.and_then(|route| route.legs.get(arrow.piece.longest as usize)) else { return Vec::new() };
    let story = timeline.loaded.run.facts(|facts| words::leg_story(facts, *leg));
    several(arrow.piece.count, "messages", story)
}

fn story(timeline: &Timeline<'_>, placed: &Placed) -> Vec<String> {
    let lane = timeline.loaded.scene.lanes.get(placed.lane as usize);
    let track = lane.and_then(|lane| lane.tracks.get(usize::from(placed.track)));
    let (Some(lane), Some(track)) = (lane, track) else { return Vec::new() };
    let block = track.block(placed.piece.longest as usize);
    let story = timeline.loaded.run.facts(|facts| words::block_story(facts, lane, block));
    several(placed.piece.count, "blocks", story)
}

fn several(count: u32, what: &str, story: Vec<String>) -> Vec<String> {
    if count <= 1 {
        return story;
    }
    std::iter::once(format!("{count} {what}, too close to be told apart; zoom in. The longest:")).chain(story).collect()
}
