//! Messages that never arrived: where their ends crowd, one stands for all of them and says how many they are.

use std::collections::BTreeMap;

use super::Arrow;
use crate::scene::Fate;

/// Ends no further to the right of another than this, in points, are one with it: there is room for a number beside it.
const ROOM: f32 = 18.0;

/// What ends in the same way at the same height: where it comes from and ends (in bits of points), and what became of it.
type Sort = (u32, u32, Fate);

/// The `arrows`, in their order, without those for which another stands. Arrows of messages that arrived stay, and so does
/// what a finding points at.
pub(super) fn thin(arrows: Vec<Arrow>) -> Vec<Arrow> {
    let mut crowds: BTreeMap<Sort, Vec<usize>> = BTreeMap::new();
    for (place, arrow) in arrows.iter().enumerate().filter(|(_, arrow)| may_join(arrow)) {
        crowds.entry((arrow.from.1.to_bits(), arrow.to.1.to_bits(), arrow.fate)).or_default().push(place);
    }
    // By place: how many others it stands for; `None` if another stands for it.
    let mut stands_for = vec![Some(0_u32); arrows.len()];
    for mut places in crowds.into_values() {
        places.sort_by(|one, other| arrows[*one].to.0.total_cmp(&arrows[*other].to.0).then(one.cmp(other)));
        let mut first = places[0];
        for place in places.into_iter().skip(1) {
            if arrows[place].to.0 - arrows[first].to.0 > ROOM {
                first = place;
                continue;
            }
            stands_for[place] = None;
            stands_for[first] = stands_for[first].map(|others| others.saturating_add(arrows[place].piece.count));
        }
    }
    let left = arrows.into_iter().zip(stands_for);
    left.filter_map(|(arrow, others)| Some(Arrow { others: others?, ..arrow })).collect()
}

fn may_join(arrow: &Arrow) -> bool {
    let is_wrong = matches!(arrow.fate, Fate::Dropped | Fate::Unanswered);
    is_wrong && !arrow.arrived && arrow.piece.worst.is_none() && arrow.to.0.is_finite()
}

#[cfg(test)]
mod tests {
    use peerscope_analyzer::detect::finding::Severity;

    use super::*;
    use crate::fold::Piece;

    fn lost(x: f32, route: u32, count: u32) -> Arrow {
        let piece = Piece { first: 0, count, begin: 0, end: 0, longest: 0, busy: 0, worst: None, grade: 5 };
        let (from, to) = ((x, 100.0), (x + 14.0, 120.0));
        Arrow { route, piece, fate: Fate::Dropped, is_reply: false, from, to, arrived: false, others: 0 }
    }

    /// Where each that is left comes from, and how many others it stands for.
    fn thinned(arrows: Vec<Arrow>) -> Vec<(f32, u32)> {
        thin(arrows).iter().map(|arrow| (arrow.from.0, arrow.others)).collect()
    }

    #[test]
    fn one_cross_stands_for_those_beside_it_whomever_they_were_for() {
        let arrows = vec![lost(10.0, 0, 1), lost(50.0, 0, 1), lost(10.0, 1, 3), lost(28.0, 0, 1), lost(29.0, 0, 1)];
        assert_eq!(thinned(arrows), [(10.0, 4), (50.0, 0), (29.0, 0)]);
    }

    #[test]
    fn what_ends_elsewhere_or_otherwise_or_bears_witness_or_arrived_stands_alone() {
        let one = lost(10.0, 0, 1);
        let up = Arrow { to: (24.0, 80.0), ..one };
        let unanswered = Arrow { fate: Fate::Unanswered, ..one };
        let witness = Arrow { piece: Piece { worst: Some(Severity::Error), ..one.piece }, ..one };
        let arrived = Arrow { arrived: true, ..one };
        let stale = Arrow { fate: Fate::Late, ..one };
        let all = vec![one, up, unanswered, witness, arrived, stale];
        assert_eq!(thin(all.clone()), all);
    }

    #[test]
    fn places_that_are_no_numbers_do_no_harm() {
        let arrows =
            vec![lost(f32::NAN, 0, 1), lost(f32::NAN, 0, 1), lost(f32::INFINITY, 0, 1), lost(5.0, 0, u32::MAX)];
        assert_eq!(thin(arrows).len(), 4);
        assert_eq!(thinned(vec![lost(5.0, 0, 1), lost(5.0, 0, u32::MAX), lost(5.0, 0, 9)]), [(5.0, u32::MAX)]);
    }
}
