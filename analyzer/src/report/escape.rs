//! Strings from a trace are a stranger's: the one function through which they reach a terminal.
//!
//! A trace may carry escape sequences that repaint the screen, retitle the window or answer for the user, and
//! direction marks that make one text look like another. What a terminal would act on is shown as its code instead.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// `text` with every character that a terminal acts on, or that shows nothing, replaced by its escape (`\n`, `\u{1b}`).
///
/// A backslash itself stays as it is: the result is for a person's eyes, not for reading back.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            other if is_unsafe(other) => drop(write!(safe, "\\u{{{:x}}}", other as u32)),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Whether `character` may reach neither a terminal nor a JSON report as it is.
pub fn is_unsafe(character: char) -> bool {
    match character {
        // C0, DEL and C1 (a lone U+009B begins a control sequence as ESC [ does).
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => true,
        // Marks, embeddings, overrides and isolates of writing direction.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // Line ends of Unicode, invisible characters and tags.
        '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

/// Shows anything with [`escape`] applied.
pub struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escaping<'f, 'o>(&'f mut fmt::Formatter<'o>);
        impl fmt::Write for Escaping<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.write_str(&escape(text))
            }
        }
        write!(Escaping(out), "{}", self.0)
    }
}

/// At most `limit` characters of `text`; a text that was cut ends in `…`.
pub fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(place, _)| place);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_never_sees_what_it_would_act_on() {
        assert_eq!(escape("\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(escape("a\u{9b}2Jb\u{7f}"), "a\\u{9b}2Jb\\u{7f}");
        assert_eq!(escape("user\u{202e}nimda"), "user\\u{202e}nimda");
        assert_eq!(escape("one\ntwo\tthree\r"), "one\\ntwo\\tthree\\r");
        assert_eq!(Escaped("\x1b]0;owned\x07").to_string(), "\\u{1b}]0;owned\\u{7}");
    }

    #[test]
    fn honest_text_stays_as_it_is() {
        for text in ["", "RequestVote", "Wähler → Führer ✓", "日本語", "a\\b", "👩‍👩‍👧"] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn a_cut_is_seen() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
        assert_eq!(clip("äöüß", 2), "ä…");
    }
}
