//! Running text in which names and code stand between backticks, as detectors write it.

/// The parts of `text`, each with whether it is code. An odd backtick begins code that goes on to the end.
pub fn prose(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split('`').enumerate().map(|(place, part)| (part, place % 2 == 1)).filter(|(part, _)| !part.is_empty())
}

/// `text` without backticks, where code cannot look like code.
pub fn plain(text: &str) -> String {
    text.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_words() {
        let parts: Vec<_> = prose("task `vote 0->1` (4) keeps `Mutex<State>").collect();
        let expected = [("task ", false), ("vote 0->1", true), (" (4) keeps ", false), ("Mutex<State>", true)];
        assert_eq!(parts, expected);
        assert_eq!(prose("").count(), 0);
        assert_eq!(prose("``").count(), 0);
        assert_eq!(plain("lock `a` of `b"), "lock a of b");
    }
}
