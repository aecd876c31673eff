//! The drain for `slog`.

use std::fmt;

use peerscope_format::filter::Level;
use slog::{Drain, KV as _, Key, Never, OwnedKVList, Record, Serializer};

use super::{KeyValues, Place, Told, is_wanted, tell};
use crate::arg::Formatted;

/// Records what is said through `slog`, the key-values of the logger as well as those of the record.
///
/// ```
/// use slog::Drain as _;
/// let logger = slog::Logger::root(peerscope::SlogDrain.fuse(), slog::o!("node" => 1));
/// slog::info!(logger, "election"; "term" => 3);
/// ```
/// Beside another drain: `slog::Duplicate::new(peerscope::SlogDrain, other)`.
#[derive(Clone, Copy, Debug)]
pub struct SlogDrain;

impl Drain for SlogDrain {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, values: &OwnedKVList) -> Result<(), Never> {
        let topic = if record.tag().is_empty() { record.module() } else { record.tag() };
        if !is_wanted(level(record.level()), topic) {
            return Ok(());
        }
        let place = if record.tag().is_empty() {
            Place::Site { file: record.file(), module: record.module(), line: record.line() }
        } else {
            Place::Somewhere { file: Some(record.file()), line: Some(record.line()) }
        };
        tell(&Told { level: level(record.level()), topic, message: *record.msg(), place }, |collected| {
            let mut each = Each(collected);
            // A value that cannot be serialized is left out.
            let _ = record.kv().serialize(record, &mut each);
            let _ = values.serialize(record, &mut each);
        });
        Ok(())
    }
}

fn level(level: slog::Level) -> Level {
    match level {
        slog::Level::Critical | slog::Level::Error => Level::Error,
        slog::Level::Warning => Level::Warn,
        slog::Level::Info => Level::Info,
        slog::Level::Debug => Level::Debug,
        slog::Level::Trace => Level::Trace,
    }
}

struct Each<'v>(&'v mut KeyValues);

macro_rules! emit {
    ($($method:ident $ty:ty),* $(,)?) => { $(
        fn $method(&mut self, key: Key, value: $ty) -> slog::Result {
            self.0.put(key.as_ref(), &value);
            Ok(())
        }
    )* };
}

impl Serializer for Each<'_> {
    emit!(
        emit_usize usize, emit_isize isize, emit_bool bool, emit_u8 u8, emit_i8 i8, emit_u16 u16, emit_i16 i16,
        emit_u32 u32, emit_i32 i32, emit_u64 u64, emit_i64 i64, emit_f32 f32, emit_f64 f64, emit_str &str,
    );

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        self.0.put(key.as_ref(), &None::<u64>);
        Ok(())
    }

    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.emit_unit(key)
    }

    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        self.0.put(key.as_ref(), &Formatted::new(*value));
        Ok(())
    }
}
