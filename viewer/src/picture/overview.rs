//! The whole trace in a few columns.

use peerscope_analyzer::model::Trace;

use super::Overview;
use crate::fold::worse;
use crate::scene::Scene;
use crate::timescale::Span;

impl Overview {
    /// `span` in so many columns.
    pub fn new(trace: &Trace, scene: &Scene, span: Span, columns: usize) -> Overview {
        let mut overview = Overview { counts: vec![0; columns], worst: vec![None; columns] };
        if columns == 0 {
            return overview;
        }
        let column = |at: i64| {
            let place = (i128::from(at) - i128::from(span.begin)) * columns as i128 / i128::from(span.length());
            usize::try_from(place).ok().filter(|place| *place < columns)
        };
        // The scene has counted, in columns of its own.
        let counted = scene.activity.len().max(1) as i128;
        for (place, count) in scene.activity.iter().enumerate() {
            let into = i128::from(scene.span.length()) * (2 * place as i128 + 1) / (2 * counted);
            let at = i64::try_from(i128::from(scene.span.begin) + into).unwrap_or(i64::MAX);
            if let Some(column) = column(at) {
                overview.counts[column] = overview.counts[column].saturating_add(*count);
            }
        }
        let times = scene.times(trace);
        for mark in scene.marks.all() {
            if let Some(column) = column(times.at(mark.event).min(span.end - 1)) {
                overview.worst[column] = worse(overview.worst[column], Some(mark.severity));
            }
        }
        overview
    }
}
