//! The `tracing` Layer that takes in *foreign* events and spans: what other crates say, in the same file and order as our
//! own.
//!
//! Our own events come in by the macros, not by this Layer, and their mirror is ignored here. A user's filter can
//! therefore take away foreign events, never a vote.

use std::cell::Cell;
use std::fmt;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use peerscope_format::filter::{self, Wanted};
use peerscope_format::shape::{Encoding, Field as ShapeField, Shape};
use peerscope_format::value::put_text;
use peerscope_format::varint::{Sink, put_u64};
use peerscope_format::vocabulary::Kind;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::arg::{Arg, Layout, MAX_TEXT, constant};
use crate::recorder::{Form, Recorder, Reserved, append, recorder, started};
use crate::scope::{Scope, with_current};
use crate::site::Pinning;

/// The Layer for the user's own registry. It records foreign events up to `DEBUG`; see [`layer_up_to`].
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
/// let subscriber = tracing_subscriber::registry().with(peerscope::layer());
/// # drop(subscriber);
/// ```
pub fn layer<S>() -> Filtered<PeerscopeLayer, ForeignEvents, S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    layer_up_to(LevelFilter::DEBUG)
}

/// As [`layer`], for foreign events up to `level`.
pub fn layer_up_to<S>(level: LevelFilter) -> Filtered<PeerscopeLayer, ForeignEvents, S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    // Decided now: the filter only looks, since it is asked with tracing's own locks held.
    crate::is_recording();
    MADE.store(true, Ordering::SeqCst);
    PeerscopeLayer(()).with_filter(ForeignEvents { level })
}

/// Whether there may be a Layer that has told call sites what it wants.
static MADE: AtomicBool = AtomicBool::new(false);

/// Recording has begun: Layers that were made before want something now. Where there is none, nobody is to be asked, for
/// tracing takes a program without a subscriber for one that wants every level, and our mirror would be built for nobody.
#[cfg(feature = "record")]
pub(crate) fn ask_again() {
    if MADE.load(Ordering::SeqCst) {
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Which events the Layer wants: foreign ones up to a level. A filter of the Layer's own, so that its `never` takes nothing
/// away from other layers.
#[derive(Clone, Debug)]
pub struct ForeignEvents {
    level: LevelFilter,
}

impl ForeignEvents {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        // A recorder that starts later has the call sites ask again.
        *metadata.level() <= self.level
            && !metadata.target().starts_with("peerscope::")
            && started().is_some_and(|recorder| {
                recorder.filter().wanted(metadata.target(), level(metadata.level())) != Wanted::Never
            })
    }
}

impl<S> Filter<S> for ForeignEvents {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(if started().is_some() { self.level } else { LevelFilter::OFF })
    }
}

/// See [`layer`].
#[derive(Debug)]
pub struct PeerscopeLayer(());

impl<S> Layer<S> for PeerscopeLayer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(recorder) = recorder() else { return };
        with_values(|values| {
            event.record(values);
            record_event(recorder, event, values);
        });
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        with_values(|values| {
            attributes.record(&mut Named(values));
            span.extensions_mut().replace(SpanFields(values.args.clone(), values.count));
        });
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        with_values(|values| {
            record.record(&mut Named(values));
            if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
                if fields.0.len() + values.args.len() > MAX_VALUES {
                    // The latest values are worth more than the first.
                    fields.0.clear();
                    fields.1 = 0;
                }
                fields.0.extend_from_slice(&values.args);
                fields.1 += values.count;
            }
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        record_span(Kind::SpanEnter, id, &context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        record_span(Kind::SpanExit, id, &context);
    }
}

/// A span's fields: names and values, encoded, and how many they are.
struct SpanFields(Vec<u8>, u64);

/// Values beyond this many bytes would not fit into a chunk; their fields say that they were cut.
const MAX_VALUES: usize = 16 << 10;

fn record_event(recorder: &Recorder, event: &Event<'_>, values: &Values) {
    let Some(shape) = shape_id(recorder, event, values.signature) else { return recorder.lose() };
    let max_len = values.message.max_len() + values.args.len();
    with_current(|scope| {
        if !is_wanted(recorder, scope, event.metadata()) {
            return;
        }
        append(recorder, scope, Form { shape, pinning: Pinning::Talks }, max_len, |out| {
            values.message.put(out);
            out.put_slice(&values.args);
        });
    });
}

/// Call sites whose shapes a thread remembers; a collision costs a look-up under the lock.
const SHAPES: usize = 64;

thread_local! {
    // No destructor. By the address of the metadata and the signature of the values.
    static SHAPE_IDS: [Cell<(usize, u64, u32)>; SHAPES] = const { [const { Cell::new((0, 0, 0)) }; SHAPES] };
}

/// The id of the shape of a call site's events with values of this signature.
#[inline]
fn shape_id(recorder: &Recorder, event: &Event<'_>, signature: u64) -> Option<u32> {
    let key = std::ptr::from_ref(event.metadata()) as usize;
    let place = (key >> 4 ^ signature as usize) % SHAPES;
    let (known_key, known_signature, id) = SHAPE_IDS.with(|ids| ids[place].get());
    if (known_key, known_signature) == (key, signature) {
        return Some(id);
    }
    let id = recorder.foreign_shape(key, signature, || event_shape(event))?;
    SHAPE_IDS.with(|ids| ids[place].set((key, signature, id)));
    Some(id)
}

fn put_map(out: &mut impl Sink, count: u64, entries: &[u8]) {
    out.put(9);
    put_u64(out, count);
    out.put_slice(entries);
}

/// The shape of events of this call site with such values: names and all else that is the call site's are in it.
#[cold]
fn event_shape(event: &Event<'_>) -> Shape {
    let metadata = event.metadata();
    let mut described = Described(Vec::new());
    event.record(&mut described);
    let mut fields = vec![
        ShapeField { name: "msg".into(), encoding: Encoding::Text },
        ShapeField { name: "args".into(), encoding: Encoding::Map(described.0.into()) },
    ];
    if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
        fields.push(constant("src", &format!("{file}:{line}")));
    }
    fields.push(constant("level", level(metadata.level()).name()));
    fields.push(constant("topic", metadata.target()));
    Shape { kind: Kind::Log.name().into(), fields: fields.into() }
}

fn record_span<S>(kind: Kind, id: &Id, context: &Context<'_, S>)
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    let (Some(recorder), Some(span)) = (recorder(), context.span(id)) else { return };
    let metadata = span.metadata();
    let key = std::ptr::from_ref(metadata) as usize;
    let variant = if kind == Kind::SpanEnter { 2 } else { 3 };
    let make = || {
        let mut fields = vec![
            ShapeField { name: "span".into(), encoding: Encoding::U64 },
            ShapeField { name: "fields".into(), encoding: Encoding::Any },
            constant("name", metadata.name()),
        ];
        if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
            fields.push(constant("src", &format!("{file}:{line}")));
        }
        Shape { kind: kind.name().into(), fields: fields.into() }
    };
    let Some(shape) = recorder.foreign_shape(key, variant, make) else { return recorder.lose() };
    let extensions = span.extensions();
    let (entries, count) = extensions.get::<SpanFields>().map_or((&[][..], 0), |fields| (&fields.0[..], fields.1));
    with_current(|scope| {
        if !is_wanted(recorder, scope, metadata) {
            return;
        }
        append(recorder, scope, Form { shape, pinning: Pinning::Talks }, 32 + entries.len(), |out| {
            id.into_u64().put(out);
            put_map(out, count, entries);
        });
    });
}

/// Whether the filter lets this pass in this scope. That it lets it pass for somebody, [`ForeignEvents`] has asked.
#[inline]
fn is_wanted(recorder: &Recorder, scope: &Scope, metadata: &Metadata<'_>) -> bool {
    let filter = recorder.filter();
    !filter.names_peers() || filter.wants(metadata.target(), level(metadata.level()), scope.peer.as_ref())
}

fn level(level: &Level) -> filter::Level {
    match *level {
        Level::ERROR => filter::Level::Error,
        Level::WARN => filter::Level::Warn,
        Level::INFO => filter::Level::Info,
        Level::DEBUG => filter::Level::Debug,
        Level::TRACE => filter::Level::Trace,
    }
}

/// The values of one event, collected before its record is begun: a field's `Debug` is the user's code, and may itself log.
#[derive(Default)]
struct Values {
    message: String,
    args: Vec<u8>,
    count: u64,
    /// A number that differs for different fields and layouts.
    signature: u64,
    /// For fields that can only be formatted.
    text: String,
}

thread_local! {
    static VALUES: Cell<Option<Box<Values>>> = const { Cell::new(None) };
}

/// Runs `run` with the thread's buffers, or with new ones while those are in use further up the stack.
fn with_values(run: impl FnOnce(&mut Values)) {
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
struct Named<'v>(&'v mut Values);

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
struct Described(Vec<ShapeField>);

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
