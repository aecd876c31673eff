//! Shares a budget of pieces among tracks, so that a frame has a bound however many tracks are dense.

use std::ops::ControlFlow;

use crate::fold::{Fold, Grain, Piece};
use crate::timescale::Span;

/// What is to be folded: an index, and when its blocks are.
pub(super) struct Source<'a> {
    pub(super) fold: &'a Fold,
    pub(super) times: Box<dyn Fn(usize) -> (i64, i64) + 'a>,
}

/// The pieces of each source, folded at `grain`; where that would be more than its share of `most`, coarser.
pub(super) fn share(sources: &[Source<'_>], visible: Span, grain: Grain, most: usize) -> Vec<Vec<Piece>> {
    let fair = (most / sources.len().max(1)).max(1);
    let all: Vec<_> = sources.iter().map(|source| pieces(source, visible, grain, fair)).collect();
    // What the sparse ones leave goes to the dense ones.
    let used: usize = all.iter().flatten().map(Vec::len).sum();
    let dense = all.iter().filter(|pieces| pieces.is_err()).count();
    let more = (most.saturating_sub(used) / dense.max(1)).max(fair);
    let fill = |(found, source): (Result<Vec<Piece>, f64>, &Source<'_>)| match found {
        Ok(pieces) => pieces,
        // So much of the view took the fair share: it can be told which grains need not be tried.
        Err(covered) => coarser(
            source,
            visible,
            Grain { cell: grain.cell + steps(covered * more as f64 / fair as f64), ..grain },
            more,
        ),
    };
    all.into_iter().zip(sources).map(fill).collect()
}

/// The pieces, or the part of the view in which there are `most` already.
fn pieces(source: &Source<'_>, visible: Span, grain: Grain, most: usize) -> Result<Vec<Piece>, f64> {
    let mut pieces = Vec::new();
    let (mut last, mut within) = (visible.begin, 0);
    let went = source.fold.try_pieces(visible, grain, &source.times, |piece| {
        last = last.max(piece.begin);
        within += usize::from(piece.begin > visible.begin);
        pieces.push(piece);
        if pieces.len() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if went.is_continue() {
        return Ok(pieces);
    }
    // What began before the view says nothing of how dense the view is.
    let covered = last.saturating_sub(visible.begin) as f64 / visible.length() as f64;
    Err(if within == 0 { 1.0 } else { covered * most as f64 / within as f64 })
}

/// How many times cells must at least be doubled if this part of the view used up what there is for all; a few at most,
/// since the view is not equally dense everywhere.
fn steps(covered: f64) -> u32 {
    let doublings = (1.0 / covered.clamp(1e-9, 1.0)).log2().floor();
    (doublings as u32).min(3)
}

/// At about the finest grain at which it is at most `most`; then also long blocks are folded.
fn coarser(source: &Source<'_>, visible: Span, grain: Grain, most: usize) -> Vec<Piece> {
    let widest = Grain::new(visible.length()).cell;
    let mut cell = grain.cell;
    // Long blocks are worth more than a fine grid; but they must not burst the budget.
    while cell < widest.min(grain.cell + LONG_TRIES) {
        match pieces(source, visible, Grain { smallest: 1 << cell.min(62), cell }, most) {
            Ok(pieces) => return pieces,
            Err(covered) => cell += steps(covered).max(1),
        }
    }
    let mut cell = grain.cell;
    while cell < 63 {
        match pieces(source, visible, Grain { smallest: i64::MAX, cell }, most) {
            Ok(pieces) => return pieces,
            Err(covered) => cell += steps(covered).max(1),
        }
    }
    pieces(source, visible, Grain { smallest: i64::MAX, cell: 63 }, most.max(LEAST)).unwrap_or_default()
}

/// So many times cells are doubled before long blocks are folded, too.
const LONG_TRIES: u32 = 6;
/// As many pieces come of the coarsest grid there is: what is before 0, and what is after.
const LEAST: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(tracks: &[Vec<(i64, i64)>], visible: Span, most: usize) -> Vec<Vec<Piece>> {
        let folds: Vec<Fold> = tracks.iter().map(|blocks| Fold::new(blocks.len(), |index| blocks[index])).collect();
        let source = |(fold, blocks): (_, &'_ Vec<(i64, i64)>)| {
            let blocks = blocks.clone();
            Source { fold, times: Box::new(move |index| blocks[index]) }
        };
        let sources: Vec<_> = folds.iter().zip(tracks).map(source).collect();
        share(&sources, visible, Grain::new(64), most)
    }

    fn counts(pieces: &[Vec<Piece>]) -> Vec<u32> {
        pieces.iter().map(|pieces| pieces.iter().map(|piece| piece.count).sum()).collect()
    }

    #[test]
    fn what_sparse_tracks_leave_goes_to_the_dense_one() {
        let sparse = vec![(0, 900), (1_000, 1_900)];
        let dense: Vec<_> = (0..100_000).map(|at| (at * 100, at * 100 + 90)).collect();
        let tracks = [sparse.clone(), dense, sparse];
        let pieces = shared(&tracks, Span::new(0, 10_000_000), 3_000);
        assert_eq!(counts(&pieces), [2, 100_000, 2], "all are shown");
        assert_eq!((pieces[0].len(), pieces[2].len()), (2, 2), "sparse tracks stay as they are");
        assert!((1_000..=2_996).contains(&pieces[1].len()), "{} pieces", pieces[1].len());
    }

    #[test]
    fn messages_that_are_long_on_their_way_do_not_burst_the_budget() {
        // 50,000 messages, each on its way for as long as the whole view.
        let legs: Vec<_> = (0..50_000).map(|at| (at * 20, at * 20 + 1_000_000)).collect();
        let pieces = shared(&[legs], Span::new(500_000, 1_500_000), 1_000);
        assert_eq!(counts(&pieces), [50_000]);
        assert!((250..=1_000).contains(&pieces[0].len()), "{} pieces", pieces[0].len());
    }

    #[test]
    fn more_tracks_than_budget_show_a_little_each() {
        let tracks = vec![vec![(-50, -40), (-30, -20), (10, 20), (30, 40)]; 50];
        let pieces = shared(&tracks, Span::new(-1_000, 1_000), 10);
        assert_eq!(counts(&pieces), [4; 50]);
        assert!(pieces.iter().all(|pieces| pieces.len() <= LEAST));
    }
}
