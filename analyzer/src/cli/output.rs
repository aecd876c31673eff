//! Standard output: buffered, and coloured only where a person looks at it.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use peerscope_analyzer::report::Style;

/// Standard output as data.
pub(crate) struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    pub(crate) fn new() -> Self {
        Output(BufWriter::with_capacity(64 << 10, io::stdout().lock()))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Colours on a terminal, unless `NO_COLOR` is set to anything or the terminal is `dumb`.
pub(crate) fn style() -> Style {
    style_of(&io::stdout())
}

/// As [`style`], for what is not written to stdout.
pub(crate) fn style_of(stream: &impl IsTerminal) -> Style {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if stream.is_terminal() && !forbidden && !dumb { Style::Coloured } else { Style::Plain }
}
