// Included twice, see `originals.rs`. What it needs it takes from the module around it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(1);

/// What happened, in words that can be compared.
type Seen = Vec<String>;

pub(crate) fn mutexes() -> Seen {
    static MUTEX: Mutex<u32> = Mutex::new(1);
    static CONST: Mutex<u32> = const_mutex(1);
    static FAIR: FairMutex<u32> = const_fair_mutex(1);
    let mut seen = Seen::new();
    let mut guard: MutexGuard<'_, u32> = MUTEX.lock();
    *guard += 1;
    seen.push(format!("{guard} {guard:?} {MUTEX:?} {} {:?}", MUTEX.is_locked(), MUTEX.try_lock()));
    seen.push(format!("{:?} {:?}", MUTEX.try_lock_for(SOON), MUTEX.try_lock_until(Instant::now())));
    drop(guard);
    seen.push(format!("{MUTEX:?} {} {:?} {:?}", MUTEX.is_locked(), MUTEX.try_lock(), MUTEX.try_lock_for(SOON)));
    let mut mutex = Mutex::from(2);
    *mutex.get_mut() += 1;
    seen.push(format!("{:?} {:?} {:?}", mutex.data_ptr().is_null(), mutex.into_inner(), Mutex::<String>::default()));
    let unsized_one: &Mutex<[u8]> = &Mutex::new([1, 2]);
    seen.push(format!("{}", unsized_one.lock().len()));
    let panics = catch_unwind(AssertUnwindSafe(|| {
        let _guard = CONST.lock();
        panic!("while holding");
    }));
    seen.push(format!("{} {}", panics.is_err(), CONST.lock()));
    let fair: FairMutexGuard<'_, u32> = FAIR.lock();
    seen.push(format!("{fair} {:?} {:?}", FAIR.try_lock(), FAIR.try_lock_for(SOON)));
    let mapped: MappedFairMutexGuard<'_, u32> = FairMutexGuard::map(fair, |value| value);
    seen.push(format!("{mapped}"));
    seen
}

pub(crate) fn guards() -> Seen {
    let mut seen = Seen::new();
    let mutex = Mutex::new((1, 2));
    let mut guard = mutex.lock();
    seen.push(format!("{}", MutexGuard::unlocked(&mut guard, || mutex.is_locked())));
    seen.push(format!("{}", MutexGuard::unlocked_fair(&mut guard, || mutex.lock().1)));
    MutexGuard::bump(&mut guard);
    seen.push(format!("{} {}", mutex.is_locked(), MutexGuard::mutex(&guard).is_locked()));
    let mut mapped: MappedMutexGuard<'_, i32> = MutexGuard::map(guard, |pair| &mut pair.0);
    *mapped += 1;
    seen.push(format!("{mapped} {mapped:?} {}", mutex.is_locked()));
    let mapped = MappedMutexGuard::try_map(mapped, |_| None::<&mut i32>).expect_err("it is not there");
    MappedMutexGuard::unlock_fair(MappedMutexGuard::map(mapped, |value| value));
    seen.push(format!("{mutex:?}"));
    let guard = MutexGuard::try_map(mutex.lock(), |_| None::<&mut i32>).expect_err("it is not there");
    MutexGuard::unlock_fair(guard);
    let leaked = Box::leak(Box::new(Mutex::new(3)));
    *MutexGuard::leak(leaked.lock()) += 1;
    seen.push(format!("{}", leaked.is_locked()));
    // SAFETY: nothing is done with what the guard gave.
    unsafe { leaked.force_unlock() };
    seen.push(format!("{leaked:?}"));
    seen
}

pub(crate) fn rw_locks() -> Seen {
    static LOCK: RwLock<u32> = const_rwlock(1);
    let mut seen = Seen::new();
    let mut reads: RwLockReadGuard<'_, u32> = LOCK.read();
    seen.push(format!("{reads} {reads:?} {LOCK:?} {} {:?}", LOCK.is_locked(), LOCK.is_locked_exclusive()));
    seen.push(format!("{:?} {:?} {:?}", LOCK.try_read(), LOCK.read_recursive(), LOCK.try_read_recursive()));
    seen.push(format!("{:?} {:?} {:?}", LOCK.try_write(), LOCK.try_write_for(SOON), LOCK.try_write_until(Instant::now())));
    seen.push(format!("{:?} {:?}", LOCK.try_read_for(SOON), LOCK.try_read_recursive_until(Instant::now() + SOON)));
    seen.push(format!("{}", RwLockReadGuard::unlocked(&mut reads, || LOCK.is_locked())));
    seen.push(format!("{}", RwLockReadGuard::unlocked_fair(&mut reads, || LOCK.is_locked())));
    RwLockReadGuard::bump(&mut reads);
    let mapped: MappedRwLockReadGuard<'_, u32> = RwLockReadGuard::map(reads, |value| value);
    let mapped = MappedRwLockReadGuard::try_map(mapped, |_| None::<&u32>).expect_err("it is not there");
    MappedRwLockReadGuard::unlock_fair(mapped);
    RwLockReadGuard::unlock_fair(RwLockReadGuard::try_map(LOCK.read(), |_| None::<&u32>).expect_err("it is not there"));
    let mut writes: RwLockWriteGuard<'_, u32> = LOCK.write();
    *writes += 1;
    seen.push(format!("{writes} {writes:?} {LOCK:?} {} {:?}", LOCK.is_locked_exclusive(), LOCK.try_read()));
    seen.push(format!("{:?} {:?}", LOCK.try_read_for(SOON), LOCK.try_read_recursive_for(SOON)));
    seen.push(format!("{}", RwLockWriteGuard::unlocked(&mut writes, || *LOCK.read())));
    seen.push(format!("{}", RwLockWriteGuard::unlocked_fair(&mut writes, || *LOCK.read())));
    RwLockWriteGuard::bump(&mut writes);
    let reads = RwLockWriteGuard::downgrade(writes);
    seen.push(format!("{reads} {:?} {:?}", LOCK.try_read(), LOCK.try_write()));
    drop(reads);
    let mapped: MappedRwLockWriteGuard<'_, u32> = RwLockWriteGuard::map(LOCK.write(), |value| value);
    MappedRwLockWriteGuard::unlock_fair(mapped);
    RwLockWriteGuard::unlock_fair(LOCK.write());
    let mut lock = RwLock::from(2);
    *lock.get_mut() += 1;
    seen.push(format!("{LOCK:?} {:?} {:?}", lock.into_inner(), RwLock::<String>::default()));
    // More than are recorded.
    let many: Vec<_> = (0..100).map(|_| LOCK.read()).collect();
    seen.push(format!("{} {:?}", many.len(), LOCK.try_write()));
    drop(many);
    seen.push(format!("{:?}", LOCK.try_write()));
    seen
}

pub(crate) fn upgrades() -> Seen {
    let mut seen = Seen::new();
    let lock = RwLock::new(1);
    let mut upgradable: RwLockUpgradableReadGuard<'_, i32> = lock.upgradable_read();
    seen.push(format!("{upgradable} {:?} {:?} {:?}", lock.try_read(), lock.try_write(), lock.try_upgradable_read()));
    seen.push(format!("{:?}", lock.try_upgradable_read_for(SOON)));
    seen.push(format!("{:?}", lock.try_upgradable_read_until(Instant::now())));
    seen.push(format!("{}", RwLockUpgradableReadGuard::unlocked(&mut upgradable, || *lock.write())));
    seen.push(format!("{}", RwLockUpgradableReadGuard::unlocked_fair(&mut upgradable, || *lock.write())));
    RwLockUpgradableReadGuard::bump(&mut upgradable);
    upgradable.with_upgraded(|value| *value += 1);
    seen.push(format!("{upgradable} {:?}", upgradable.try_with_upgraded(|value| *value + 1)));
    seen.push(format!("{:?}", upgradable.try_with_upgraded_for(SOON, |value| *value + 1)));
    let reads = lock.read();
    let upgradable = RwLockUpgradableReadGuard::try_upgrade(upgradable).expect_err("another reads");
    let upgradable = RwLockUpgradableReadGuard::try_upgrade_for(upgradable, SOON).expect_err("another reads");
    let upgradable = RwLockUpgradableReadGuard::try_upgrade_until(upgradable, Instant::now()).expect_err("another reads");
    drop(reads);
    let writes = RwLockUpgradableReadGuard::upgrade(upgradable);
    let upgradable = RwLockWriteGuard::downgrade_to_upgradable(writes);
    let writes = RwLockUpgradableReadGuard::try_upgrade(upgradable).expect("nobody reads");
    let upgradable = RwLockWriteGuard::downgrade_to_upgradable(writes);
    seen.push(format!("{:?} {:?}", lock.try_read(), lock.try_write()));
    let reads = RwLockUpgradableReadGuard::downgrade(upgradable);
    seen.push(format!("{reads} {:?} {:?}", lock.try_upgradable_read(), lock.try_write()));
    drop(reads);
    RwLockUpgradableReadGuard::unlock_fair(lock.upgradable_read());
    seen.push(format!("{lock:?}"));
    seen
}

pub(crate) fn re_entrant() -> Seen {
    static LOCK: ReentrantMutex<Cell<u32>> = const_reentrant_mutex(Cell::new(1));
    let mut seen = Seen::new();
    let first: ReentrantMutexGuard<'_, Cell<u32>> = LOCK.lock();
    let mut second = LOCK.lock();
    second.set(second.get() + 1);
    let elsewhere = thread::spawn(|| (LOCK.try_lock().is_none(), LOCK.is_owned_by_current_thread())).join();
    seen.push(format!("{first:?} {:?} {elsewhere:?} {}", LOCK.try_lock(), LOCK.is_owned_by_current_thread()));
    ReentrantMutexGuard::bump(&mut second);
    seen.push(format!("{}", ReentrantMutexGuard::unlocked(&mut second, || LOCK.is_owned_by_current_thread())));
    let mapped: MappedReentrantMutexGuard<'_, Cell<u32>> = ReentrantMutexGuard::map(second, |value| value);
    drop((first, mapped));
    seen.push(format!("{} {:?} {:?}", LOCK.is_locked(), LOCK.try_lock_for(SOON), LOCK.try_lock_until(Instant::now())));
    seen.push(format!("{:?} {:?}", ReentrantMutex::new(3).into_inner(), ReentrantMutex::<u32>::default()));
    seen
}

pub(crate) fn conditions() -> Seen {
    let mut seen = Seen::new();
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let counter = {
        let shared = shared.clone();
        thread::spawn(move || {
            for _ in 0..2 {
                let (lock, condition) = &*shared;
                *lock.lock() += 1;
                condition.notify_one();
                condition.notify_all();
            }
        })
    };
    let (lock, condition) = &*shared;
    let mut count = lock.lock();
    while *count == 0 {
        condition.wait(&mut count);
    }
    condition.wait_while(&mut count, |count| *count < 2);
    seen.push(format!("{count}"));
    counter.join().expect("it ends well");
    let result: WaitTimeoutResult = condition.wait_for(&mut count, SOON);
    seen.push(format!("{count} {result:?} {:?}", condition.wait_until(&mut count, Instant::now())));
    let forever = Duration::MAX;
    seen.push(format!("{:?}", condition.wait_while_for(&mut count, |count| *count < 2, forever)));
    seen.push(format!("{:?}", condition.wait_while_for(&mut count, |_| true, SOON)));
    seen.push(format!("{:?}", condition.wait_while_until(&mut count, |_| true, Instant::now())));
    seen.push(format!("{} {} {:?}", condition.notify_one(), condition.notify_all(), Condvar::default()));
    seen
}

pub(crate) fn initialisations() -> Seen {
    static ONCE: Once = Once::new();
    let mut seen = Seen::new();
    seen.push(format!("{:?} {ONCE:?}", ONCE.state()));
    ONCE.call_once(|| assert_eq!(ONCE.state(), OnceState::InProgress));
    ONCE.call_once_force(|_: OnceState| unreachable!("it is done"));
    seen.push(format!("{:?} {ONCE:?}", ONCE.state()));
    let failed = Once::default();
    seen.push(format!("{}", catch_unwind(AssertUnwindSafe(|| failed.call_once(|| panic!("no luck")))).is_err()));
    seen.push(format!("{}", catch_unwind(AssertUnwindSafe(|| failed.call_once(|| ()))).is_err()));
    failed.call_once_force(|state| seen.push(format!("{}", state.poisoned())));
    seen
}

pub(crate) fn sizes() -> Vec<(&'static str, usize)> {
    vec![
        ("Mutex", size_of::<Mutex<u32>>()),
        ("MutexGuard", size_of::<MutexGuard<'_, u32>>()),
        ("FairMutex", size_of::<FairMutex<u32>>()),
        ("RwLock", size_of::<RwLock<u32>>()),
        ("RwLockReadGuard", size_of::<RwLockReadGuard<'_, u32>>()),
        ("RwLockWriteGuard", size_of::<RwLockWriteGuard<'_, u32>>()),
        ("ReentrantMutex", size_of::<ReentrantMutex<u32>>()),
        ("Condvar", size_of::<Condvar>()),
        ("Once", size_of::<Once>()),
    ]
}
