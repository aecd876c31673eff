//! Values sorted into numbered groups: the shape of every index here, two allocations for all groups together.

use std::ops::Range;

/// Values in groups that are numbered from 0; within a group they keep the order in which they came.
#[derive(Clone, Debug)]
pub struct Grouped<T> {
    /// Where in `values` each group begins; one entry more than there are groups.
    starts: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Grouped { starts: vec![0], values: Vec::new() }
    }
}

impl<T: Copy> Grouped<T> {
    /// Sorts values into `count` groups. `pairs` yields each group's number and value; it is asked twice and must say
    /// the same both times.
    pub fn new<P: Iterator<Item = (usize, T)>>(count: usize, pairs: impl Fn() -> P) -> Self {
        let mut starts = vec![0_u32; count + 1];
        let mut any = None;
        for (group, value) in pairs() {
            starts[group + 1] += 1;
            any = Some(value);
        }
        for group in 0..count {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut values = any.map_or_else(Vec::new, |any| vec![any; starts[count] as usize]);
        for (group, value) in pairs() {
            values[next[group] as usize] = value;
            next[group] += 1;
        }
        Grouped { starts, values }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of `group`; none if there is no such group.
    #[inline]
    pub fn of(&self, group: usize) -> &[T] {
        &self.values[self.range(group)]
    }

    /// Where the values of `group` stand among those of all groups.
    #[inline]
    pub fn range(&self, group: usize) -> Range<usize> {
        match (self.starts.get(group), self.starts.get(group + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// The values of all groups, one group after the other.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_order_of_their_values() {
        let pairs = [(2, 'a'), (0, 'b'), (2, 'c')];
        let grouped = Grouped::new(4, || pairs.iter().copied());
        let all: Vec<_> = (0..5).map(|group| grouped.of(group).to_vec()).collect();
        assert_eq!(all, [vec!['b'], vec![], vec!['a', 'c'], vec![], vec![]]);
    }
}
