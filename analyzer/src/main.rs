//! `peerscope`: reads traces and says what went wrong in them.
//!
//! This file is the dispatch and the exit status; each command is one file below [`cli`].

mod cli;

use std::process::ExitCode;

use cli::{Exit, Failure};

fn main() -> ExitCode {
    let mut args = lexopt::Parser::from_env();
    let exit = match cli::dispatch(&mut args) {
        Ok(exit) => exit,
        // The reader of our output has seen enough.
        Err(Failure::Pipe) => Exit::Clean,
        Err(failure) => {
            cli::complain(&failure);
            Exit::Unusable
        }
    };
    ExitCode::from(exit as u8)
}
