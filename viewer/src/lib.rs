//! Peers, terms, RPCs, locks and findings of a trace on one timeline.
//!
//! ```text
//! files --load--> Run (trace, facts) --scene--> lanes, blocks, arrows --picture--> what one frame shows --paint--> shapes
//!                                                       ^                  ^
//!                    report: severities, marks ---------┘    State --------┘ <--Command-- keys, mouse, menus, --at, tests
//! ```
//!
//! - [`load`]: files to a [`run::Run`] and its [`scene::Scene`], away from the thread of the window.
//! - [`scene`]: all that can be shown, as plain data: groups of [`lane`]s with blocks, arrows, what is missing. [`lanes`]
//!   has one file for each sort of lane.
//! - [`fold`]: the index that lets a frame cost what its pixels cost.
//! - [`timescale`]: the one place that turns time into pixels.
//! - [`layout`], [`picture`]: which lanes stand where, and what of them one frame shows; plain data, no painting.
//! - [`state`], [`command`]: what is selected and visible, and the only way to change it.
//! - [`colors`], [`paint`], [`timeline`], [`panels`], [`app`]: on the screen.
//! - [`screenshot`], [`raster`]: into a file, without a window; [`window`]: the window of the system.

pub mod app;
pub mod args;
pub mod colors;
pub mod command;
pub mod fold;
pub mod lane;
pub mod lanes;
pub mod layout;
pub mod load;
pub mod paint;
pub mod panels;
pub mod picture;
pub mod raster;
pub mod run;
pub mod scene;
pub mod screenshot;
pub mod state;
pub mod timeline;
pub mod timescale;
pub mod window;
pub mod words;
