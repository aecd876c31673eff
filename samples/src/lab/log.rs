//! A log whose first entry has the index 1, as in the paper.

use super::rpc::Entry;

/// The entries of one peer.
#[derive(Clone, Debug)]
pub struct Log {
    /// Index 0 is a sentinel of term 0, so that each real entry has one before it.
    entries: Vec<Entry>,
}

impl Log {
    /// A log of these entries, of which the first one gets the index 1.
    pub fn new(entries: Vec<Entry>) -> Log {
        Log { entries: [vec![Entry::default()], entries].concat() }
    }

    /// The index of the last entry; 0 if there is none.
    pub fn last_index(&self) -> u64 {
        self.entries.len() as u64 - 1
    }

    /// The term of the last entry; 0 if there is none.
    pub fn last_term(&self) -> u64 {
        self.entries[self.entries.len() - 1].term
    }

    /// The entry at an index, or the sentinel.
    pub fn get(&self, index: u64) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    /// The term of the entry at an index.
    pub fn term_of(&self, index: u64) -> Option<u64> {
        self.get(index).map(|entry| entry.term)
    }

    /// Copies of the entry at `first` and all behind it.
    pub fn from(&self, first: u64) -> Vec<Entry> {
        self.entries[first as usize..].to_vec()
    }

    /// Adds entries at the end.
    pub fn append(&mut self, entries: Vec<Entry>) {
        self.entries.extend(entries);
    }

    /// Removes the entry at `from` and all behind it.
    pub fn truncate(&mut self, from: u64) {
        self.entries.truncate(from as usize);
    }

    /// How many of a leader's entries, which begin at `first`, are in this log already.
    pub fn count_known(&self, first: u64, entries: &[Entry]) -> usize {
        (first..).zip(entries).take_while(|(index, entry)| self.term_of(*index) == Some(entry.term)).count()
    }

    /// Where a leader should try next if the entry at `conflict` is missing or of another term: behind this log, or
    /// where the entries of that other term begin. One round per term is enough then, instead of one per entry.
    pub fn retry_from(&self, conflict: u64) -> u64 {
        match self.term_of(conflict) {
            None => self.last_index() + 1,
            Some(term) => self.entries.partition_point(|entry| entry.term < term) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Log};

    fn log_of_terms(terms: &[u64]) -> Log {
        let entry = |term: &u64| Entry { term: *term, command: String::new() };
        Log::new(terms.iter().map(entry).collect())
    }

    #[test]
    fn an_empty_log_ends_with_the_sentinel() {
        let log = log_of_terms(&[]);
        assert_eq!((log.last_term(), log.last_index()), (0, 0));
        assert_eq!(log.retry_from(7), 1);
    }

    #[test]
    fn the_leader_skips_all_entries_of_the_conflicting_term() {
        let log = log_of_terms(&[1, 1, 3, 3, 3]);
        assert_eq!(log.retry_from(5), 3);
        assert_eq!(log.retry_from(9), 6);
    }

    #[test]
    fn known_entries_end_at_the_first_conflict() {
        let log = log_of_terms(&[1, 1, 3]);
        assert_eq!(log.count_known(2, &log_of_terms(&[1, 2]).from(1)), 1);
        assert_eq!(log.count_known(3, &log_of_terms(&[3, 3]).from(1)), 1);
    }
}
