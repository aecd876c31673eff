//! Rows of different heights below each other, of which only the visible ones are laid out.
//!
//! How high a row is, only its layout tells. So all are laid out once for each width, and their heights remembered; from then
//! on what is out of sight is but empty room. If a row turns out to be of another height than is remembered (others stand
//! there now, or the letters changed), all are laid out again.

use std::sync::Arc;

use eframe::egui::{Rect, Ui, pos2, vec2};

/// Rows that are no further out of sight than this are laid out, in points: Tab leads from row to row.
const NEAR: f32 = 120.0;

/// What is to be done about a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Row {
    /// It is to be shown; its number.
    Shown(usize),
    /// It is out of sight: its number, and where it would stand.
    Hidden(usize, Rect),
}

/// The heights of all rows.
#[derive(Clone)]
struct Heights {
    /// For which width, in bits of points.
    width: u32,
    /// Each with the room below it, in points.
    rows: Arc<[f32]>,
}

/// Shows `count` rows in `ui`, one below the other: calls `row` for each of them.
pub(super) fn show(ui: &mut Ui, count: usize, mut row: impl FnMut(&mut Ui, Row)) {
    let id = ui.scope_id().with("heights of rows");
    let width = ui.available_width().to_bits();
    let known = ui.data(|data| data.get_temp::<Heights>(id));
    let known = known.filter(|known| known.width == width && known.rows.len() == count);
    let near = ui.clip_rect().expand(NEAR).y_range();
    let mut heights = Vec::with_capacity(count);
    let mut is_as_known = true;
    for number in 0..count {
        let top = ui.cursor().top();
        let remembered = known.as_ref().map(|known| known.rows[number]);
        if let Some(height) = remembered.filter(|height| top + height < near.min || near.max < top) {
            let rect = Rect::from_min_size(pos2(ui.cursor().left(), top), vec2(ui.available_width(), height));
            row(ui, Row::Hidden(number, rect));
            ui.add_space(height);
            // As many ids are used up as by a row that is shown, so that the others keep theirs.
            ui.skip_ahead_auto_ids(1);
            heights.push(height);
            continue;
        }
        row(ui, Row::Shown(number));
        let height = ui.cursor().top() - top;
        is_as_known &= remembered.is_none_or(|remembered| (remembered - height).abs() < 0.5);
        heights.push(height);
    }
    ui.expand_to_include_y(ui.cursor().top());
    match known {
        Some(_) if is_as_known => {}
        Some(_) => {
            ui.data_mut(|data| data.remove::<Heights>(id));
            ui.ctx().request_repaint();
        }
        None => {
            let heights = Heights { width, rows: heights.into() };
            ui.data_mut(|data| {
                data.insert_temp(id, heights);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Id, Label, ScrollArea, Sense};
    use egui_kittest::Harness;

    use super::*;

    /// What a frame laid out, and what is there.
    struct Shown {
        /// The heights of the rows, in points.
        heights: Vec<f32>,
        scroll: f32,
        width: f32,
        laid_out: Vec<usize>,
        /// The height of it all.
        whole: f32,
        /// The numbers of the rows that had the id of the last row laid out there.
        last_id: Option<Id>,
    }

    fn list(ui: &mut Ui, shown: &mut Shown) {
        let Shown { heights, laid_out, last_id, .. } = shown;
        laid_out.clear();
        ui.set_max_width(shown.width);
        let area = ScrollArea::vertical().vertical_scroll_offset(shown.scroll).show(ui, |ui| {
            show(ui, heights.len(), |ui, row| {
                if let Row::Shown(number) = row {
                    laid_out.push(number);
                    ui.scope(|ui| {
                        let label = Label::new(number.to_string()).sense(Sense::click());
                        let response = ui.add_sized([20.0, heights[number]], label);
                        *last_id = (number == heights.len() - 1).then_some(response.id).or(*last_id);
                    });
                }
            });
        });
        shown.whole = area.content_size.y;
    }

    fn harness(heights: Vec<f32>) -> Harness<'static, Shown> {
        let shown = Shown { heights, scroll: 0.0, width: 200.0, laid_out: Vec::new(), whole: 0.0, last_id: None };
        let mut harness = Harness::builder().with_size(vec2(300.0, 400.0)).build_ui_state(list, shown);
        harness.run();
        harness
    }

    #[test]
    fn only_visible_rows_are_laid_out_and_all_keep_their_places() {
        let heights: Vec<f32> = (0..1_000).map(|row| 20.0 + (row % 7) as f32 * 10.0).collect();
        let room: f32 = heights.iter().sum();
        let mut harness = harness(heights);
        let (whole, id) = (harness.state().whole, harness.state().last_id);
        assert!(whole >= room && id.is_some(), "each was laid out once: {whole} of {room}");
        assert!(harness.state().laid_out.len() < 20, "{:?}", harness.state().laid_out);
        harness.state_mut().scroll = 25_000.0;
        harness.run();
        let middle = harness.state().laid_out.clone();
        assert!(middle.len() < 20 && middle[0] > 400, "{middle:?}");
        harness.state_mut().scroll = whole - 400.0;
        harness.run();
        let last = harness.state();
        assert!(last.laid_out.len() < 20 && last.laid_out.ends_with(&[999]), "{:?}", last.laid_out);
        assert_eq!((last.whole, last.last_id), (whole, id), "the last row is what and where it was");
    }

    #[test]
    fn rows_of_other_heights_or_another_width_are_measured_anew() {
        let mut harness = harness(vec![30.0; 100]);
        let before = harness.state().whole;
        harness.state_mut().heights = vec![60.0; 100];
        harness.run();
        assert!(harness.state().whole > before + 2_900.0, "{} after {before}", harness.state().whole);
        harness.state_mut().width = 150.0;
        harness.step();
        assert_eq!(harness.state().laid_out.len(), 100, "what wraps elsewhere has another height");
        harness.run();
        assert!(harness.state().laid_out.len() < 20);
        harness.state_mut().heights = vec![60.0; 3];
        harness.run();
        assert_eq!(harness.state().laid_out, [0, 1, 2]);
    }
}
