//! Waiting for several operations at once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::receiver::Source;
use super::timer::Timer;
use super::{
    ReadyTimeoutError, Receiver, RecvError, SelectTimeoutError, SendError, Sender, TryReadyError, TrySelectError,
};
use crate::channel::{ReceivingEnd, SendingEnd};
use crate::seen::Seen;

/// As [`crossbeam_channel::Select`].
///
/// One that must wait records the begin of each case, all with its number, and with that number the end of the one that it
/// chose. One that need not wait records only the operation that it chose.
#[derive(Clone)]
pub struct Select<'a> {
    inner: crossbeam_channel::Select<'a>,
    cases: Vec<(usize, Case<'a>)>,
}

#[derive(Clone, Copy)]
enum Case<'a> {
    Send(&'a SendingEnd),
    Receive(&'a ReceivingEnd),
    Timer(&'a Timer),
}

impl Default for Select<'_> {
    fn default() -> Self {
        Select::new()
    }
}

impl<'a> Select<'a> {
    /// As [`crossbeam_channel::Select::new`].
    pub fn new() -> Self {
        Select { inner: crossbeam_channel::Select::new(), cases: Vec::new() }
    }

    /// As [`crossbeam_channel::Select::new_biased`].
    pub fn new_biased() -> Self {
        Select { inner: crossbeam_channel::Select::new_biased(), cases: Vec::new() }
    }

    /// As [`crossbeam_channel::Select::send`].
    pub fn send<T>(&mut self, sender: &'a Sender<T>) -> usize {
        let index = self.inner.send(&sender.inner);
        self.cases.push((index, Case::Send(&sender.end)));
        index
    }

    /// As [`crossbeam_channel::Select::recv`].
    pub fn recv<T>(&mut self, receiver: &'a Receiver<T>) -> usize {
        let (index, case) = match &receiver.0 {
            Source::Channel { end, inner } => (self.inner.recv(inner), Case::Receive(end)),
            Source::Timer { timer, inner } => (self.inner.recv(inner), Case::Timer(timer)),
        };
        self.cases.push((index, case));
        index
    }

    /// As [`crossbeam_channel::Select::remove`].
    ///
    /// # Panics
    /// If there is no operation of this index.
    pub fn remove(&mut self, index: usize) {
        self.inner.remove(index);
        self.cases.retain(|(other, _)| *other != index);
    }

    /// As [`crossbeam_channel::Select::try_select`]. If nothing is ready, nothing is recorded.
    ///
    /// # Errors
    /// If nothing is ready.
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        self.inner.try_select().map(|inner| SelectedOperation { inner, waited: None })
    }

    /// As [`crossbeam_channel::Select::select`].
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        let Some(seen) = Seen::here() else {
            return SelectedOperation { inner: self.inner.select(), waited: None };
        };
        if let Ok(selected) = self.try_select() {
            return selected;
        }
        let waited = Some(self.waits(seen));
        SelectedOperation { inner: self.inner.select(), waited }
    }

    /// As [`crossbeam_channel::Select::select_timeout`]. The time-out is one more case, a timer.
    ///
    /// # Errors
    /// If nothing became ready in time.
    #[track_caller]
    pub fn select_timeout(&mut self, timeout: Duration) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.select_deadline(deadline),
            None => Ok(self.select()),
        }
    }

    /// As [`crossbeam_channel::Select::select_deadline`]. The time-out is one more case, a timer.
    ///
    /// # Errors
    /// If nothing became ready in time.
    #[track_caller]
    pub fn select_deadline(&mut self, deadline: Instant) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        let Some(seen) = Seen::here() else {
            return self.inner.select_deadline(deadline).map(|inner| SelectedOperation { inner, waited: None });
        };
        if let Ok(selected) = self.try_select() {
            return Ok(selected);
        }
        let number = self.waits(seen);
        let timer = Timer::of_select(Some(deadline));
        timer.waits_in(seen, number);
        match self.inner.select_deadline(deadline) {
            Ok(inner) => Ok(SelectedOperation { inner, waited: Some(number) }),
            Err(error) => {
                timer.fired_in(seen, number);
                Err(error)
            }
        }
    }

    /// As [`crossbeam_channel::Select::try_ready`].
    ///
    /// # Errors
    /// If nothing is ready.
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.inner.try_ready()
    }

    /// As [`crossbeam_channel::Select::ready`]. The end of the wait is the task's next event.
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        self.waits_until_ready(Seen::here());
        self.inner.ready()
    }

    /// As [`crossbeam_channel::Select::ready_timeout`]. The end of the wait is the task's next event.
    ///
    /// # Errors
    /// If nothing became ready in time.
    #[track_caller]
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        self.waits_until_ready(Seen::here());
        self.inner.ready_timeout(timeout)
    }

    /// As [`crossbeam_channel::Select::ready_deadline`]. The end of the wait is the task's next event.
    ///
    /// # Errors
    /// If nothing became ready in time.
    #[track_caller]
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        self.waits_until_ready(Seen::here());
        self.inner.ready_deadline(deadline)
    }

    fn waits_until_ready(&mut self, seen: Option<Seen>) {
        if let Some(seen) = seen.filter(|_| self.inner.try_ready().is_err()) {
            self.waits(seen);
        }
    }

    /// The task is about to block: says so of each case, and gives the number of this select.
    fn waits(&self, seen: Seen) -> u64 {
        static GIVEN: AtomicU64 = AtomicU64::new(0);
        let number = GIVEN.fetch_add(1, Ordering::Relaxed) + 1;
        for (_, case) in &self.cases {
            match case {
                Case::Send(end) => end.announce(seen),
                Case::Receive(end) => end.announce(seen),
                Case::Timer(_) => {}
            }
        }
        for (_, case) in &self.cases {
            match case {
                Case::Send(end) => end.waits_in(seen, number),
                Case::Receive(end) => end.waits_in(seen, number),
                Case::Timer(timer) => timer.waits_in(seen, number),
            }
        }
        number
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`crossbeam_channel::SelectedOperation`].
#[must_use]
pub struct SelectedOperation<'a> {
    inner: crossbeam_channel::SelectedOperation<'a>,
    /// The number of the select, if it had to wait.
    waited: Option<u64>,
}

impl SelectedOperation<'_> {
    /// As [`crossbeam_channel::SelectedOperation::index`].
    pub fn index(&self) -> usize {
        self.inner.index()
    }

    /// As [`crossbeam_channel::SelectedOperation::send`].
    ///
    /// # Errors
    /// If all receivers are gone: with the value.
    ///
    /// # Panics
    /// If another sender was selected.
    #[track_caller]
    pub fn send<T>(self, sender: &Sender<T>, value: T) -> Result<(), SendError<T>> {
        let (seen, end) = (Seen::here(), &sender.end);
        let item = end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let result = self.inner.send(&sender.inner, item);
        match (seen, &result, self.waited) {
            (None, ..) => {}
            (Some(seen), Ok(()), None) => end.sent(seen, id),
            (Some(seen), Ok(()), Some(select)) => end.sent_in(seen, id, select),
            (Some(seen), Err(_), None) => end.refused(seen, "closed"),
            (Some(seen), Err(_), Some(select)) => end.refused_in(seen, "closed", select),
        }
        result.map_err(|SendError(item)| SendError(item.into_value()))
    }

    /// As [`crossbeam_channel::SelectedOperation::recv`].
    ///
    /// # Errors
    /// If nothing is left and all senders are gone.
    ///
    /// # Panics
    /// If another receiver was selected.
    #[track_caller]
    pub fn recv<T>(self, receiver: &Receiver<T>) -> Result<T, RecvError> {
        let seen = Seen::here();
        match &receiver.0 {
            Source::Channel { end, inner } => {
                let result = self.inner.recv(inner);
                match (seen, &result, self.waited) {
                    (None, ..) | (_, Ok(_), _) => {}
                    (Some(seen), Err(_), None) => end.refused(seen, "closed"),
                    (Some(seen), Err(_), Some(select)) => end.refused_in(seen, "closed", select),
                }
                result.map(|item| end.one_received(seen, item, self.waited))
            }
            Source::Timer { timer, inner } => {
                let result = self.inner.recv(inner);
                if let (Some(seen), Some(select)) = (seen, self.waited) {
                    timer.fired_in(seen, select);
                }
                result
            }
        }
    }
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
