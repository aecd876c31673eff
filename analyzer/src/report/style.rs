//! The only writer of text reports: whatever passes through it is escaped, and coloured only if asked for.

use std::fmt::Display;
use std::io::{self, Write};

use super::escape::Escaped;
use crate::detect::finding::Severity;

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// With the colours of a terminal.
    Coloured,
}

/// What a piece of text is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// As it is.
    Plain,
    /// A heading, or what a line is about.
    Strong,
    /// What can be skipped.
    Faint,
    /// Something wrong, by its severity.
    Of(Severity),
    /// Something right.
    Good,
    /// A peer's colour, by its number.
    Peer(usize),
}

impl Ink {
    fn style(self) -> anstyle::Style {
        use anstyle::AnsiColor as Colour;
        let coloured = |colour: Colour| anstyle::Style::new().fg_color(Some(colour.into()));
        match self {
            Ink::Plain => anstyle::Style::new(),
            Ink::Strong => anstyle::Style::new().bold(),
            Ink::Faint => anstyle::Style::new().dimmed(),
            Ink::Of(Severity::Error) => coloured(Colour::Red).bold(),
            Ink::Of(Severity::Warning) => coloured(Colour::Yellow).bold(),
            Ink::Of(Severity::Info) => coloured(Colour::Cyan),
            Ink::Good => coloured(Colour::Green),
            Ink::Peer(number) => {
                const COLOURS: [Colour; 6] =
                    [Colour::Cyan, Colour::Magenta, Colour::Green, Colour::Yellow, Colour::Blue, Colour::BrightRed];
                coloured(COLOURS[number % COLOURS.len()])
            }
        }
    }
}

/// Writes pieces of text. Line ends are its own: one inside a piece is escaped, so that no string from a trace can
/// pretend to be a line of the report.
pub(crate) struct Pen<'o> {
    out: &'o mut dyn Write,
    style: Style,
}

impl<'o> Pen<'o> {
    pub(crate) fn new(out: &'o mut dyn Write, style: Style) -> Self {
        Pen { out, style }
    }

    pub(crate) fn put(&mut self, ink: Ink, piece: impl Display) -> io::Result<()> {
        if self.style == Style::Plain || ink == Ink::Plain {
            return write!(self.out, "{}", Escaped(piece));
        }
        let style = ink.style();
        write!(self.out, "{style}{}{style:#}", Escaped(piece))
    }

    pub(crate) fn plain(&mut self, piece: impl Display) -> io::Result<()> {
        self.put(Ink::Plain, piece)
    }

    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    pub(crate) fn line(&mut self, ink: Ink, piece: impl Display) -> io::Result<()> {
        self.put(ink, piece)?;
        self.end()
    }

    /// Writes `text` as one line that is broken where it is longer than `width`: what follows stands four blanks
    /// further in.
    pub(crate) fn hanging(&mut self, ink: Ink, indent: usize, width: usize, text: &str) -> io::Result<()> {
        let lines = wrap(text, width.saturating_sub(indent));
        let Some((first, rest)) = lines.split_first() else { return Ok(()) };
        self.plain(format_args!("{:indent$}", ""))?;
        self.line(ink, first)?;
        self.paragraph(ink, indent + 4, width, &rest.join(" "))
    }

    /// Writes `text` in lines of at most `width` characters, all indented by `indent` blanks.
    pub(crate) fn paragraph(&mut self, ink: Ink, indent: usize, width: usize, text: &str) -> io::Result<()> {
        for line in wrap(text, width.saturating_sub(indent)) {
            self.plain(format_args!("{:indent$}", ""))?;
            self.line(ink, line)?;
        }
        Ok(())
    }
}

/// `text` in lines of at most `width` characters, broken at blanks; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `n things`, or `1 thing`.
pub(crate) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_can_end_a_line_or_change_colours() {
        let mut out = Vec::new();
        let mut pen = Pen::new(&mut out, Style::Coloured);
        pen.line(Ink::Strong, "a\nerror: forged\x1b[0m").expect("a vector takes all");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), "\x1b[1ma\\nerror: forged\\u{1b}[0m\x1b[0m\n");
    }

    #[test]
    fn long_text_is_broken_at_blanks() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible", 4), ["incomprehensible"]);
    }
}
