//! Values that are written by the user's code (a `Display`, a `Debug`, an iterator): into a buffer of the thread, before the
//! record is begun, so that code which itself logs finds the writer idle.

use std::cell::RefCell;
use std::fmt::{self, Write as _};

use peerscope_format::value::Id;
use peerscope_format::varint::{self, Sink, put_u64};

use super::{Arg, CUT_LEN, Layout, LogEntry, MAX_TEXT};
use crate::peer::TermArg;

thread_local! {
    static PREPARED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A stretch at the end of the thread's buffer, given back when dropped.
///
/// What is prepared while something else is being prepared lies behind it and is gone before it goes on.
#[derive(Debug)]
struct Prepared {
    start: usize,
    end: usize,
    count: u64,
}

impl Prepared {
    /// An empty stretch; what is appended to the buffer from now on will be its own.
    fn begin() -> Self {
        let start = Self::len();
        Prepared { start, end: start, count: 0 }
    }

    /// The buffer's length; 0 once the thread is being torn down.
    fn len() -> usize {
        PREPARED.try_with(|buffer| buffer.try_borrow().map_or(0, |buffer| buffer.len())).unwrap_or(0)
    }

    /// Appends, borrowing the buffer for no longer than `write`; says whether there still is a buffer.
    fn extend(write: impl FnOnce(&mut Vec<u8>)) -> bool {
        // It is in use if an allocator logs while the buffer grows.
        let run = |buffer: &RefCell<Vec<u8>>| buffer.try_borrow_mut().map(|mut buffer| write(&mut buffer)).is_ok();
        PREPARED.try_with(run).unwrap_or(false)
    }

    /// Reads the stretch; it is empty once the thread is being torn down.
    fn with<R>(&self, run: impl FnOnce(&[u8]) -> R) -> R {
        // Taken out so that `run` may prepare something itself.
        let buffer = PREPARED.try_with(|place| place.try_borrow_mut().map(|mut place| std::mem::take(&mut *place)));
        let Ok(Ok(buffer)) = buffer else { return run(&[]) };
        let result = run(buffer.get(self.start..self.end).unwrap_or_default());
        let _ = PREPARED.try_with(|place| *place.borrow_mut() = buffer);
        result
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        let _ = PREPARED.try_with(|buffer| buffer.try_borrow_mut().map(|mut buffer| buffer.truncate(self.start)));
    }
}

/// A value that could only be formatted.
pub struct Formatted(Prepared);

impl fmt::Debug for Formatted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.with(str::to_owned);
        out.write_str(&text)
    }
}

impl Formatted {
    /// Formats `arguments`.
    pub fn new(arguments: fmt::Arguments<'_>) -> Self {
        let mut text = Prepared::begin();
        // An error of a user's Display leaves the text as far as it came; a panic gives the stretch back.
        let _ = Append { start: text.start }.write_fmt(arguments);
        text.end = Prepared::len();
        Formatted(text)
    }

    fn with<R>(&self, run: impl FnOnce(&str) -> R) -> R {
        // Whole pieces of text went in, so text comes out.
        self.0.with(|bytes| run(std::str::from_utf8(bytes).unwrap_or_default()))
    }
}

impl Arg for Formatted {
    const LAYOUT: Layout = Layout::Formatted;
    fn max_len(&self) -> usize {
        (self.0.end - self.0.start).min(MAX_TEXT) + CUT_LEN + varint::MAX_LEN
    }
    fn put(&self, sink: &mut impl Sink) {
        self.with(|text| text.put(sink));
    }
}

/// A value that could only be formatted, as what it looks like: a number, a truth value, else a text.
#[derive(Debug)]
pub struct Shown(Formatted);

impl Shown {
    /// Formats `value`.
    pub fn new(value: &impl fmt::Debug) -> Self {
        Shown(Formatted::new(format_args!("{value:?}")))
    }
}

impl Arg for Shown {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        1 + self.0.max_len()
    }
    fn put(&self, sink: &mut impl Sink) {
        self.0.with(|text| match text {
            "true" => true.put_any(sink),
            "false" => false.put_any(sink),
            text => Id::parse(text).put(sink),
        });
    }
}

/// Appends to the thread's buffer, borrowing it only piece by piece; no more than will be kept.
struct Append {
    start: usize,
}

impl fmt::Write for Append {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // One byte too much, so that the text is cut and says so.
        let room = (self.start + MAX_TEXT + 1).saturating_sub(Prepared::len());
        let kept = &text[..text.floor_char_boundary(room)];
        Prepared::extend(|buffer| buffer.extend_from_slice(kept.as_bytes()));
        // Never an error: a `Display` may unwrap it, since `format!` has none.
        Ok(())
    }
}

/// Log entries, written one by one into the thread's buffer before the record is begun: walking them is the user's code.
pub struct EntryList(Prepared);

impl fmt::Debug for EntryList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} entries", self.0.count)
    }
}

/// An event lists entries up to this many bytes; the rest follows in another event.
const PIECE: usize = 8 << 10;

/// Walks `entries` once and hands them on in pieces that fit into an event each, with the index of the piece's first
/// entry. Where there is no entry, there is one empty piece.
pub fn in_pieces<D: Arg>(
    first: impl TermArg,
    entries: impl IntoIterator<Item = LogEntry<D>>,
    mut take: impl FnMut(u64, EntryList),
) {
    let (mut index, mut entries) = (first.number(), entries.into_iter().peekable());
    loop {
        let piece = EntryList::new(&mut entries);
        let count = piece.0.count;
        take(index, piece);
        index += count;
        if entries.peek().is_none() {
            return;
        }
    }
}

impl EntryList {
    /// Walks `entries` until a piece is full.
    pub(super) fn new<D: Arg>(entries: impl IntoIterator<Item = LogEntry<D>>) -> Self {
        // The stretch is there first: should `entries` panic, it is given back.
        let mut list = Prepared::begin();
        for entry in entries {
            list.count += 1;
            Prepared::extend(|buffer| entry.put(buffer));
            if Prepared::len() - list.start >= PIECE {
                break;
            }
        }
        list.end = Prepared::len();
        EntryList(list)
    }
}

impl Arg for EntryList {
    const LAYOUT: Layout = Layout::Any;
    fn max_len(&self) -> usize {
        1 + varint::MAX_LEN + self.0.end - self.0.start
    }
    fn put(&self, sink: &mut impl Sink) {
        self.0.with(|entries| {
            sink.put(8);
            put_u64(sink, if entries.is_empty() { 0 } else { self.0.count });
            sink.put_slice(entries);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_within_formatting_leaves_the_outer_text_whole() {
        struct Chatty;
        impl fmt::Display for Chatty {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("out")?;
                drop(Formatted::new(format_args!("inner")));
                out.write_str("er")
            }
        }
        let outer = Formatted::new(format_args!("{Chatty}"));
        assert_eq!(outer.with(str::to_owned), "outer");
    }

    #[test]
    fn what_panics_while_it_is_prepared_gives_its_stretch_back() {
        struct Broken;
        impl fmt::Display for Broken {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("half a text")?;
                panic!("a broken Display")
            }
        }
        let entries = || {
            let broken = (0..2_u64).rev().map(|place| LogEntry { term: 1, digest: 1 / place });
            drop(EntryList::new(broken));
        };
        assert!(std::panic::catch_unwind(|| drop(Formatted::new(format_args!("{Broken}")))).is_err());
        assert!(std::panic::catch_unwind(entries).is_err());
        assert_eq!(Prepared::len(), 0);
    }
}
