// Included twice, see `main.rs`. What it needs of `sync` and `thread` it takes from the module around it.

use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::time::Duration;
use sync::mpsc::{self, Receiver, Sender, SyncSender};
use sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, Once, OnceLock, OnceState,
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult, Weak,
};
use thread::{Builder, JoinHandle, Scope, ScopedJoinHandle, Thread, ThreadId};

const SOON: Duration = Duration::from_millis(1);
const FOREVER: Duration = Duration::from_secs(1 << 30);

/// What happened, in words that can be compared.
type Seen = Vec<String>;

fn poison<T: Send + Sync + 'static>(shared: &Arc<T>, hold: impl FnOnce(&T) + Send + 'static) {
    let shared = shared.clone();
    assert!(thread::spawn(move || hold(&shared)).join().is_err());
}

pub(crate) fn locks() -> Seen {
    static MUTEX: Mutex<u32> = Mutex::new(1);
    static RW_LOCK: RwLock<u32> = RwLock::new(1);
    let mut seen = Seen::new();
    let guard: LockResult<MutexGuard<'_, u32>> = MUTEX.lock();
    let mut guard = guard.expect("nobody panics");
    *guard += 1;
    let tried: TryLockResult<MutexGuard<'_, u32>> = MUTEX.try_lock();
    seen.push(format!("{guard} {guard:?} {MUTEX:?} {tried:?} {}", matches!(tried, Err(TryLockError::WouldBlock))));
    drop(tried);
    drop(guard);
    let mutex = Arc::new(Mutex::from(2));
    poison(&mutex, |mutex| {
        let _guard = mutex.lock();
        panic!("while holding");
    });
    let weak: Weak<Mutex<u32>> = Arc::downgrade(&mutex);
    seen.push(format!("{} {:?} {:?}", mutex.is_poisoned(), mutex.lock(), weak.upgrade().map(|mutex| mutex.is_poisoned())));
    mutex.clear_poison();
    let mut mutex = Arc::into_inner(mutex).expect("nobody else has it");
    *mutex.get_mut().expect("it is healed") += 1;
    seen.push(format!("{:?} {:?}", mutex.into_inner(), Mutex::<String>::default()));
    let unsized_one: &Mutex<[u8]> = &Mutex::new([1, 2]);
    seen.push(format!("{:?}", unsized_one.lock().expect("nobody panics").len()));

    let reads: RwLockReadGuard<'_, u32> = RW_LOCK.read().expect("nobody panics");
    seen.push(format!("{reads} {reads:?} {RW_LOCK:?} {:?} {:?}", RW_LOCK.try_read(), RW_LOCK.try_write().is_err()));
    drop(reads);
    let mut writes: RwLockWriteGuard<'_, u32> = RW_LOCK.write().expect("nobody panics");
    *writes += 1;
    seen.push(format!("{writes} {writes:?} {:?}", RW_LOCK.try_read().is_err()));
    let reads = RwLockWriteGuard::downgrade(writes);
    seen.push(format!("{} {:?}", *reads, RW_LOCK.read()));
    let lock = Arc::new(RwLock::from(2));
    poison(&lock, |lock| {
        let _guard = lock.write();
        panic!("while holding");
    });
    seen.push(format!("{} {:?} {:?}", lock.is_poisoned(), lock.read(), lock.try_write().map_err(|error| error.to_string())));
    lock.clear_poison();
    let mut lock = Arc::into_inner(lock).expect("nobody else has it");
    *lock.get_mut().expect("it is healed") += 1;
    seen.push(format!("{:?} {:?}", lock.into_inner(), RwLock::<String>::default()));
    seen
}

#[allow(deprecated, reason = "every method is called")]
pub(crate) fn conditions() -> Seen {
    let mut seen = Seen::new();
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let counter = {
        let shared = shared.clone();
        thread::spawn(move || {
            for _ in 0..2 {
                let (lock, condition) = &*shared;
                *lock.lock().expect("nobody panics") += 1;
                condition.notify_one();
                condition.notify_all();
            }
        })
    };
    let (lock, condition) = &*shared;
    let mut count = lock.lock().expect("nobody panics");
    while *count == 0 {
        count = condition.wait(count).expect("nobody panics");
    }
    let count = condition.wait_while(count, |count| *count < 2).expect("nobody panics");
    seen.push(format!("{count}"));
    counter.join().expect("it ends well");
    let (count, result): (_, WaitTimeoutResult) = condition.wait_timeout(count, SOON).expect("nobody panics");
    seen.push(format!("{count} {result:?}"));
    let (count, in_time) = condition.wait_timeout_ms(count, 1).expect("nobody panics");
    seen.push(format!("{count} {in_time}"));
    let (count, result) = condition.wait_timeout_while(count, FOREVER, |count| *count < 2).expect("nobody panics");
    seen.push(format!("{count} {result:?}"));
    let (count, result) = condition.wait_timeout_while(count, SOON, |count| *count == 2).expect("nobody panics");
    seen.push(format!("{count} {} {:?}", result.timed_out(), Condvar::default()));
    seen
}

pub(crate) fn channels() -> Seen {
    let mut seen = Seen::new();
    let (sender, receiver): (Sender<u32>, Receiver<u32>) = mpsc::channel();
    sender.send(1).expect("it is open");
    sender.clone().send(2).expect("it is open");
    seen.push(format!("{:?} {:?} {:?} {sender:?} {receiver:?}", receiver.recv(), receiver.try_recv(), receiver.try_recv()));
    seen.push(format!("{:?}", receiver.recv_timeout(SOON)));
    (3..8).for_each(|value| sender.send(value).expect("it is open"));
    seen.push(format!("{:?} {:?}", receiver.iter().next(), receiver.try_iter().take(1).collect::<Vec<_>>()));
    for value in &receiver {
        seen.push(format!("by reference {value}"));
        if value == 6 {
            break;
        }
    }
    drop(sender);
    let rest: mpsc::IntoIter<u32> = receiver.into_iter();
    seen.push(format!("{:?}", rest.collect::<Vec<_>>()));

    let (sender, receiver): (SyncSender<u32>, Receiver<u32>) = mpsc::sync_channel(1);
    seen.push(format!("{:?} {:?} {sender:?}", sender.try_send(1), sender.clone().try_send(2)));
    let worker = thread::spawn(move || sender.send(3));
    seen.push(format!("{:?} {:?} {:?}", receiver.recv(), receiver.recv_timeout(FOREVER), receiver.recv()));
    worker.join().expect("it ends well").expect("it was open");
    let (sender, receiver) = mpsc::sync_channel(0);
    let worker = thread::spawn(move || sender.send(4));
    seen.push(format!("{:?} {:?} {:?}", receiver.recv(), receiver.try_recv(), receiver.recv_timeout(FOREVER)));
    worker.join().expect("it ends well").expect("it was open");

    let (sender, receiver) = mpsc::channel();
    let (bounded, other) = mpsc::sync_channel(1);
    drop((receiver, other));
    let errors: (mpsc::SendError<u32>, mpsc::SendError<u32>, mpsc::TrySendError<u32>) =
        (sender.send(1).expect_err("closed"), bounded.send(2).expect_err("closed"), bounded.try_send(3).expect_err("closed"));
    seen.push(format!("{errors:?}"));
    seen
}

pub(crate) fn meetings() -> Seen {
    let barrier = Barrier::new(2);
    let leaders: usize = thread::scope(|scope| {
        let one = scope.spawn(|| barrier.wait().is_leader());
        let result: BarrierWaitResult = barrier.wait();
        usize::from(one.join().expect("it ends well")) + usize::from(result.is_leader())
    });
    vec![format!("{leaders} {barrier:?} {:?}", Barrier::new(0).wait())]
}

pub(crate) fn initialisations() -> Seen {
    static ONCE: Once = Once::new();
    static CELL: OnceLock<String> = OnceLock::new();
    static LAZY: LazyLock<Vec<u32>> = LazyLock::new(|| vec![1, 2]);
    let mut seen = Seen::new();
    seen.push(format!("{:?} {}", LazyLock::get(&LAZY), ONCE.is_completed()));
    ONCE.call_once(|| ());
    ONCE.call_once_force(|_: &OnceState| unreachable!("it is done"));
    ONCE.wait();
    ONCE.wait_force();
    seen.push(format!("{} {ONCE:?}", ONCE.is_completed()));
    let failed = Once::new();
    seen.push(format!("{}", catch_unwind(|| failed.call_once(|| panic!("no luck"))).is_err()));
    seen.push(format!("{}", catch_unwind(|| failed.call_once(|| ())).is_err()));
    seen.push(format!("{}", catch_unwind(|| failed.wait()).is_err()));
    failed.call_once_force(|state| seen.push(format!("{} {state:?}", state.is_poisoned())));

    seen.push(format!("{:?} {CELL:?}", CELL.get()));
    seen.push(format!("{} {:?} {:?}", CELL.get_or_init(|| "first".into()), CELL.set("second".into()), CELL.wait()));
    let mut cell = OnceLock::from(7);
    seen.push(format!("{:?} {} {:?}", cell.clone(), cell == OnceLock::new(), cell.get_mut()));
    seen.push(format!("{:?} {:?} {:?}", cell.take(), cell, OnceLock::from(8).into_inner()));
    seen.push(format!("{:?} {:?}", OnceLock::<u32>::default(), cell.set(9)));
    let empty: OnceLock<u32> = OnceLock::new();
    let fails = || catch_unwind(AssertUnwindSafe(|| *empty.get_or_init(|| panic!("no luck")))).is_err();
    seen.push(format!("{} {:?} {}", fails(), empty, empty.get_or_init(|| 3)));

    seen.push(format!("{LAZY:?} {} {} {:?}", LAZY.len(), LazyLock::force(&LAZY)[0], LazyLock::get(&LAZY)));
    let mut lazy: LazyLock<u32> = LazyLock::default();
    *lazy += 1;
    *LazyLock::force_mut(&mut lazy) += 1;
    let value = LazyLock::get_mut(&mut lazy).map(|value| *value);
    seen.push(format!("{lazy:?} {value:?}"));
    let captured = String::from("captured");
    let by_closure = LazyLock::new(|| captured.len());
    seen.push(format!("{by_closure:?} {}", *by_closure));
    let broken = LazyLock::<u32>::new(|| panic!("no luck"));
    let fails = || {
        let payload = catch_unwind(AssertUnwindSafe(|| *broken)).expect_err("it panics");
        payload.downcast_ref::<&str>().map_or_else(|| format!("{:?}", payload.downcast_ref::<String>()), |text| (*text).into())
    };
    seen.push(format!("{} {}", fails(), fails()));
    seen
}

#[allow(deprecated, reason = "every method is called")]
#[allow(clippy::disallowed_methods, reason = "every method is called")]
#[allow(clippy::useless_conversion, reason = "the original is its own original")]
pub(crate) fn threads() -> Seen {
    let mut seen = Seen::new();
    let builder = Builder::new().name("worker".into()).stack_size(1 << 20);
    let handle: JoinHandle<Option<String>> =
        builder.spawn(|| thread::current().name().map(str::to_owned)).expect("a thread");
    let (worker, id): (Thread, ThreadId) = (handle.thread().clone(), handle.thread().id());
    seen.push(format!("{:?} {:?} {:?}", worker.name(), id == worker.id(), handle.join()));
    let handle = thread::spawn(|| ());
    while !handle.is_finished() {
        thread::yield_now();
    }
    let original: std::thread::JoinHandle<()> = handle.into();
    seen.push(format!("{:?}", original.join()));

    let mut numbers = vec![1, 2, 3];
    let sum: u32 = thread::scope(|scope: &Scope<'_, '_>| {
        let handle: ScopedJoinHandle<'_, u32> = scope.spawn(|| numbers.iter().sum());
        while !handle.is_finished() {
            thread::yield_now();
        }
        let builder = Builder::new().name("scoped".into());
        let nested = builder.spawn_scoped(scope, || scope.spawn(|| numbers.len() as u32).join().expect("it ends well"));
        let nested = nested.expect("a thread");
        assert_eq!(nested.thread().name(), Some("scoped"));
        handle.join().expect("it ends well") + nested.join().expect("it ends well")
    });
    numbers.push(sum);
    seen.push(format!("{numbers:?}"));
    let panics = catch_unwind(|| {
        thread::scope(|scope| {
            scope.spawn(|| panic!("unseen by its scope"));
        });
    });
    seen.push(format!("{:?}", panics.expect_err("it panics").downcast_ref::<&str>()));
    let panics = catch_unwind(|| thread::scope(|_| -> u32 { panic!("the scope itself") }));
    seen.push(format!("{:?}", panics.expect_err("it panics").downcast_ref::<&str>()));

    thread::current().unpark();
    thread::park();
    thread::park_timeout(SOON);
    thread::park_timeout_ms(1);
    thread::sleep(SOON);
    thread::sleep_ms(1);
    seen.push(format!("{} {}", thread::available_parallelism().is_ok(), thread::panicking()));
    seen
}

fn is_shared<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
fn is_sent<T: Send + UnwindSafe + RefUnwindSafe>() {}
fn is_looked_at<T: Sync>() {}

fn is_moved<T: Send>() {}

/// Whatever may be sent, shared or caught with the originals may be so here.
pub(crate) fn are_shared_as_before() {
    is_shared::<(Mutex<u32>, RwLock<u32>, Condvar, Barrier, Once, OnceLock<u32>)>();
    is_shared::<LazyLock<u32>>();
    is_looked_at::<MutexGuard<'_, u32>>();
    is_looked_at::<RwLockReadGuard<'_, u32>>();
    is_looked_at::<RwLockWriteGuard<'_, u32>>();
    is_shared::<(Sender<u32>, SyncSender<u32>)>();
    is_sent::<Receiver<u32>>();
    is_looked_at::<(JoinHandle<u32>, ScopedJoinHandle<'_, u32>, Scope<'_, '_>, Builder)>();
    is_moved::<(JoinHandle<u32>, ScopedJoinHandle<'_, u32>, Builder)>();
    let _: fn(PoisonError<u32>) -> u32 = PoisonError::into_inner;
}

pub(crate) fn sizes() -> Vec<(&'static str, usize)> {
    vec![
        ("Mutex", size_of::<Mutex<u32>>()),
        ("MutexGuard", size_of::<MutexGuard<'_, u32>>()),
        ("RwLock", size_of::<RwLock<u32>>()),
        ("RwLockReadGuard", size_of::<RwLockReadGuard<'_, u32>>()),
        ("RwLockWriteGuard", size_of::<RwLockWriteGuard<'_, u32>>()),
        ("Condvar", size_of::<Condvar>()),
        ("Barrier", size_of::<Barrier>()),
        ("Once", size_of::<Once>()),
        ("OnceLock", size_of::<OnceLock<u32>>()),
        ("LazyLock", size_of::<LazyLock<u32>>()),
        ("Sender", size_of::<Sender<u32>>()),
        ("SyncSender", size_of::<SyncSender<u32>>()),
        ("Receiver", size_of::<Receiver<u32>>()),
        ("Iter", size_of::<mpsc::Iter<'_, u32>>()),
        ("TryIter", size_of::<mpsc::TryIter<'_, u32>>()),
        ("IntoIter", size_of::<mpsc::IntoIter<u32>>()),
        ("JoinHandle", size_of::<JoinHandle<u32>>()),
        ("ScopedJoinHandle", size_of::<ScopedJoinHandle<'_, u32>>()),
        ("Scope", size_of::<Scope<'_, '_>>()),
    ]
}
