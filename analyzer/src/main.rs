//! `peerscope`: reads traces and says what went wrong in them.
//!
//! This file is the entry; the dispatch stands in [`cli`], and each command is one file below it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::dispatch(&mut lexopt::Parser::from_env()).status())
}
