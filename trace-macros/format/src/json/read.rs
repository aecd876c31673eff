//! Reading: lines in, an image and what was wrong with them out.

use std::io::BufRead;

use super::assemble::Assembler;
use super::header;
use super::lines::{Lines, RawLine};
use super::scan::Line;
use super::trouble::Troubles;
use crate::wire::{Image, Problem, ProblemKind, ReadError};

/// A line of more bytes than this is left out, so that an input without line ends cannot claim all memory.
pub const MAX_LINE: usize = 8 << 20;

/// Reads a trace in JSON Lines as far as it goes; see [the rules](super).
///
/// # Errors
/// If the input cannot be read, or does not begin with a header that this version understands.
pub fn read(input: &mut impl BufRead) -> Result<(Image, Vec<Problem>), ReadError> {
    let mut lines = Lines::new(input);
    let mut troubles = Troubles::default();
    let header = header::read(lines.next()?, &mut troubles)?;
    let mut assembler = Assembler::new(header);
    // One line's scan depends on no other line, so blocks of lines could be scanned by several threads; only the
    // assembly, which gives out ids and keeps time from running backwards, needs them in order.
    let mut line = Line::default();
    while let Some(raw) = lines.next()? {
        match scan(&raw, &mut line) {
            Ok(()) => assembler.event(&line, raw.place, &mut troubles),
            Err((kind, why)) => troubles.line(kind, raw.place, why),
        }
    }
    Ok((assembler.finish(), troubles.into_problems()))
}

/// Scans `raw` into `line`, or says why the line must be left out.
fn scan(raw: &RawLine<'_>, line: &mut Line) -> Result<(), (ProblemKind, String)> {
    if raw.too_long {
        return Err((ProblemKind::Corrupt, format!("is longer than {} MiB", MAX_LINE >> 20)));
    }
    let torn = |in_the_middle: bool| {
        // A writer that was killed within a line leaves the beginning of an object and no line end.
        let (first, last) = (raw.bytes.trim_ascii_start().first(), raw.bytes.last());
        !raw.ended && first == Some(&b'{') && (in_the_middle || last != Some(&b'}'))
    };
    let refuse = |torn: bool, why: String| match torn {
        true => (ProblemKind::Truncated, "is torn: the file ends within it".to_owned()),
        false => (ProblemKind::Corrupt, why),
    };
    let text = std::str::from_utf8(raw.bytes).map_err(|error| {
        let why = format!("is not UTF-8 from its byte {} on", error.valid_up_to() + 1);
        refuse(torn(error.error_len().is_none()), why)
    })?;
    line.scan(text).map_err(|error| refuse(torn(error.is_eof()), reason(&error)))?;
    if line.kind().is_none() {
        return Err((ProblemKind::Corrupt, "has no `kind`, or one that is no string".to_owned()));
    }
    Ok(())
}

/// What the parser says, without its own idea of the line's number.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&text[..], |(text, _)| text);
    let what = if error.is_data() { "cannot be kept" } else { "is not JSON" };
    format!("{what}: {text} at its byte {}", error.column())
}
