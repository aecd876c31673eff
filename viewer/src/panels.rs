//! The panels around the timeline, one file each. A panel sees state and run, and gives commands.

pub mod bar;
pub mod details;
pub mod events;
pub mod findings;
pub mod help;
pub mod legend;
mod prose;
mod rows;
