// Included twice, see `originals.rs`. What it needs it takes from the module around it.

use channel::{
    IntoIter, Iter, Receiver, RecvError, Select, SelectedOperation, Sender, TryIter, after, at, bounded, never, select,
    select_biased, tick, unbounded,
};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};
use sync::WaitGroup;

const SOON: Duration = Duration::from_millis(1);
const FOREVER: Duration = Duration::MAX;

/// What happened, in words that can be compared.
type Seen = Vec<String>;

fn is_shared<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}

fn queues() -> Seen {
    is_shared::<(Sender<u32>, Receiver<u32>, WaitGroup)>();
    let mut seen = Seen::new();
    let (sender, receiver): (Sender<u32>, Receiver<u32>) = unbounded();
    (1..10).for_each(|value| sender.send(value).expect("it is open"));
    seen.push(format!("{sender:?} {receiver:?} {} {} {}", receiver.len(), receiver.is_empty(), receiver.is_full()));
    seen.push(format!("{} {} {} {:?}", sender.len(), sender.is_empty(), sender.is_full(), sender.capacity()));
    seen.push(format!("{:?} {:?}", receiver.recv(), receiver.clone().try_recv()));
    seen.push(format!("{:?} {:?}", receiver.recv_timeout(SOON), receiver.recv_deadline(Instant::now())));
    let mut iter: Iter<'_, u32> = receiver.iter();
    seen.push(format!("{:?} {iter:?}", iter.next()));
    let mut tries: TryIter<'_, u32> = receiver.try_iter();
    seen.push(format!("{:?} {tries:?}", tries.by_ref().take(2).collect::<Vec<_>>()));
    for value in &receiver {
        seen.push(format!("by reference {value}"));
        if value == 8 {
            break;
        }
    }
    let (other, _) = unbounded();
    seen.push(format!("{} {}", sender.same_channel(&sender.clone()), sender.same_channel(&other)));
    seen.push(format!("{} {}", receiver.same_channel(&receiver.clone()), receiver.same_channel(&never())));
    drop(sender);
    let mut rest: IntoIter<u32> = receiver.into_iter();
    seen.push(format!("{:?} {rest:?}", rest.by_ref().collect::<Vec<_>>()));
    seen.push(format!("{:?} {:?}", other.send(1), other.try_send(2)));
    seen
}

fn limits() -> Seen {
    let mut seen = Seen::new();
    let (sender, receiver) = bounded(1);
    seen.push(format!("{:?} {:?} {:?}", sender.try_send(1), sender.try_send(2), receiver.capacity()));
    seen.push(format!("{:?} {:?}", sender.send_timeout(3, SOON), sender.send_deadline(4, Instant::now())));
    let worker = thread::spawn(move || (sender.send(5), sender.send_timeout(6, FOREVER)));
    seen.push(format!("{:?} {:?} {:?}", receiver.recv(), receiver.recv_timeout(FOREVER), receiver.recv()));
    seen.push(format!("{:?} {:?} {:?}", worker.join().expect("it ends well"), receiver.recv(), receiver.try_recv()));
    seen.push(format!("{:?} {:?}", receiver.recv_timeout(SOON), receiver.iter().next()));
    let (sender, receiver) = bounded(0);
    seen.push(format!("{:?} {:?}", sender.try_send(1), receiver.recv_timeout(SOON)));
    let worker = thread::spawn(move || sender.send(7));
    seen.push(format!("{:?} {:?}", receiver.recv(), worker.join().expect("it ends well")));
    let (sender, receiver) = bounded(1);
    drop(receiver);
    seen.push(format!("{:?} {:?} {:?}", sender.send(1), sender.try_send(2), sender.send_timeout(3, SOON)));
    seen
}

fn clocks() -> Seen {
    let begin = Instant::now();
    let mut seen = Seen::new();
    seen.push(format!("{}", after(SOON).recv().expect("it fires") >= begin + SOON));
    seen.push(format!("{}", at(begin + SOON).recv_timeout(FOREVER).expect("it fires") >= begin + SOON));
    let ticks = tick(SOON);
    seen.push(format!("{} {:?}", ticks.iter().take(2).count(), ticks.capacity()));
    seen.push(format!("{:?} {:?}", after(FOREVER).recv_timeout(SOON), after(FOREVER).try_recv()));
    seen.push(format!("{:?} {:?}", never::<u32>().recv_timeout(SOON), never::<u32>().try_recv()));
    seen
}

/// Of a send that is not chosen, nobody asks for the value.
fn never_asked() -> &'static str {
    panic!("it is full");
}

fn selects() -> Seen {
    let mut seen = Seen::new();
    let (numbers, from_numbers) = unbounded::<u32>();
    let (words, from_words) = bounded::<&str>(1);
    select! {
        recv(from_numbers) -> _ => unreachable!("nothing was sent"),
        recv(from_words) -> _ => unreachable!("nothing was sent"),
        default => seen.push("nothing".into()),
    }
    let text = select! {
        recv(&from_numbers) -> number => format!("{number:?}"),
        default(SOON) => { "nothing in time".to_owned() }
    };
    seen.push(text);
    numbers.send(1).expect("it is open");
    let sum = select! {
        recv(from_numbers) -> number => {
            let number: Result<u32, RecvError> = number;
            number.expect("it was sent") + 1
        }
        recv(from_words) -> _ => 0,
    };
    seen.push(format!("{sum}"));
    select! {
        send(words, "one") -> result => seen.push(format!("{result:?}")),
        recv(from_numbers) -> _ => unreachable!("nothing was sent"),
    }
    select! {
        send(words, never_asked()) -> _ => (),
        recv(after(SOON)) -> when => seen.push(format!("{}", when.is_ok())),
    }
    for _ in 0..2 {
        select_biased! {
            recv(from_words) -> word => {
                seen.push(format!("{word:?}"));
                continue;
            },
            recv(from_numbers) -> _ => break,
            default() => seen.push("empty".into())
        }
    }
    let none: Option<Receiver<u32>> = None;
    select! {
        recv(none.as_ref().unwrap_or(&never())) -> _ => unreachable!("never"),
        default(SOON) => seen.push("late".into()),
    }
    let worker = thread::spawn(move || select! { send(numbers, 3) -> result => result.is_ok() });
    seen.push(format!("{:?} {:?}", select! { recv(from_numbers) -> number => number }, worker.join()));
    drop(words);
    select! {
        recv(from_words) -> end => seen.push(format!("{end:?}")),
        default(FOREVER) => unreachable!("it is closed"),
    }
    seen
}

fn selects_by_hand() -> Seen {
    let mut seen = Seen::new();
    let ((sender, receiver), (full, other)) = (unbounded(), bounded(0));
    let mut select = Select::new();
    let (receives, sends) = (select.recv(&receiver), select.send(&full));
    seen.push(format!("{receives} {sends} {select:?} {:?}", select.try_select().is_err()));
    seen.push(format!("{:?} {:?}", select.try_ready(), select.ready_timeout(SOON)));
    seen.push(format!("{:?}", select.ready_deadline(Instant::now())));
    seen.push(format!("{} {}", select.select_timeout(SOON).is_err(), select.select_deadline(Instant::now()).is_err()));
    sender.send(1).expect("it is open");
    seen.push(format!("{} {:?}", select.ready(), select.clone().try_ready()));
    let operation: SelectedOperation<'_> = select.select();
    seen.push(format!("{operation:?} {}", operation.index()));
    seen.push(format!("{:?}", operation.recv(&receiver)));
    select.remove(receives);
    drop(other);
    let operation = select.select_timeout(FOREVER).expect("it is closed");
    seen.push(format!("{} {:?}", operation.index(), operation.send(&full, 2)));
    seen.push(format!("{}", catch_unwind(AssertUnwindSafe(|| Select::default().select().index())).is_err()));
    let mut biased = Select::new_biased();
    seen.push(format!("{} {}", biased.recv(&receiver), biased.recv(&receiver)));
    drop(sender);
    let operation = biased.select();
    seen.push(format!("{} {:?}", operation.index(), operation.recv(&receiver)));
    seen
}

fn groups() -> Seen {
    let group = WaitGroup::new();
    let workers: Vec<_> = (0..3)
        .map(|number| {
            let group = group.clone();
            thread::spawn(move || {
                drop(group);
                number
            })
        })
        .collect();
    let told = format!("{}", format!("{group:?}").starts_with("WaitGroup"));
    group.wait();
    WaitGroup::default().wait();
    let sum: u32 = workers.into_iter().map(|worker| worker.join().expect("it ends well")).sum();
    vec![told, format!("{sum}")]
}
