//! The bridge from the `log` crate.

use std::sync::atomic::{AtomicBool, Ordering};

use log::kv::{Error, Key, Value, VisitSource, VisitValue};
use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};

use super::{KeyValues, Place, Told, is_wanted, tell};
use crate::arg::Formatted;
use peerscope_format::filter::Level;

/// Takes in what is said through the `log` crate.
///
/// There is one logger in a program: the bridge takes its place, and hands everything on to the one that was to be there.
/// While there is a bridge, the `tracing` Layer lets go by what `tracing-log` brings it, so that nothing stands there
/// twice. (`tracing`'s own feature `log-always` says each event in both ways on purpose: with it, use the bridge or
/// the Layer.)
///
/// ```
/// use log::LevelFilter;
/// # struct Other;
/// # impl log::Log for Other {
/// #     fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
/// #     fn log(&self, _: &log::Record<'_>) {}
/// #     fn flush(&self) {}
/// # }
/// # let my_other_logger = Other;
/// peerscope::LogBridge::up_to(LevelFilter::Debug).and(my_other_logger).install()?;
/// log::info!("recorded, and said by the other logger");
/// # Ok::<(), log::SetLoggerError>(())
/// ```
pub struct LogBridge {
    level: LevelFilter,
    other: Option<Box<dyn Log>>,
}

impl std::fmt::Debug for LogBridge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LogBridge").field("level", &self.level).finish_non_exhaustive()
    }
}

/// Whether there is a bridge.
static THERE: AtomicBool = AtomicBool::new(false);

/// Whether what is said through `log` arrives here by itself.
#[cfg(feature = "tracing")]
pub(crate) fn hears_log() -> bool {
    THERE.load(Ordering::Relaxed)
}

impl LogBridge {
    /// A bridge for records up to `level`.
    pub fn up_to(level: LevelFilter) -> Self {
        crate::is_recording();
        THERE.store(true, Ordering::Relaxed);
        LogBridge { level, other: None }
    }

    /// Hands every record on to `other`, which decides for itself what it wants.
    pub fn and(self, other: impl Log + 'static) -> Self {
        LogBridge { other: Some(Box::new(other)), ..self }
    }

    /// Makes it the program's logger. `log`'s maximal level is raised to the bridge's if it is lower.
    ///
    /// # Errors
    /// If there is a logger already.
    pub fn install(self) -> Result<(), SetLoggerError> {
        let level = self.level;
        log::set_boxed_logger(Box::new(self))?;
        log::set_max_level(log::max_level().max(level));
        Ok(())
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.level && is_wanted(level(metadata.level()), metadata.target())
    }
}

impl Log for LogBridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata) || self.other.as_ref().is_some_and(|other| other.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        if self.wants(record.metadata()) {
            let place = match (record.file_static(), record.line(), record.module_path_static()) {
                (Some(file), Some(line), Some(module)) if module == record.target() => {
                    Place::Site { file, module, line }
                }
                _ => Place::Somewhere { file: record.file(), line: record.line() },
            };
            let told = Told { level: level(record.level()), topic: record.target(), message: *record.args(), place };
            // A value that cannot be visited is left out.
            tell(&told, |values| drop(record.key_values().visit(&mut Each(values))));
        }
        if let Some(other) = self.other.as_ref().filter(|other| other.enabled(record.metadata())) {
            other.log(record);
        }
    }

    fn flush(&self) {
        if let Some(other) = &self.other {
            other.flush();
        }
    }
}

fn level(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warn,
        log::Level::Info => Level::Info,
        log::Level::Debug => Level::Debug,
        log::Level::Trace => Level::Trace,
    }
}

/// Takes the key-values one by one.
struct Each<'v>(&'v mut KeyValues);

impl<'kvs> VisitSource<'kvs> for Each<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        value.visit(One(self.0, key.as_str()))
    }
}

struct One<'v, 'k>(&'v mut KeyValues, &'k str);

impl<'v> VisitValue<'v> for One<'_, '_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.0.put(self.1, &Formatted::new(format_args!("{value}")));
        Ok(())
    }
    fn visit_null(&mut self) -> Result<(), Error> {
        self.0.put(self.1, &None::<u64>);
        Ok(())
    }
    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.0.put(self.1, &value);
        Ok(())
    }
    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.0.put(self.1, &value);
        Ok(())
    }
    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0.put(self.1, &value);
        Ok(())
    }
    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0.put(self.1, &value);
        Ok(())
    }
    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        self.0.put(self.1, value);
        Ok(())
    }
}
