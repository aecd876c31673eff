//! The lines of an input, with their places, in bounded memory.

use std::io::{self, BufRead, Read};

use super::read::MAX_LINE;

/// One line, without its end.
pub(super) struct RawLine<'a> {
    pub(super) place: Place,
    pub(super) bytes: &'a [u8],
    /// Whether the line had an end: the last one may be torn.
    pub(super) ended: bool,
    /// Whether the line went on for more than [`MAX_LINE`]; then `bytes` is only its beginning.
    pub(super) too_long: bool,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its first byte, from the start of the input.
    pub(super) offset: u64,
    /// Its number, from 1.
    pub(super) number: u64,
}

/// Reads lines into one buffer that never outgrows [`MAX_LINE`] by much.
pub(super) struct Lines<'i, I> {
    input: &'i mut I,
    buffer: Vec<u8>,
    next: Place,
}

impl<'i, I: BufRead> Lines<'i, I> {
    pub(super) fn new(input: &'i mut I) -> Self {
        Lines { input, buffer: Vec::new(), next: Place { offset: 0, number: 1 } }
    }

    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Option<RawLine<'_>>> {
        loop {
            let place = self.next;
            self.buffer.clear();
            let limit = MAX_LINE as u64 + 1;
            let mut length = self.input.by_ref().take(limit).read_until(b'\n', &mut self.buffer)? as u64;
            if length == 0 {
                return Ok(None);
            }
            let mut ended = self.buffer.last() == Some(&b'\n');
            let too_long = length == limit && !ended;
            if too_long {
                length += self.input.skip_until(b'\n')? as u64;
                ended = true;
            }
            self.next = Place { offset: place.offset + length, number: place.number + 1 };
            let mark = if place.offset == 0 && self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            if self.buffer[mark..].trim_ascii().is_empty() {
                continue;
            }
            return Ok(Some(RawLine { place, bytes: self.buffer[mark..].trim_ascii_end(), ended, too_long }));
        }
    }
}
