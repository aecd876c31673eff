//! What the picture shows: each thing drawn as the timeline draws it, and what it means.

use eframe::egui::{Context, Grid, Id, Modal, Rect, RichText, ScrollArea, Sense, Ui, vec2};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::EventId;

use crate::colors::Palette;
use crate::command::Command;
use crate::fold::Piece;
use crate::lane::Look;
use crate::paint;
use crate::picture::{Arrow, Hatch, Marker, Picture, Placed};
use crate::scene::Fate;

/// The size of a sample, in points.
const SAMPLE: (f32, f32) = (104.0, 21.0);
/// The width of it all, in points; at 1000 points nothing is cut.
const WIDTH: f32 = 880.0;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sample {
    /// A block, with words in it.
    Block(Look, &'static str),
    /// A block that goes on where the trace ends.
    Endless(Look, &'static str),
    /// Many blocks as one.
    Folded(Look),
    /// A block to which a finding points.
    Blamed(Look),
    /// A mere event.
    Point(Look),
    /// So many messages as one, and whether it is a reply.
    Message(Fate, u32, bool),
    /// Where events are missing.
    Missing,
    /// A witness, of the selected finding if it has a number.
    Witness(Option<u32>),
}

use Sample::{Blamed, Block, Endless, Folded, Message, Missing, Point, Witness};

/// Roles, tasks, locks.
const BLOCKS: &[(Sample, &str)] = &[
    (Block(Look::Leader, "leader · term 2"), "leads; a term has one colour on every peer"),
    (Block(Look::Candidate, "candidate"), "stands for election"),
    (Block(Look::PreCandidate, "pre-candidate"), "asks whether it could win an election"),
    (Block(Look::Follower, "follower"), "follows, or has a role of the program's own (framed)"),
    (Block(Look::Down, "stopped"), "the peer is down"),
    (Block(Look::Alive, ""), "a task is alive, and waits for nothing"),
    (Block(Look::WaitsForLock, "waits"), "a task waits for a lock"),
    (Block(Look::WaitsForReply, "waits"), "a task waits for the reply to an RPC"),
    (Block(Look::WaitsForTask, "waits"), "a task waits for another to end (dotted), or for anything else"),
    (Block(Look::Sleeps, "sleeps"), "a task sleeps"),
    (Endless(Look::WaitsForLock, "waits"), "torn edge: open when the trace ends"),
    (Block(Look::Held, "held"), "a lock is held; below a task: that it holds one"),
    (Block(Look::HeldContended, "held"), "a lock is held while others wait for it"),
    (Block(Look::HeldShared, "2 readers"), "a lock is held for reading"),
    (Block(Look::HeldByTwo, "2 have it"), "two have a lock at once that only one can have"),
    (Block(Look::Queue, "2 wait"), "how many wait for the lock; deeper red: more"),
    (Block(Look::Phase, "phase"), "a test, or a phase of it"),
    (Block(Look::Fault, "partition"), "a fault that the test makes"),
    (Folded(Look::Held), "comb: many blocks, too small to be told apart"),
];

/// Messages, events, findings.
const REST: &[(Sample, &str)] = &[
    (Message(Fate::Arrived, 1, false), "a request, or a message, that arrived"),
    (Message(Fate::Arrived, 1, true), "dashed: a reply"),
    (Message(Fate::Arrived, 20, false), "thick: many messages as one, coloured as the worst"),
    (Message(Fate::StaleTerm, 1, true), "a reply that came when its caller was in a later term"),
    (Message(Fate::Late, 1, true), "a reply sent after its caller had given up"),
    (Message(Fate::NotTaken, 1, true), "a reply sent in time that nobody took"),
    (Message(Fate::Dropped, 3, false), "lost on the way; with a number: so many"),
    (Message(Fate::Unanswered, 1, false), "never answered, as far as the trace goes"),
    (Message(Fate::Unknown, 1, false), "the trace cannot tell what became of it"),
    (Point(Look::Vote), "a vote"),
    (Point(Look::Log), "the replicated log: append, commit, apply, …"),
    (Point(Look::Term), "a new term"),
    (Point(Look::ReplyUsed), "a reply is acted on"),
    (Point(Look::Line), "a line that the program wrote"),
    (Missing, "events are missing: what lies below may have changed"),
    (Witness(Some(1)), "a witness of the selected finding, as numbered in its proof"),
    (Witness(None), "a witness of another finding: red error, amber warning"),
    (Blamed(Look::Held), "corner and line: a finding points to it"),
];

/// Shows it above everything else.
pub fn show(context: &Context, commands: &mut Vec<Command>) {
    let modal = Modal::new(Id::unique("legend")).show(context, |ui| {
        let screen = ui.ctx().content_rect();
        ui.set_width(WIDTH.min(screen.width() - 40.0));
        ui.heading("What the picture shows");
        ui.add_space(4.0);
        let height = (screen.height() - 110.0).max(120.0);
        ScrollArea::both().min_scrolled_height(height).max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            let palette = Palette::of(ui.visuals());
            Grid::new("legend").num_columns(4).spacing([10.0, 2.5]).show(ui, |ui| {
                for line in 0..BLOCKS.len().max(REST.len()) {
                    for column in [BLOCKS, REST] {
                        match column.get(line) {
                            Some((sample, words)) => entry(ui, *sample, words, palette),
                            None => (0..2).for_each(|_| drop(ui.label(""))),
                        }
                    }
                    ui.end_row();
                }
            });
        });
        ui.add_space(4.0);
        ui.button("Close").clicked()
    });
    if modal.inner || modal.should_close() {
        commands.push(Command::ToggleLegend);
    }
}

fn entry(ui: &mut Ui, sample: Sample, words: &str, palette: Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(SAMPLE.0, SAMPLE.1), Sense::hover());
    let label = |_: &Placed| match sample {
        Block(_, label) | Endless(_, label) if !label.is_empty() => vec![label.to_owned()],
        _ => Vec::new(),
    };
    paint::picture(&ui.painter_at(rect), &picture(sample, rect), palette, &label);
    ui.label(RichText::new(words).size(12.0));
}

/// The sample as a picture of the timeline that fills `rect`.
fn picture(sample: Sample, rect: Rect) -> Picture {
    let (middle, y) = (rect.center().x, rect.center().y);
    let block = |look| vec![placed(look, rect)];
    match sample {
        Block(look, _) => Picture { blocks: block(look), ..Picture::default() },
        Endless(look, _) => {
            let blocks = vec![Placed { open: true, ..placed(look, rect) }];
            Picture { blocks, end: Some(rect.right() - 3.0), ..Picture::default() }
        }
        Folded(look) => {
            let blocks = vec![Placed { piece: piece(40, None), ..placed(look, rect) }];
            Picture { blocks, ..Picture::default() }
        }
        Blamed(look) => {
            let blocks = vec![Placed { piece: piece(1, Some(Severity::Error)), ..placed(look, rect) }];
            Picture { blocks, ..Picture::default() }
        }
        Point(look) => {
            let blocks = vec![Placed { left: middle, right: middle + 1.0, ..placed(look, rect) }];
            Picture { blocks, ..Picture::default() }
        }
        Message(fate, count, is_reply) => {
            let arrived = matches!(fate, Fate::Arrived | Fate::StaleTerm);
            let (from, to) = ((rect.left() + 8.0, y - 5.0), (rect.right() - 12.0, y + 5.0));
            let arrow = Arrow { route: 0, piece: piece(count, None), fate, is_reply, from, to, arrived, others: 0 };
            Picture { arrows: vec![arrow], ..Picture::default() }
        }
        Missing => {
            let rect = [rect.left() + 3.0, rect.top() + 1.0, rect.right() - 3.0, rect.bottom() - 1.0];
            let hatch = Hatch { missing: 0, count: 1, is_faint: false, rect };
            Picture { blocks: block(Look::Follower), hatches: vec![hatch], ..Picture::default() }
        }
        Witness(number) => {
            let at = (middle, y);
            let severity = if number.is_some() { Severity::Error } else { Severity::Warning };
            let marker = Marker { event: EventId(0), number, severity, at, disc: at };
            Picture { markers: vec![marker], ..Picture::default() }
        }
    }
}

fn placed(look: Look, rect: Rect) -> Placed {
    Placed {
        lane: 0,
        track: 0,
        piece: piece(1, None),
        look,
        left: rect.left() + 3.0,
        right: rect.right() - 3.0,
        top: rect.top() + 1.0,
        bottom: rect.bottom() - 1.0,
        open: false,
        term: 2,
        depth: 2,
    }
}

fn piece(count: u32, worst: Option<Severity>) -> Piece {
    Piece { first: 0, count, begin: 0, end: 1, longest: 0, busy: 1, worst, grade: 0 }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    #[test]
    fn every_fate_of_a_message_is_explained() {
        for fate in Fate::ALL {
            let is_told = REST.iter().any(|(sample, _)| matches!(sample, Message(of, ..) if *of == fate));
            assert!(is_told, "{fate:?}");
        }
    }

    #[test]
    fn all_of_it_is_seen_at_once_in_a_small_window() {
        let size = vec2(1000.0, 600.0);
        let show_if = |ui: &mut Ui, is_open: &mut bool| {
            if *is_open {
                show(ui.ctx(), &mut Vec::new());
            }
        };
        let mut harness = Harness::builder().with_size(size).build_ui_state(show_if, false);
        // Letters and spaces are the window's, and have been for some frames when it opens: so it is measured as there.
        crate::colors::install(&harness.ctx);
        harness.run();
        *harness.state_mut() = true;
        harness.run();
        let window = Rect::from_min_size(Default::default(), size);
        let close = harness.get_by_label("Close").rect();
        for (_, words) in BLOCKS.iter().chain(REST) {
            let rect = harness.get_by_label(words).rect();
            assert!(window.contains_rect(rect), "{words}: {rect:?}");
            assert!(rect.bottom() <= close.top(), "{words} is hidden: {rect:?}");
        }
        assert!(window.contains_rect(close));
    }

    #[test]
    fn every_sample_shows_something_within_its_place() {
        let rect = Rect::from_min_size(Default::default(), vec2(SAMPLE.0, SAMPLE.1));
        for (sample, words) in BLOCKS.iter().chain(REST) {
            let picture = picture(*sample, rect);
            let count = picture.blocks.len() + picture.arrows.len() + picture.hatches.len() + picture.markers.len();
            assert!(count > 0, "{words}");
            let inside = |block: &Placed| rect.left() <= block.left && block.right <= rect.right();
            assert!(picture.blocks.iter().all(inside), "{words}");
        }
    }
}
