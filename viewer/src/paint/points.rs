//! Mere events: a rhombus each; where they are dense, a thin strip that is the stronger the more there are.

use eframe::egui::{Color32, Rect, pos2};

use super::blocks::rect_of;
use super::canvas::Canvas;
use crate::colors::{Palette, mix};
use crate::lane::Look;
use crate::picture::Placed;

/// Marks that are nearer to each other than this, in points, are dense, if more than a few of them stand so.
const NEAR: f32 = 8.0;
const FEW: usize = 3;
/// The height of the strip that stands for dense marks, in points.
const STRIP: f32 = 3.0;
/// So many events a point are as strong as can be.
const MOST_PER_POINT: f32 = 512.0;

/// Whether it is a mere event.
pub(super) fn is_point(block: &Placed) -> bool {
    use Look::{Fault, Invariant, Line, Log, Other, ReplyUsed, Term, Vote};
    match block.look {
        Vote | Log | Term | Line | ReplyUsed | Invariant | Other => true,
        Fault => !block.open && block.piece.begin == block.piece.end,
        _ => false,
    }
}

/// By block: how far the strip goes that it is drawn as, if it is one of dense marks.
pub(super) fn dense(blocks: &[Placed]) -> Vec<Option<f32>> {
    let mut dense = vec![None; blocks.len()];
    let mut begin = 0;
    while begin < blocks.len() {
        let goes_on = |pair: &[Placed]| is_near(&pair[0], &pair[1]);
        let end = begin + 1 + blocks[begin..].windows(2).take_while(|pair| goes_on(pair)).count();
        let run = &blocks[begin..end];
        if is_point(&run[0]) && (run.len() > FEW || run.iter().any(is_folded)) {
            let ends = run.iter().skip(1).map(|next| next.left).chain([run[run.len() - 1].right]);
            dense[begin..end].iter_mut().zip(ends).for_each(|(strip, end)| *strip = Some(end));
        }
        begin = end;
    }
    dense
}

fn is_near(one: &Placed, next: &Placed) -> bool {
    is_point(one) && is_point(next) && (one.lane, one.track) == (next.lane, next.track) && next.left - one.left < NEAR
}

/// Whether it stands for so many marks that one rhombus would not do.
fn is_folded(block: &Placed) -> bool {
    block.piece.count > 1 && block.right - block.left > 3.0
}

/// A mark: a rhombus, or a line for what the program wrote; of dense ones a part of the strip, to where it goes.
pub(super) fn paint(canvas: &mut Canvas, block: &Placed, strip_to: Option<f32>, palette: Palette) {
    let rect = rect_of(block);
    let color = palette.point(block.look);
    let (x, y) = (rect.left(), rect.center().y);
    if let Some(to) = strip_to {
        let per_point = block.piece.count as f32 / (to - x).max(1.0);
        let strength = 0.3 + 0.5 * (per_point.ln_1p() / MOST_PER_POINT.ln_1p()).min(1.0);
        let strip = Rect::from_min_max(pos2(x, y - STRIP / 2.0), pos2(to.max(x + 1.0), y + STRIP / 2.0));
        return canvas.rect(strip, mix(palette.background(), color, strength));
    }
    if block.look == Look::Line {
        let half = (rect.height() / 2.0).min(3.0);
        return canvas.rect(Rect::from_min_max(pos2(x - 0.5, y - half), pos2(x + 1.0, y + half)), color);
    }
    let around = (rect.height() / 2.0 + 1.0).min(5.0);
    rhombus(canvas, x, y, around + 1.5, palette.background());
    rhombus(canvas, x, y, around, color);
}

/// A rhombus around a place.
pub(super) fn rhombus(canvas: &mut Canvas, x: f32, y: f32, around: f32, color: Color32) {
    canvas.polygon(&[pos2(x - around, y), pos2(x, y - around), pos2(x + around, y), pos2(x, y + around)], color);
}
