//! The program from the outside: what it prints, where, and with which exit status.

mod arguments;
mod check;
mod common;
mod convert;
mod output;
mod reading;
#[cfg(unix)]
mod view;
