//! Shares a budget of pieces among tracks, so that a frame has a bound however many tracks are dense.

use std::ops::ControlFlow;

use crate::fold::{Estimate, Fold, Grain, Piece};
use crate::timescale::Span;

/// What is to be folded: an index, and when its blocks are.
pub(super) struct Source<'a> {
    pub(super) fold: &'a Fold,
    pub(super) times: Box<dyn Fn(usize) -> (i64, i64) + 'a>,
}

/// The pieces of each source, folded at `grain`; where that would be more than its share of `most`, coarser.
pub(super) fn share(sources: &[Source<'_>], visible: Span, grain: Grain, most: usize) -> Vec<Vec<Piece>> {
    let fair = (most / sources.len().max(1)).max(1);
    let sparse = |source: &Source<'_>| {
        let estimate = Estimate::new(source.fold, visible);
        // Few blocks are counted sooner than they are estimated well.
        let may_fit = estimate.blocks() <= (COUNTED * fair) as u64 || estimate.pieces(grain) <= fair as u64;
        may_fit.then(|| pieces(source, visible, grain, fair)).flatten().ok_or(estimate)
    };
    let all: Vec<_> = sources.iter().map(sparse).collect();
    // What the sparse ones leave goes to the dense ones.
    let used: usize = all.iter().flatten().map(Vec::len).sum();
    let dense = all.iter().filter(|found| found.is_err()).count();
    let more = (most.saturating_sub(used) / dense.max(1)).max(fair);
    let fill = |(found, source): (Result<Vec<Piece>, Estimate>, &Source<'_>)| {
        found.unwrap_or_else(|estimate| fitting(source, visible, grain, &estimate, more))
    };
    all.into_iter().zip(sources).map(fill).collect()
}

/// The pieces, unless they are more than `most`.
fn pieces(source: &Source<'_>, visible: Span, grain: Grain, most: usize) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let went = source.fold.try_pieces(visible, grain, &source.times, |piece| {
        pieces.push(piece);
        if pieces.len() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    went.is_continue().then_some(pieces)
}

/// At about the finest grain at which it is at most `most`.
fn fitting(source: &Source<'_>, visible: Span, grain: Grain, estimate: &Estimate, most: usize) -> Vec<Piece> {
    // Long blocks are worth more than a fine grid; but they must not burst the budget.
    let widest = Grain::new(visible.length()).cell.min(grain.cell + LONG_TRIES);
    let alone = (grain.cell..widest).map(|cell| Grain { smallest: (1 << cell.min(62)).max(grain.smallest), cell });
    let folded = (grain.cell..63).map(|cell| Grain { smallest: i64::MAX, cell });
    let fits = |grain: &Grain| estimate.pieces(*grain) <= most as u64;
    let found = alone.chain(folded).filter(fits).find_map(|at| Some((at, pieces(source, visible, at, most)?)));
    // The coarsest grid has two cells, however few there may be.
    let coarsest = Grain { smallest: i64::MAX, cell: 63 };
    match found {
        Some((at, found)) => finer(source, visible, grain, at, found, most),
        None => pieces(source, visible, coarsest, most.max(LEAST)).unwrap_or_default(),
    }
}

/// What was found at the grain `at`, or what comes of a finer one (`finest` at most) if that leaves room: an estimate is
/// high where blocks come in bursts, since it knows the pauses between them only as parts of its nodes.
fn finer(
    source: &Source<'_>,
    visible: Span,
    finest: Grain,
    mut at: Grain,
    mut found: Vec<Piece>,
    most: usize,
) -> Vec<Piece> {
    while at.cell > finest.cell && !found.is_empty() {
        // Halves of cells are at most twice as many.
        let halvings = (most / found.len()).checked_ilog2().unwrap_or(0);
        let cell = at.cell.saturating_sub(halvings).max(finest.cell);
        let smallest = if at.smallest == i64::MAX { i64::MAX } else { (1 << cell.min(62)).max(finest.smallest) };
        if cell == at.cell {
            break;
        }
        at = Grain { smallest, cell };
        match pieces(source, visible, at, most) {
            Some(more) => found = more,
            None => break,
        }
    }
    found
}

/// So many times more blocks than pieces are looked at rather than estimated.
const COUNTED: usize = 4;
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
