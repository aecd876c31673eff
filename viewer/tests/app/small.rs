//! Small windows: the timeline keeps its room, nothing that was asked for is missing, and the bug is still seen.

use super::common::{Folder, TWO_LEADERS, Viewer};
use eframe::egui::Key;
use egui_kittest::kittest::Queryable;
use peerscope_viewer::args::At;

const SIZES: [[f32; 2]; 5] = [[1199.0, 699.0], [1000.0, 600.0], [830.0, 520.0], [800.0, 500.0], [640.0, 360.0]];

#[test]
fn the_timeline_keeps_more_than_half_of_a_small_window() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    for [width, height] in SIZES {
        let mut viewer = Viewer::of_size([width, height]);
        viewer.load(&[&trace], None);
        let (strip, rows) = viewer.app().state.strip;
        // The names of the lanes take 28 % of it, and the bar for scrolling a little.
        let least = width * 0.55 * 0.72 - 12.0;
        assert!(strip >= least, "{strip} of {width}, at least {least}");
        assert!(rows >= height * 0.45, "{rows} of {height}");
        for heading in ["Findings", "Proof"] {
            assert!(viewer.0.query_all_by_label(heading).next().is_some(), "{heading} at {width}x{height}");
        }
        viewer.press(Key::Num1);
        viewer.press(Key::Num2);
        assert!(viewer.app().state.strip.0 > strip + 100.0, "what the panels took is free");
    }
}

#[test]
fn both_leaders_are_seen_in_a_small_window() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let mut viewer = Viewer::of_size([1000.0, 600.0]);
    viewer.load(&[&trace], Some(At::Finding("two-leaders-in-term/1".into())));
    let state = &viewer.app().state;
    let loaded = viewer.app().loaded.as_ref().expect("it is open");
    let bottom = state.scroll + f64::from(state.strip.1);
    for group in loaded.scene.groups.iter().filter(|group| group.peer.is_some()) {
        let role = state.layout.row_of_lane(group.lanes.start).expect("every lane has a row");
        let seen = role.top >= state.scroll && role.top + f64::from(role.height) <= bottom;
        assert!(seen, "the role of {} is out of sight", group.label);
    }
}
