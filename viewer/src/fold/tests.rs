//! Tests of folding: beside a plain walk over all blocks, and what it costs by counts of what is looked at.

use peerscope_analyzer::detect::finding::Severity;
use proptest::prelude::*;

use super::walk::{VISITS, touches};
use super::{Estimate, Fold, Grain, Piece, worse};
use crate::timescale::Span;

type Blocks = Vec<(i64, i64)>;

fn fold_of(blocks: &Blocks) -> Fold {
    Fold::new(blocks.len(), |index| blocks[index])
}

fn pieces(fold: &Fold, blocks: &Blocks, visible: Span, grain: Grain) -> Vec<Piece> {
    let mut all = Vec::new();
    let _ = fold.try_pieces(
        visible,
        grain,
        |index| blocks[index],
        |piece| {
            all.push(piece);
            std::ops::ControlFlow::Continue(())
        },
    );
    all
}

fn length((begin, end): (i64, i64)) -> i64 {
    end.saturating_sub(begin).max(0)
}

/// The same by looking at each block.
fn plainly(blocks: &Blocks, marks: &[(usize, Severity)], visible: Span, grain: Grain) -> Vec<Piece> {
    let wide = grain.widen(visible);
    let (mut all, mut cell, mut open) = (Vec::<Piece>::new(), i64::MIN, false);
    let mut last_begins: Vec<i64> = Vec::new();
    for (index, (begin, end)) in blocks.iter().copied().enumerate() {
        let end = end.max(begin);
        let own_cell = cell_plainly(blocks, index, wide, grain);
        if !touches(begin, end, wide) {
            continue;
        }
        let long = length((begin, end)) >= grain.smallest;
        let same_cell = own_cell <= cell;
        if !long {
            cell = cell.max(own_cell);
        }
        let worst = marks.iter().filter(|mark| mark.0 == index).map(|mark| mark.1).min();
        match all.last_mut().filter(|_| open && !long && same_cell) {
            Some(last) => {
                last_begins.last_mut().into_iter().for_each(|last| *last = begin.max(*last));
                last.count += 1;
                last.begin = last.begin.min(begin);
                last.end = last.end.max(end);
                if length((begin, end)) > length(blocks[last.longest as usize]) {
                    last.longest = index as u32;
                }
                last.busy = last.busy.saturating_add(length((begin, end)));
                last.worst = worse(last.worst, worst);
            }
            None => {
                last_begins.push(begin);
                let (first, busy) = (index as u32, length((begin, end)));
                all.push(Piece { first, count: 1, begin, end, longest: first, busy, worst, grade: 0 });
            }
        }
        open = !long;
    }
    let is_seen = |piece: &Piece, last_begin: i64| {
        touches(piece.begin, piece.end, visible) || touches(last_begin, piece.end, visible)
    };
    all.into_iter().zip(last_begins).filter(|(piece, last)| is_seen(piece, *last)).map(|(piece, _)| piece).collect()
}

/// The cell of the widest node in which a block lies close to the others, else its own.
fn cell_plainly(blocks: &Blocks, index: usize, wide: Span, grain: Grain) -> i64 {
    // 16, 64, 256... blocks; the top level has up to 16 nodes.
    let levels =
        (0..).map(super::width_of).take_while(|width| blocks.len() > 16 && blocks.len().div_ceil(width / 4) > 16);
    let widths: Vec<usize> = std::iter::once(16).filter(|_| blocks.len() > 16).chain(levels.skip(1)).collect();
    for width in widths.into_iter().rev() {
        let first = index / width * width;
        let node = &blocks[first..blocks.len().min(first + width)];
        let begins = node.iter().map(|block| block.0);
        let (begin, last) = (begins.clone().min().unwrap_or(0), begins.max().unwrap_or(0));
        let end = node.iter().map(|block| block.1.max(block.0)).max().unwrap_or(0);
        let is_short = node.iter().all(|block| length(*block) < grain.smallest);
        // What of a leaf takes longer than 4 s is not kept.
        let busy = node.iter().fold(0_i64, |busy, block| busy.saturating_add(length(*block)));
        if width == 16 && end.saturating_sub(begin).max(busy) >= i64::from(u32::MAX) {
            continue;
        }
        let is_whole = wide.begin <= begin && last < wide.end;
        if is_short && is_whole && end.saturating_sub(begin) <= grain.close() {
            return grain.cell_of(begin);
        }
    }
    grain.cell_of(blocks[index].0)
}

#[test]
fn long_blocks_stand_alone_and_short_ones_fold_by_cell() {
    // Cells are 16 ns: two short blocks in the first, one in the second, then a long one, then a point.
    let blocks = vec![(0, 2), (3, 9), (17, 20), (21, 60), (61, 61)];
    let all = pieces(&fold_of(&blocks), &blocks, Span::new(0, 100), Grain::new(10));
    let told: Vec<_> = all.iter().map(|piece| (piece.first, piece.count, piece.longest, piece.busy)).collect();
    assert_eq!(told, [(0, 2, 1, 8), (2, 1, 2, 3), (3, 1, 3, 39), (4, 1, 4, 0)]);
}

#[test]
fn nothing_folds_to_nothing() {
    assert_eq!(pieces(&Fold::default(), &Vec::new(), Span::new(0, 10), Grain::new(1)), []);
    assert_eq!(pieces(&fold_of(&vec![(5, 6)]), &vec![(5, 6)], Span::new(6, 10), Grain::new(1)), [], "it ended before");
    let later = vec![(10, 12)];
    assert_eq!(pieces(&fold_of(&later), &later, Span::new(0, 10), Grain::new(1)), [], "it begins behind");
    assert_eq!(pieces(&fold_of(&vec![(6, 6)]), &vec![(6, 6)], Span::new(6, 10), Grain::new(1)).len(), 1);
}

#[test]
fn an_event_in_the_first_ns_of_a_view_is_seen_though_it_is_folded_with_earlier_ones() {
    let blocks: Blocks = (0..20).map(|at| (1_000 + at, 1_000 + at)).collect();
    let found = pieces(&fold_of(&blocks), &blocks, Span::new(1_019, 1_100), Grain::new(64));
    assert_eq!(found.iter().map(|piece| (piece.first, piece.count)).collect::<Vec<_>>(), [(0, 20)]);
}

#[test]
fn the_highest_grade_of_a_run_is_that_of_its_piece() {
    let blocks: Blocks = (0..200).map(|at| (at, at)).collect();
    let grades = |index: usize| if index == 77 { 3 } else { u8::from(index > 77) };
    let fold = fold_of(&blocks).graded((0..200).map(grades).collect());
    let found = pieces(&fold, &blocks, Span::new(0, 200), Grain::new(1_000));
    assert_eq!(found.iter().map(|piece| (piece.count, piece.grade)).collect::<Vec<_>>(), [(200, 3)]);
}

#[test]
fn what_takes_longer_than_a_leaf_can_say_is_still_summed() {
    const SECOND: i64 = 1_000_000_000;
    let all = Grain { smallest: i64::MAX, cell: 40 };
    let told = |blocks: Blocks| -> Vec<(u32, i64, i64)> {
        let found = pieces(&fold_of(&blocks), &blocks, Span::new(0, 100 * SECOND), all);
        found.iter().map(|piece| (piece.count, piece.end, piece.busy)).collect()
    };
    assert_eq!(told((0..32).map(|at| (at, at + SECOND)).collect()), [(32, 31 + SECOND, 32 * SECOND)], "all at once");
    assert_eq!(told((0..32).map(|at| (at * SECOND, at * SECOND)).collect()), [(32, 31 * SECOND, 0)], "far apart");
}

#[test]
fn a_mark_of_no_block_marks_nothing() {
    let mut fold = fold_of(&vec![(0, 1), (2, 3)]);
    fold.mark(2, Severity::Error);
    assert_eq!([0, 1, 2].map(|index| fold.severity(index)), [None; 3]);
}

#[test]
fn what_began_long_before_the_view_is_found() {
    // A leg on its way for long, among thousands that arrived at once.
    let mut blocks: Blocks = (0..5_000).map(|at| (at * 10, at * 10 + 1)).collect();
    blocks[7].1 = 1_000_000;
    let found = pieces(&fold_of(&blocks), &blocks, Span::new(900_000, 900_100), Grain::new(5));
    assert_eq!(found.iter().map(|piece| piece.first).collect::<Vec<_>>(), [7]);
}

fn many(count: i64) -> Blocks {
    (0..count).map(|at| (at * 100, at * 100 + 60)).collect()
}

fn cost(fold: &Fold, blocks: &Blocks, visible: Span, smallest: i64) -> (usize, usize) {
    VISITS.with(|visits| visits.set(0));
    let found = pieces(fold, blocks, visible, Grain::new(smallest)).len();
    (found, VISITS.with(std::cell::Cell::get))
}

#[test]
fn a_frame_costs_its_pixels_and_not_its_blocks() {
    let (few, lots) = (many(1_000), many(1_000_000));
    let (few_fold, lots_fold) = (fold_of(&few), fold_of(&lots));
    for share in [1, 100, 10_000] {
        // The same number of pixels each time: 500 pieces at most.
        let costs = [(&few, &few_fold), (&lots, &lots_fold)].map(|(blocks, fold)| {
            let length = (blocks.len() as i64 * 100 / share).max(500);
            cost(fold, blocks, Span::new(length, 2 * length), length / 500)
        });
        for (found, visits) in costs {
            assert!(found <= 502, "{found} pieces");
            // Nodes as long as a quarter of a cell or longer are folded whole; leaves hold 16 blocks. Then there are the ways down.
            assert!(visits <= 502 * 16 + 200, "{visits} looked at");
        }
        assert!(costs[1].1 <= costs[0].1.max(502 * 4) + 200, "{costs:?}");
    }
}

#[test]
fn bursts_and_pauses_cost_no_more() {
    // A million blocks: bursts of 1,000 within a microsecond each, a second apart; and bursts of all lengths, in pauses that grow.
    let even: Blocks = (0..1_000_000).map(|at| (at / 1_000 * 1_000_000_000 + at % 1_000, at % 2)).collect();
    let mut clock = 0_i64;
    let uneven = (0..1_000_000_i64).map(|at| {
        clock += if at % (1 + at / 7 % 5_003) == 0 { 1 << (at % 30) } else { 3 };
        (clock, at % 3)
    });
    for blocks in [even, uneven.collect()] {
        let blocks: Blocks = blocks.into_iter().map(|(begin, length)| (begin, begin + length)).collect();
        let fold = fold_of(&blocks);
        let whole = Span::new(blocks[0].0, blocks[blocks.len() - 1].1 + 1);
        for zoom in 0..30 {
            let length = whole.length() >> zoom;
            for part in 0..7 {
                let begin = whole.begin + (whole.length() - length) / 7 * part;
                let (found, visits) = cost(&fold, &blocks, Span::new(begin, begin + length), (length / 500).max(1));
                assert!(found <= 1_010, "{found} pieces at zoom {zoom}");
                // Each piece leads down to a leaf at worst: that is where a burst begins or ends.
                assert!(visits <= found * (16 + 4 * 8) + 400, "{visits} looked at for {found} at zoom {zoom}");
            }
        }
    }
}

#[test]
fn a_violation_of_a_microsecond_among_ten_million_stays_visible() {
    let blocks: Blocks = (0..10_000_000).map(|at| (at * 2_000, at * 2_000 + 1_000)).collect();
    let mut fold = fold_of(&blocks);
    fold.mark(7_654_321, Severity::Error);
    fold.mark(7_654_321, Severity::Info);
    let mut smallest = 1;
    while smallest < blocks.len() as i64 * 2_000 {
        let at = 7_654_321 * 2_000;
        let visible = Span::new(at - smallest * 300, at + smallest * 300);
        let found = pieces(&fold, &blocks, visible, Grain::new(smallest));
        let marked: Vec<_> = found.iter().filter(|piece| piece.worst == Some(Severity::Error)).collect();
        assert_eq!(marked.len(), 1, "with pieces of {smallest} ns");
        assert!(marked[0].begin <= at && at < marked[0].end);
        assert!(found.iter().all(|piece| piece.worst != Some(Severity::Info)), "the worse one counts");
        smallest *= 8;
    }
    let bytes = size_of_val(&fold.leaves[..])
        + fold.levels.iter().map(|level| level.len() * size_of::<super::Node>()).sum::<usize>();
    assert!(bytes < 28 * blocks.len() / 10, "{bytes} bytes");
}

#[test]
fn clocks_that_disagree_do_not_make_more_pieces_than_cells() {
    // Two tasks take a lock in turns, and their clocks are 50,000 ns apart.
    let blocks: Blocks = (0..100_000).map(|at| (at * 10 + at % 2 * 50_000, at * 10 + at % 2 * 50_000 + 4)).collect();
    let found = pieces(&fold_of(&blocks), &blocks, Span::new(0, 1_100_000), Grain::new(1_000));
    assert!(found.len() <= 1_100_000 / 1_000 + 1, "{}", found.len());
    assert_eq!(found.iter().map(|piece| piece.count).sum::<u32>(), 100_000);
}

#[test]
fn pieces_stay_what_they_are_while_one_pans() {
    let blocks = many(10_000);
    let fold = fold_of(&blocks);
    let grain = Grain::new(700);
    let all = pieces(&fold, &blocks, Span::new(0, 1_000_000), grain);
    for begin in (0..500_000).step_by(1_237) {
        let visible = Span::new(begin, begin + 50_000);
        let expected: Vec<_> = all.iter().copied().filter(|piece| touches(piece.begin, piece.end, visible)).collect();
        assert_eq!(pieces(&fold, &blocks, visible, grain), expected);
    }
}

/// Blocks in the order of their begins, nearly so, in any order; apart or overlapping; at usual or absurd times.
fn any_blocks() -> impl Strategy<Value = Blocks> {
    let sorted = (prop::collection::vec((0_i64..60, 0_i64..40), 0..700), 0_i64..3).prop_map(|(steps, overlap)| {
        let mut at = 0;
        let step = |(gap, length): (i64, i64)| {
            let block = (at, at + length);
            at += gap + if overlap == 0 { length } else { 0 };
            block
        };
        steps.into_iter().map(step).collect()
    });
    let jittered = prop::collection::vec((-30_i64..30, 0_i64..50), 0..700);
    let jittered = jittered.prop_map(|steps| {
        let block = |(place, (jitter, length)): (usize, (i64, i64))| {
            (place as i64 * 20 + jitter, place as i64 * 20 + jitter + length)
        };
        steps.into_iter().enumerate().map(block).collect()
    });
    let wild = prop::collection::vec((any::<i64>(), any::<i64>()), 0..300);
    let routes = prop::collection::vec((0_i64..5_000, prop_oneof![0_i64..20, 0_i64..5_000]), 0..500);
    let routes = routes.prop_map(|mut legs: Blocks| {
        legs.sort_unstable();
        legs.into_iter().map(|(begin, length)| (begin, begin + length)).collect()
    });
    prop_oneof![sorted, jittered, wild, routes]
}

fn views() -> impl Strategy<Value = (Span, i64)> {
    let usual = (-200_i64..15_000, 1_i64..15_000, 1_i64..500)
        .prop_map(|(begin, length, smallest)| (Span::new(begin, begin + length), smallest));
    let wild = (any::<i64>(), any::<i64>(), any::<i64>());
    let wild = wild.prop_map(|(one, other, smallest)| (Span::new(one.min(other), one.max(other)), smallest));
    prop_oneof![3 => usual, 1 => wild]
}

fn severities() -> impl Strategy<Value = Severity> {
    prop_oneof![Just(Severity::Error), Just(Severity::Warning), Just(Severity::Info)]
}

proptest! {
    #[test]
    fn the_tree_says_what_a_plain_walk_says(blocks in any_blocks(), view in views(), all in any::<bool>(),
                                            marks in prop::collection::vec((any::<prop::sample::Index>(), severities()), 0..6)) {
        let (visible, smallest) = view;
        let mut grain = Grain::new(smallest);
        if all {
            grain.smallest = i64::MAX;
        }
        let mut fold = fold_of(&blocks);
        let marks: Vec<_> = marks.iter().filter(|_| !blocks.is_empty()).map(|(index, severity)| (index.index(blocks.len()), *severity)).collect();
        marks.iter().for_each(|(index, severity)| fold.mark(*index, *severity));
        prop_assert_eq!(pieces(&fold, &blocks, visible, grain), plainly(&blocks, &marks, visible, grain));
    }

    #[test]
    fn an_estimate_is_never_too_low(blocks in any_blocks(), view in views(), all in any::<bool>()) {
        let (visible, smallest) = view;
        let mut grain = Grain::new(smallest);
        if all {
            grain.smallest = i64::MAX;
        }
        let fold = fold_of(&blocks);
        let (found, most) = (pieces(&fold, &blocks, visible, grain).len() as u64, Estimate::new(&fold, visible).pieces(grain));
        prop_assert!(found <= most, "{} pieces, {} estimated", found, most);
    }

    #[test]
    fn no_visible_block_is_lost_and_none_is_shown_twice(blocks in any_blocks(), view in views()) {
        let (visible, smallest) = view;
        let grain = Grain::new(smallest);
        let found = pieces(&fold_of(&blocks), &blocks, visible, grain);
        let sees = |span: Span| blocks.iter().filter(|(begin, end)| touches(*begin, *end.max(begin), span)).count();
        let shown: usize = found.iter().map(|piece| piece.count as usize).sum();
        prop_assert!(sees(visible) <= shown && shown <= sees(grain.widen(visible)));
        prop_assert!(found.windows(2).all(|pair| pair[0].first < pair[1].first));
        let alone = blocks.iter().filter(|block| length(**block) >= grain.smallest && touches(block.0, block.1.max(block.0), visible));
        let long = found.iter().filter(|piece| length(blocks[piece.longest as usize]) >= grain.smallest);
        prop_assert!(long.clone().all(|piece| piece.count == 1));
        prop_assert_eq!(long.count(), alone.count());
    }
}
