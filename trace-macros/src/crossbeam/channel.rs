//! The tracked multi-producer, multi-consumer channels: as [`crossbeam_channel`]. The errors are the originals.

mod receiver;
mod select;
mod select_macro;
mod sender;
mod timer;

use std::time::{Duration, Instant};

#[doc(inline)]
pub use crate::__crossbeam_select as select;
#[doc(inline)]
pub use crate::__crossbeam_select_biased as select_biased;
pub use crossbeam_channel::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError, SendTimeoutError, TryReadyError,
    TryRecvError, TrySelectError, TrySendError,
};

use self::receiver::Source;
pub use self::receiver::{IntoIter, Iter, Receiver, TryIter};
pub use self::select::{Select, SelectedOperation};
pub use self::sender::Sender;
use self::timer::Timer;
use crate::channel::ends;
use crate::identity::{Name, short_type_name};

/// As [`crossbeam_channel::unbounded`]; the trace calls it after what goes through it: `unbounded<Job>`.
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    of(Name::Type(|| format!("unbounded<{}>", short_type_name::<T>())), None)
}

/// A channel with a name for people.
#[track_caller]
pub fn named_unbounded<T>(name: &'static str) -> (Sender<T>, Receiver<T>) {
    of(Name::Given(name), None)
}

/// As [`crossbeam_channel::bounded`]; the trace calls it after what goes through it: `bounded<Job>`.
#[track_caller]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    of(Name::Type(|| format!("bounded<{}>", short_type_name::<T>())), Some(capacity))
}

/// A bounded channel with a name for people.
#[track_caller]
pub fn named_bounded<T>(name: &'static str, capacity: usize) -> (Sender<T>, Receiver<T>) {
    of(Name::Given(name), Some(capacity))
}

#[track_caller]
fn of<T>(name: Name, capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let (sending, receiving) = ends(name, "queue", capacity);
    let (sender, receiver) = match capacity {
        Some(capacity) => crossbeam_channel::bounded(capacity),
        None => crossbeam_channel::unbounded(),
    };
    (Sender { end: sending, inner: sender }, Receiver(Source::Channel { end: receiving, inner: receiver }))
}

/// As [`crossbeam_channel::never`].
#[track_caller]
pub fn never<T>() -> Receiver<T> {
    // No sender was ever there, and so none goes.
    let (_, end) = ends(Name::Given("never"), "queue", None);
    Receiver(Source::Channel { end, inner: crossbeam_channel::never() })
}

/// As [`crossbeam_channel::after`].
pub fn after(duration: Duration) -> Receiver<Instant> {
    match Instant::now().checked_add(duration) {
        Some(when) => at(when),
        None => Receiver(Source::Timer { timer: Timer::new("after", None), inner: crossbeam_channel::never() }),
    }
}

/// As [`crossbeam_channel::at`].
pub fn at(when: Instant) -> Receiver<Instant> {
    Receiver(Source::Timer { timer: Timer::new("after", Some(when)), inner: crossbeam_channel::at(when) })
}

/// As [`crossbeam_channel::tick`].
pub fn tick(duration: Duration) -> Receiver<Instant> {
    Receiver(Source::Timer { timer: Timer::new("tick", None), inner: crossbeam_channel::tick(duration) })
}
