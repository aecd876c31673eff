//! What the values of foreign events and spans become: collected and encoded before a record is begun, for a field's `Debug` is
//! the user's code, and may itself log.

use std::cell::Cell;
use std::fmt;
use std::fmt::Write as _;

use peerscope_format::shape::{Encoding, Field as ShapeField};
use peerscope_format::value::put_text;
use tracing::field::{Field, Visit};

use crate::arg::{Arg, Layout, MAX_TEXT};
use crate::recorder::Reserved;

/// Values beyond this many bytes would not fit into a chunk; their fields say that they were cut.
pub(super) const MAX_VALUES: usize = 16 << 10;

/// The values of one event.
#[derive(Default)]
pub(super) struct Values {
    pub(super) message: String,
    pub(super) args: Vec<u8>,
    pub(super) count: u64,
    /// A number that differs for different fields and layouts.
    pub(super) signature: u64,
    /// For fields that can only be formatted.
    text: String,
}

thread_local! {
    static VALUES: Cell<Option<Box<Values>>> = const { Cell::new(None) };
}

/// Runs `run` with the thread's buffers, or with new ones while those are in use further up the stack.
pub(super) fn with_values(run: impl FnOnce(&mut Values)) {
    let mut values = VALUES.try_with(Cell::take).ok().flatten().unwrap_or_default();
    values.message.clear();
    values.args.clear();
    values.count = 0;
    values.signature = 0;
    run(&mut values);
    let _ = VALUES.try_with(|place| place.set(Some(values)));
}

/// Where the fields of events and spans go.
trait Fields {
    fn arg<A: Arg + ?Sized>(&mut self, field: &Field, value: &A);
    fn values(&mut self) -> &mut Values;
}

/// What stands for a text that is too much.
const CUT: &str = "[cut: the event is too large]";

/// An event: values alone, their names and layouts are in the shape.
impl Fields for Values {
    #[inline]
    fn arg<A: Arg + ?Sized>(&mut self, field: &Field, value: &A) {
        let max_len = value.max_len();
        // A text in place of a text, so that the layout stays; nothing else can be long.
        if A::LAYOUT == Layout::Text && self.args.len() + max_len > MAX_VALUES {
            CUT.put(&mut self.args);
        } else {
            Reserved::append_to(&mut self.args, max_len, |out| value.put(out));
        }
        let place = (field.index() as u64) << 8 | (A::LAYOUT as u64 + 1);
        self.signature = (self.signature.rotate_left(5) ^ place).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    #[inline]
    fn values(&mut self) -> &mut Values {
        self
    }
}

/// A span: values with their names, since they are kept until the span is entered.
pub(super) struct Named<'v>(pub(super) &'v mut Values);

impl Fields for Named<'_> {
    fn arg<A: Arg + ?Sized>(&mut self, field: &Field, value: &A) {
        let args = &mut self.0.args;
        put_text(args, field.name());
        if args.len() + value.max_len() > MAX_VALUES {
            CUT.put_any(args);
        } else {
            value.put_any(args);
        }
        self.0.count += 1;
    }
    fn values(&mut self) -> &mut Values {
        self.0
    }
}

macro_rules! visit {
    ($($ty:ty),*) => { $(
        impl Visit for $ty {
            #[inline]
            fn record_f64(&mut self, field: &Field, value: f64) {
                self.arg(field, &value);
            }
            #[inline]
            fn record_i64(&mut self, field: &Field, value: i64) {
                self.arg(field, &value);
            }
            #[inline]
            fn record_u64(&mut self, field: &Field, value: u64) {
                self.arg(field, &value);
            }
            #[inline]
            fn record_bool(&mut self, field: &Field, value: bool) {
                self.arg(field, &value);
            }
            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "message" { self.values().message.push_str(value) } else { self.arg(field, value) }
            }
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "message" {
                    let _ = write!(Limited(&mut self.values().message), "{value:?}");
                    return;
                }
                let mut text = std::mem::take(&mut self.values().text);
                text.clear();
                let _ = write!(Limited(&mut text), "{value:?}");
                self.arg(field, &text);
                self.values().text = text;
            }
        }
    )* };
}
visit!(Values, Named<'_>);

/// What the fields of an event are called and how they are written.
pub(super) struct Described(pub(super) Vec<ShapeField>);

impl Described {
    fn field(&mut self, field: &Field, encoding: Encoding) {
        if field.name() != "message" {
            self.0.push(ShapeField { name: field.name().into(), encoding });
        }
    }
}

impl Visit for Described {
    fn record_f64(&mut self, field: &Field, _: f64) {
        self.field(field, Encoding::F64);
    }
    fn record_i64(&mut self, field: &Field, _: i64) {
        self.field(field, Encoding::I64);
    }
    fn record_u64(&mut self, field: &Field, _: u64) {
        self.field(field, Encoding::U64);
    }
    fn record_bool(&mut self, field: &Field, _: bool) {
        self.field(field, Encoding::Bool);
    }
    fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
        self.field(field, Encoding::Text);
    }
}

/// Stops a `Debug` whose text would be cut anyway.
struct Limited<'a>(&'a mut String);

impl fmt::Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() > MAX_TEXT {
            return Ok(());
        }
        self.0.push_str(text);
        Ok(())
    }
}
