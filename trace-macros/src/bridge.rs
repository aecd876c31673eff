//! Bridges from other loggers: what a crate says through `log` or `slog`, in the same file and order as our own events, in the
//! name of the current task's peer.
//!
//! A record becomes a `log` event: its message as it was formatted, its key-values as `args`, its target (`log`) or tag or
//! module (`slog`) as topic, by which `PEERSCOPE` may leave it out.

#[cfg(feature = "log")]
mod log;
#[cfg(feature = "slog")]
mod slog;

use std::cell::RefCell;
use std::fmt;

use peerscope_format::filter::Level;
use peerscope_format::shape::{Encoding, Field, Shape};
use peerscope_format::value::put_text;
use peerscope_format::varint::{Sink, put_u64};
use peerscope_format::vocabulary::Kind;

#[cfg(feature = "log")]
pub use self::log::LogBridge;
#[cfg(all(feature = "log", feature = "tracing"))]
pub(crate) use self::log::hears_log;
#[cfg(feature = "slog")]
pub use self::slog::SlogDrain;
use crate::arg::{Arg, Formatted, constant};
use crate::recorder::{Form, append, recorder};
use crate::scope::with_current;
use crate::site::Pinning;

/// A record of another logger.
struct Told<'a> {
    level: Level,
    topic: &'a str,
    message: fmt::Arguments<'a>,
    /// Where it was said.
    place: Place<'a>,
}

/// Where in the program a record was made.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// By a macro in this file and line, whose topic is this module's: one call site, which has a shape of its own.
    Site {
        /// The file and the module; both live for ever, so that their addresses name them.
        file: &'static str,
        module: &'static str,
        line: u32,
    },
    /// Here, but not always under the same topic.
    Somewhere { file: Option<&'a str>, line: Option<u32> },
}

/// Whether a record of this level and topic is recorded in the current scope.
fn is_wanted(level: Level, topic: &str) -> bool {
    // What we mirror into `tracing` comes back through `log` where nobody else takes it.
    let Some(recorder) = recorder().filter(|_| !topic.starts_with("peerscope::")) else { return false };
    recorder.filter().is_all() || with_current(|scope| recorder.filter().wants(topic, level, scope.peer.as_ref()))
}

/// Records what was told, with the key-values that `collect` finds; both are the program's own code, and run before the record
/// is begun.
fn tell(told: &Told<'_>, collect: impl FnOnce(&mut KeyValues)) {
    let Some(recorder) = recorder() else { return };
    let message = Formatted::new(told.message);
    KeyValues::with(collect, |values| {
        let (key, variant) = told.shape_key();
        let Some(shape) = recorder.foreign_shape(key, variant, || told.shape()) else { return recorder.lose() };
        let source = told.source();
        let max_len = message.max_len() + values.bytes.len() + 32 + told.topic.max_len() + source.max_len();
        with_current(|scope| {
            append(recorder, scope, Form { shape, pinning: Pinning::Talks }, max_len, |out| {
                message.put(out);
                out.put(9);
                put_u64(out, values.count);
                out.put_slice(&values.bytes);
                if let Place::Somewhere { .. } = told.place {
                    told.topic.put(out);
                    source.put(out);
                }
            });
        });
    });
}

impl Told<'_> {
    /// What tells its shape from others, as one number and another.
    fn shape_key(&self) -> (usize, u64) {
        static ELSEWHERE: u8 = 0;
        let level = self.level as u64;
        match self.place {
            Place::Site { file, module, line } => {
                // Two modules of one file have different addresses, and so have two crates' files of one name and line.
                let module = module.as_ptr() as u64;
                (file.as_ptr() as usize, module.rotate_left(32) ^ u64::from(line) << 3 ^ level)
            }
            Place::Somewhere { .. } => (std::ptr::from_ref(&ELSEWHERE) as usize, level),
        }
    }

    fn shape(&self) -> Shape {
        let field = |name: &str, encoding| Field { name: name.into(), encoding };
        let mut fields = vec![field("msg", Encoding::Text), field("args", Encoding::Any)];
        match self.place {
            Place::Site { file, line, .. } => {
                fields.push(constant("topic", self.topic));
                fields.push(constant("src", &format!("{file}:{line}")));
            }
            Place::Somewhere { .. } => fields.extend([field("topic", Encoding::Text), field("src", Encoding::Any)]),
        }
        fields.push(constant("level", self.level.name()));
        Shape { kind: Kind::Log.name().into(), fields: fields.into() }
    }

    /// Its `file:line`, where that stands in each event.
    fn source(&self) -> Option<String> {
        match self.place {
            Place::Somewhere { file: Some(file), line: Some(line) } => Some(format!("{file}:{line}")),
            _ => None,
        }
    }
}

/// The key-values of a record, encoded.
#[derive(Default)]
struct KeyValues {
    bytes: Vec<u8>,
    count: u64,
}

/// Values beyond this many bytes would not fit into a chunk.
const MAX_VALUES: usize = 16 << 10;
/// What stands for a value that is too much.
const CUT: &str = "[cut: the event is too large]";

impl KeyValues {
    /// Collects into the thread's buffer, or into a new one where that is in use further up the stack.
    fn with(collect: impl FnOnce(&mut KeyValues), run: impl FnOnce(&KeyValues)) {
        thread_local! {
            static KEPT: RefCell<KeyValues> = RefCell::default();
        }
        let mut values = KEPT.try_with(|kept| kept.try_borrow_mut().map(|mut kept| std::mem::take(&mut *kept)));
        let mut values = match &mut values {
            Ok(Ok(values)) => std::mem::take(values),
            _ => KeyValues::default(),
        };
        values.bytes.clear();
        values.count = 0;
        collect(&mut values);
        run(&values);
        let _ = KEPT.try_with(|kept| kept.replace(values));
    }

    fn put(&mut self, name: &str, value: &(impl Arg + ?Sized)) {
        if self.bytes.len() + name.len() + CUT.len() + 32 > 2 * MAX_VALUES {
            return;
        }
        put_text(&mut self.bytes, name);
        if self.bytes.len() + value.max_len() > MAX_VALUES {
            CUT.put_any(&mut self.bytes);
        } else {
            value.put_any(&mut self.bytes);
        }
        self.count += 1;
    }
}
