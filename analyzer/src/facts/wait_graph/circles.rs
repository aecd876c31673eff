//! Circles among those who can never go on, and in which of them everybody's chain ends.

use std::collections::VecDeque;

use super::{Blocker, Cycle, Moment, Root, Step, WaitGraph};

impl WaitGraph {
    /// Finds the cycles among the helpless, and says of each of these what its chain ends in.
    pub(super) fn find_cycles(&mut self, moment: &Moment<'_, '_>, helpless: &[bool]) {
        let next = self.helpless_blockers(helpless);
        let knots = knots(&next);
        let mut found: Vec<(Cycle, &Vec<usize>)> = Vec::new();
        for knot in &knots {
            let start = knot.iter().copied().min_by_key(|place| self.stuck[*place].wait.begin);
            found.extend(start.and_then(|start| self.shortest_cycle(start, knot, &next)).map(|cycle| (cycle, knot)));
        }
        found.sort_by_key(|(cycle, _)| cycle.steps[0].wait.begin);
        for (number, (cycle, knot)) in found.into_iter().enumerate() {
            knot.iter().for_each(|place| self.stuck[*place].root = Root::Cycle(number));
            self.lead_into(&cycle, knot, &next);
            self.cycles.push(cycle);
        }
        // Those for whom others wait stand first.
        for &place in knots.iter().flatten().filter(|place| helpless[**place]) {
            if self.stuck[place].via.is_some() {
                continue;
            }
            let ends = self.stuck[place].blockers.iter().filter_map(|blocker| match self.next(*blocker) {
                Some(next) => helpless[next].then(|| (*blocker, self.stuck[next].root)),
                None => Some((*blocker, moment.end_of_chain(*blocker))),
            });
            // A circle tells more than a holder that has ended.
            let ends: Vec<_> = ends.collect();
            let of = |wanted: fn(&Root) -> bool| ends.iter().find(|(_, root)| wanted(root)).copied();
            let cycle = of(|root| matches!(root, Root::Cycle(_)));
            let end = cycle.or_else(|| of(|root| matches!(root, Root::HolderEnded { .. })));
            if let Some((blocker, root)) = end.or(ends.first().copied()) {
                (self.stuck[place].via, self.stuck[place].root) = (Some(blocker), root);
            }
        }
    }

    /// By place: the helpless for whom it waits; nobody for those who can go on.
    fn helpless_blockers(&self, helpless: &[bool]) -> Vec<Vec<(usize, Blocker)>> {
        let next = |(stuck, helpless_self): (&super::Stuck, &bool)| {
            let blockers = stuck.blockers.iter().filter(|_| *helpless_self);
            blockers
                .filter_map(|blocker| Some((self.next(*blocker).filter(|next| helpless[*next])?, *blocker)))
                .collect()
        };
        self.stuck.iter().zip(helpless).map(next).collect()
    }

    /// The shortest way from `start` back to it within `knot`.
    fn shortest_cycle(&self, start: usize, knot: &[usize], next: &[Vec<(usize, Blocker)>]) -> Option<Cycle> {
        let mut members = knot.to_vec();
        members.sort_unstable();
        let mut came_by: Vec<Option<(usize, Blocker)>> = vec![None; members.len()];
        let mut to_visit = VecDeque::from([start]);
        while let Some(at) = to_visit.pop_front() {
            for (next, blocker) in &next[at] {
                let Ok(member) = members.binary_search(next) else { continue };
                if came_by[member].is_some() {
                    continue;
                }
                came_by[member] = Some((at, *blocker));
                if *next != start {
                    to_visit.push_back(*next);
                    continue;
                }
                let mut steps = Vec::new();
                let mut back = start;
                while let Some((from, blocker)) = members.binary_search(&back).ok().and_then(|member| came_by[member]) {
                    steps.push(Step { wait: self.stuck[from].wait, blocker });
                    back = from;
                    if back == start {
                        break;
                    }
                }
                steps.reverse();
                return Some(Cycle { steps });
            }
        }
        None
    }

    /// Leads the chains of all of `knot` into its `cycle`, and round it, so that none goes round elsewhere.
    fn lead_into(&mut self, cycle: &Cycle, knot: &[usize], next: &[Vec<(usize, Blocker)>]) {
        let mut members = knot.to_vec();
        members.sort_unstable();
        let mut behind: Vec<Vec<(usize, Blocker)>> = vec![Vec::new(); members.len()];
        for &place in knot {
            for (next, blocker) in &next[place] {
                if let Ok(member) = members.binary_search(next) {
                    behind[member].push((place, *blocker));
                }
            }
        }
        let mut to_visit = VecDeque::new();
        for step in &cycle.steps {
            if let Some(place) = self.place(step.wait.task) {
                self.stuck[place].via = Some(step.blocker);
                to_visit.push_back(place);
            }
        }
        while let Some(place) = to_visit.pop_front() {
            let Ok(member) = members.binary_search(&place) else { continue };
            for (waits, blocker) in &behind[member] {
                if self.stuck[*waits].via.is_none() {
                    self.stuck[*waits].via = Some(*blocker);
                    to_visit.push_back(*waits);
                }
            }
        }
    }
}

/// The strongly connected sets of a graph (Tarjan, without recursion); whoever a set waits for stands before it.
fn knots(next: &[Vec<(usize, Blocker)>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let count = next.len();
    let (mut number, mut low, mut on_path) = (vec![NEW; count], vec![0; count], vec![false; count]);
    let (mut path, mut knots, mut numbered) = (Vec::new(), Vec::new(), 0);
    for start in 0..count {
        if number[start] != NEW {
            continue;
        }
        let mut calls = vec![(start, next[start].iter())];
        while let Some((at, rest)) = calls.last_mut() {
            let at = *at;
            if number[at] == NEW {
                (number[at], low[at], on_path[at]) = (numbered, numbered, true);
                numbered += 1;
                path.push(at);
            }
            match rest.next() {
                Some((other, _)) if number[*other] == NEW => calls.push((*other, next[*other].iter())),
                Some((other, _)) if on_path[*other] => low[at] = low[at].min(number[*other]),
                Some(_) => {}
                None => {
                    calls.pop();
                    if let Some((caller, _)) = calls.last() {
                        low[*caller] = low[*caller].min(low[at]);
                    }
                    if low[at] == number[at] {
                        let begin = path.iter().rposition(|other| *other == at).unwrap_or(0);
                        let knot = path.split_off(begin);
                        knot.iter().for_each(|member: &usize| on_path[*member] = false);
                        knots.push(knot);
                    }
                }
            }
        }
    }
    knots
}
