//! That nothing happens: a stretch without any event that fills much of what is visible.

use super::{Quiet, View};
use crate::timescale::Span;

/// Which share of the visible time it fills at least.
const SHARE: i64 = 3;

/// The stretch without events that fills most of what is visible, if that is more than a third.
pub(super) fn quiet(view: &View<'_>) -> Option<Quiet> {
    let visible = view.visible();
    let found = &view.scene.quiet;
    let first = found.partition_point(|quiet| quiet.end <= visible.begin);
    let seen = found[first..].iter().take_while(|quiet| quiet.begin < visible.end);
    let of_it = |quiet: &Span| quiet.end.min(visible.end) - quiet.begin.max(visible.begin);
    let longest = seen.max_by_key(|quiet| of_it(quiet))?;
    let (left, right) = view.viewport.scale.edges();
    let x = |at: i64| view.viewport.scale.x(at).clamp(left, right);
    (of_it(longest) > visible.length() / SHARE).then(|| Quiet {
        left: x(longest.begin),
        right: x(longest.end),
        length: longest.length(),
    })
}
