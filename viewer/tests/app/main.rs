//! The viewer from end to end: its content driven as by a user but without a window, the real program on the command
//! line, and (on request) a real window.

mod command_line;
mod common;
mod hostile;
mod keyboard;
mod small;
mod window;
