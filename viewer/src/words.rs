//! What the viewer says of lanes, blocks, arrows and events; made when asked for, since few are visible at a time.
//!
//! Nothing here looks through the whole trace: each function looks up what it speaks of in the facts. All strings are fit
//! for the screen: what came from the trace is escaped and clipped.

mod event;
mod labels;
mod messages;
pub(crate) mod names;
mod prose;
mod related;
mod stories;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use self::event::own_fields;
pub use self::event::{event_fields, event_head, event_text};
pub use self::labels::block_labels;
pub use self::messages::{leg_exit, leg_story, rpc_fate, rpc_lines, rpc_of_event, rpc_steps};
pub use self::prose::{plain, prose};
pub use self::related::related;
pub use self::stories::{block_story, event_stories};
pub use self::time::{at_moment, duration, moment};
