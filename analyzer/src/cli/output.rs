//! Standard output: buffered, and coloured only where a person looks at it.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use peerscope_analyzer::model::Trace;
use peerscope_analyzer::read::Problem;
use peerscope_analyzer::report::Style;
use peerscope_analyzer::report::escape::Escaped;

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
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if io::stdout().is_terminal() && !forbidden && !dumb { Style::Coloured } else { Style::Plain }
}

/// Says on stderr what keeps the trace from being whole, for commands whose output has no place for it.
pub(crate) fn mention(trace: &Trace, problems: &[Problem]) {
    let mut err = io::stderr().lock();
    for problem in problems {
        let file = problem.source.map_or("", |source| &trace.source(source).name);
        // If even stderr is closed, there is nobody to tell.
        let _ = writeln!(err, "peerscope: {}: {}: {}", Escaped(file), problem.kind.name(), Escaped(&problem.detail));
    }
}
