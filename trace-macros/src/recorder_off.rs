//! The recorder of a build without the feature `record`: there never is one, and the compiler knows it, so that all that
//! would record is left out of the program.

use std::io;
use std::panic::Location;
use std::path::PathBuf;

use peerscope_format::filter::Filter;
use peerscope_format::value::Value;

use crate::arg::Layout;
use crate::scope::Scope;
use crate::site::{Pinning, Site};

/// How large a trace may grow unless [`Builder::size_limit`] says otherwise, in bytes.
pub const DEFAULT_SIZE_LIMIT: u64 = 1 << 30;

/// The environment variable that names the trace file; without the feature `record` nobody reads it.
pub const TRACE_VARIABLE: &str = "PEERSCOPE_TRACE";

/// The environment variable that says which events are recorded; without the feature `record` nobody reads it.
pub const FILTER_VARIABLE: &str = "PEERSCOPE";

/// The environment variable that says how many bytes of the latest events are kept; without the feature `record` nobody reads it.
pub const RING_VARIABLE: &str = "PEERSCOPE_RING";

/// The environment variable that says how large the trace may grow; without the feature `record` nobody reads it.
pub const LIMIT_VARIABLE: &str = "PEERSCOPE_LIMIT";

/// Nobody can have one.
pub(crate) enum Recorder {}

/// Whether events are recorded: not in this build.
#[inline]
pub const fn is_recording() -> bool {
    false
}

#[inline]
pub(crate) fn recorder() -> Option<&'static Recorder> {
    None
}

/// What would be recorded.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) shape: u32,
    pub(crate) pinning: Pinning,
}

/// Nothing is kept of any task.
#[derive(Debug)]
pub(crate) struct TaskSlot;

impl TaskSlot {
    pub(crate) const fn new() -> Self {
        TaskSlot
    }

    pub(crate) const fn none() -> Self {
        TaskSlot
    }

    pub(crate) fn retire(&self) {}
}

/// Nor of any hold.
pub(crate) struct Pin;

impl Pin {
    pub(crate) const NONE: Pin = Pin;
}

pub(crate) fn append(recorder: &Recorder, _: &Scope, _: Form, _: usize, _: impl FnOnce(&mut Vec<u8>)) {
    match *recorder {}
}

pub(crate) fn keep(
    recorder: &Recorder,
    _: &Scope,
    _: u32,
    _: Option<&'static Location<'static>>,
    _: usize,
    _: impl FnOnce(&mut Vec<u8>),
) {
    match *recorder {}
}

pub(crate) fn append_hold(
    recorder: &Recorder,
    _: &Scope,
    _: u32,
    _: &'static Location<'static>,
    _: usize,
    _: impl FnOnce(&mut Vec<u8>),
) -> Pin {
    match *recorder {}
}

pub(crate) fn append_at(
    recorder: &Recorder,
    _: &Scope,
    _: Form,
    _: &'static Location<'static>,
    _: usize,
    _: impl FnOnce(&mut Vec<u8>),
) {
    match *recorder {}
}

#[cfg(feature = "tracing")]
pub(crate) fn started() -> Option<&'static Recorder> {
    None
}

/// Writes into buffers of the program only.
#[cfg(feature = "tracing")]
pub(crate) enum Reserved {}

#[cfg(feature = "tracing")]
impl Reserved {
    pub(crate) fn append_to(buffer: &mut Vec<u8>, _: usize, put: impl FnOnce(&mut Vec<u8>)) {
        put(buffer);
    }
}

impl Recorder {
    pub(crate) fn filter(&self) -> &Filter {
        match *self {}
    }

    pub(crate) fn lose(&self) {
        match *self {}
    }

    pub(crate) fn shape(&self, _: &'static Site, _: &[Layout], _: u64, _: bool) -> Option<u32> {
        match *self {}
    }

    #[cfg(any(feature = "tracing", feature = "log", feature = "slog"))]
    pub(crate) fn foreign_shape(
        &self,
        _: usize,
        _: u64,
        _: impl FnOnce() -> peerscope_format::shape::Shape,
    ) -> Option<u32> {
        match *self {}
    }
}

/// Where and how to record; without the feature `record` it cannot.
#[derive(Clone, Debug)]
pub struct Builder(());

impl Builder {
    /// Would record into the file at `path`.
    pub fn new(_path: impl Into<PathBuf>) -> Self {
        Builder(())
    }

    /// The file would not grow beyond `bytes`.
    pub fn size_limit(self, _bytes: u64) -> Self {
        self
    }

    /// The latest events only would be kept.
    pub fn ring(self, _bytes: u64) -> Self {
        self
    }

    /// Everybody could read the file.
    pub fn readable_by_all(self, _shared: bool) -> Self {
        self
    }

    /// Would record only what the filter lets pass.
    pub fn filter(self, _filter: &str) -> Self {
        self
    }

    /// Would add a free key/value.
    pub fn meta(self, _key: &str, _value: impl Into<Value>) -> Self {
        self
    }

    /// Says that this build cannot record.
    ///
    /// # Errors
    /// Always.
    pub fn start(self) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "built without the feature `record` of peerscope"))
    }
}

/// Adds a free key/value of the run to its trace; there is none.
pub fn meta(_key: &str, _value: impl Into<Value>) {}

/// The path of the trace that this process writes: none.
pub fn trace_path() -> Option<PathBuf> {
    None
}

pub(crate) fn busy<R>(run: impl FnOnce() -> R) -> Option<R> {
    Some(run())
}
