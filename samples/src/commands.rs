//! The commands, one file each. An error is a sentence for the user.

pub(crate) mod demo;
pub(crate) mod list;
pub(crate) mod run;
