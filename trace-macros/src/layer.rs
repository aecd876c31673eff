//! The `tracing` Layer that takes in *foreign* events and spans: what other crates say, in the same file and order as our
//! own.
//!
//! Our own events come in by the macros, not by this Layer, and their mirror is ignored here. A user's filter can
//! therefore take away foreign events, never a vote. (`PEERSCOPE` alone can: it is there for that.)

mod peers;
mod values;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use peerscope_format::filter::{self, Wanted};
use peerscope_format::shape::{Encoding, Field as ShapeField, Shape};
use peerscope_format::varint::{Sink, put_u64};
use peerscope_format::vocabulary::Kind;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::LookupSpan;

use self::peers::{SpanPeer, peer_of};
use self::values::{Described, MAX_VALUES, Named, Values, with_values};
use crate::arg::{Arg, constant};
#[cfg(feature = "log")]
use crate::bridge::hears_log;
use crate::recorder::{Form, Recorder, append, recorder, started};
use crate::scope::{self, Scope};
use crate::site::Pinning;

/// The Layer for the user's own registry. It records foreign events up to `DEBUG`, in the name of the current task's peer;
/// [`PeerscopeLayer::builder`] for more.
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
    PeerscopeLayer::builder().build()
}

/// As [`layer`], for foreign events up to `level`.
pub fn layer_up_to<S>(level: LevelFilter) -> Filtered<PeerscopeLayer, ForeignEvents, S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    PeerscopeLayer::builder().up_to(level).build()
}

/// What a Layer is to record, and in whose name.
#[derive(Clone, Debug)]
pub struct LayerBuilder {
    level: LevelFilter,
    peer_field: Option<&'static str>,
}

impl LayerBuilder {
    /// Foreign events and spans up to `level`, and not up to `DEBUG`.
    pub fn up_to(self, level: LevelFilter) -> Self {
        LayerBuilder { level, ..self }
    }

    /// Foreign events within a span that has a field of this name belong to the peer whose id stands there: what the innermost
    /// such span says, wherever it was entered. For crates that put the id of a node into an outer span only (openraft:
    /// `id`). Events outside of such spans belong to the current task's peer. The span's own level must be one that is
    /// recorded, [`LayerBuilder::up_to`]; `PEERSCOPE` may leave it out.
    ///
    /// ```
    /// use tracing_subscriber::layer::SubscriberExt as _;
    /// let layer = peerscope::PeerscopeLayer::builder().peer_field("id").build();
    /// let subscriber = tracing_subscriber::registry().with(layer);
    /// # drop(subscriber);
    /// ```
    pub fn peer_field(self, name: &'static str) -> Self {
        LayerBuilder { peer_field: Some(name), ..self }
    }

    /// The Layer.
    pub fn build<S>(self) -> Filtered<PeerscopeLayer, ForeignEvents, S>
    where
        S: Subscriber + for<'l> LookupSpan<'l>,
    {
        // Decided now: the filter only looks, since it is asked with tracing's own locks held.
        crate::is_recording();
        MADE.store(true, Ordering::SeqCst);
        let LayerBuilder { level, peer_field } = self;
        PeerscopeLayer { peer_field }.with_filter(ForeignEvents { level, peer_field })
    }
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
    peer_field: Option<&'static str>,
}

impl ForeignEvents {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        // A recorder that starts later has the call sites ask again.
        *metadata.level() <= self.level
            && !metadata.target().starts_with("peerscope::")
            && started().is_some_and(|recorder| {
                self.names_peer(metadata)
                    || recorder.filter().wanted(metadata.target(), level(metadata.level())) != Wanted::Never
            })
    }

    /// Whether it is a span that says whose events are, and must be known for that even if it is not recorded itself.
    fn names_peer(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && self.peer_field.is_some_and(|name| metadata.fields().field(name).is_some())
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

/// Whether it is what `tracing-log` makes of a record of the `log` crate.
fn is_from_log(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "log" && metadata.fields().field("log.target").is_some()
}

/// Without the bridge nobody else brings it.
#[cfg(not(feature = "log"))]
fn hears_log() -> bool {
    false
}

/// See [`layer`].
#[derive(Debug)]
pub struct PeerscopeLayer {
    peer_field: Option<&'static str>,
}

impl PeerscopeLayer {
    /// A Layer that is told more than [`layer`]'s.
    pub fn builder() -> LayerBuilder {
        LayerBuilder { level: LevelFilter::DEBUG, peer_field: None }
    }
}

impl<S> Layer<S> for PeerscopeLayer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(recorder) = recorder() else { return };
        // Asked here and not by the filter, which `tracing-log` asks under the target of the record.
        if is_from_log(event.metadata()) && hears_log() {
            return;
        }
        let span = self.peer_field.and_then(|_| context.event_span(event));
        let peer = span.and_then(|span| span.extensions().get::<SpanPeer>().cloned());
        with_values(|values| {
            event.record(values);
            in_name_of(peer.as_ref(), |scope| record_event(recorder, scope, event, values));
        });
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        with_values(|values| {
            attributes.record(&mut Named(values));
            span.extensions_mut().replace(SpanFields(values.args.clone(), values.count));
        });
        let Some(name) = self.peer_field else { return };
        let own = peer_of(name, |visit| attributes.record(visit));
        let outer = || span.parent().and_then(|parent| parent.extensions().get::<SpanPeer>().cloned());
        if let Some(peer) = own.or_else(outer) {
            span.extensions_mut().replace(peer);
        }
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
        if let Some(peer) = self.peer_field.and_then(|name| peer_of(name, |visit| record.record(visit))) {
            span.extensions_mut().replace(peer);
        }
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

/// Runs `run` with the scope of a span's peer, else with the current one.
fn in_name_of(peer: Option<&SpanPeer>, run: impl FnOnce(&Scope)) {
    match peer {
        Some(SpanPeer(scope)) => run(scope),
        None => scope::with_current(run),
    }
}

fn record_event(recorder: &Recorder, scope: &Scope, event: &Event<'_>, values: &Values) {
    if !is_wanted(recorder, scope, event.metadata()) {
        return;
    }
    let Some(shape) = shape_id(recorder, event, values.signature) else { return recorder.lose() };
    let max_len = values.message.max_len() + values.args.len();
    append(recorder, scope, Form { shape, pinning: Pinning::Talks }, max_len, |out| {
        values.message.put(out);
        out.put_slice(&values.args);
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
    let extensions = span.extensions();
    let (entries, count) = extensions.get::<SpanFields>().map_or((&[][..], 0), |fields| (&fields.0[..], fields.1));
    in_name_of(extensions.get::<SpanPeer>(), |scope| {
        if !recorder.filter().wants(metadata.target(), level(metadata.level()), scope.peer.as_ref()) {
            return;
        }
        let Some(shape) = recorder.foreign_shape(key, variant, make) else { return recorder.lose() };
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
