//! The parent: runs the children in interleaved rounds and makes rows of what they say.

use std::collections::HashMap;
use std::error::Error;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::contenders::{Contender, Group, Target, all};
use crate::measure::Outcome;
use crate::syscalls;
use crate::table::Table;

const COLUMNS: &[&str] =
    &["contender", "ns/event", "min", "net", "x ours", "bytes", "allocs", "syscalls", "cpu", "target", "remarks"];

/// A contender's rounds, and the bytes that each left behind.
type Rounds = Vec<(Outcome, u64)>;

/// Measures all contenders whose names contain `only`, and a group's reference with them.
pub(crate) fn run(rounds: usize, only: &str) -> Result<Table, Box<dyn Error>> {
    let wanted: Vec<&Contender> = all().filter(|contender| chosen(contender, only)).collect();
    let mut measured: HashMap<&str, Rounds> = HashMap::new();
    for round in 1..=rounds {
        for contender in &wanted {
            progress(&format!("round {round} of {rounds}: {}", contender.name));
            measured.entry(contender.name).or_default().push(child(contender.name)?);
        }
    }
    let mut table = Table::new(COLUMNS);
    for contender in &wanted {
        progress(&format!("system calls: {}", contender.name));
        let calls = if contender.group == Group::Event { syscalls::per_event(contender.name) } else { None };
        let reference = reference(contender.group).and_then(|reference| measured.get(reference.name));
        let figures = Figures::new(contender, &measured[contender.name], reference, calls);
        table.push(figures.row(contender));
    }
    progress("");
    Ok(table)
}

/// Says on a terminal what is going on.
fn progress(what: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{what}");
    }
}

fn chosen(contender: &Contender, only: &str) -> bool {
    let fits = |contender: &Contender| contender.name.contains(only);
    let is_reference = reference(contender.group).is_some_and(|reference| reference.name == contender.name);
    fits(contender) || (is_reference && all().any(|other| other.group == contender.group && fits(other)))
}

/// The first of a group.
fn reference(group: Group) -> Option<&'static Contender> {
    all().find(|contender| contender.group == group)
}

/// Runs a contender in a process of its own.
fn child(name: &str) -> Result<(Outcome, u64), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--measure").arg(name).arg(dir.path()).stderr(Stdio::inherit());
    let output = command.env_remove("PEERSCOPE_TRACE").output()?;
    if !output.status.success() {
        return Err(format!("{name}: {}", output.status).into());
    }
    Ok((String::from_utf8(output.stdout)?.parse()?, weigh(dir.path())?))
}

/// The bytes of all files in a folder.
fn weigh(dir: &Path) -> std::io::Result<u64> {
    std::fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

/// What a row says, as numbers.
struct Figures {
    ns: f64,
    min: f64,
    net: Option<f64>,
    net_min: f64,
    /// How many times the rate of one thread two have.
    scale: Option<f64>,
    times_ours: f64,
    times_ours_min: f64,
    bytes: Option<f64>,
    allocations: f64,
    system_calls: Option<f64>,
    cpu: Option<f64>,
    tail: Vec<f64>,
    dropped: f64,
}

impl Figures {
    fn new(contender: &Contender, rounds: &Rounds, reference: Option<&Rounds>, system_calls: Option<f64>) -> Self {
        let (own, reference) = (ns(rounds), reference.unwrap_or(rounds));
        let has_base = rounds.iter().all(|(outcome, _)| !outcome.base.is_empty());
        let threads = contender.group == Group::Threads;
        let over_rounds =
            |value: fn(&Outcome) -> f64| median(rounds.iter().map(|(outcome, _)| value(outcome)).collect());
        let tail_place = |place: usize| {
            let values = rounds.iter().filter_map(|(outcome, _)| outcome.tail.get(place).copied()).collect();
            if place == 4 { max(values) } else { median(values) }
        };
        let has_tail = rounds.iter().all(|(outcome, _)| outcome.tail.len() == 5);
        let sum = |count: fn(&Outcome) -> u64| rounds.iter().map(|(outcome, _)| count(outcome)).sum::<u64>() as f64;
        Figures {
            ns: own,
            min: least(rounds, |outcome| &outcome.ns),
            net_min: least(rounds, |outcome| &outcome.ns) - least(rounds, |outcome| &outcome.base),
            net: (has_base && !threads)
                .then(|| over_rounds(|outcome| median(outcome.ns.clone()) - median(outcome.base.clone()))),
            scale: threads.then(|| over_rounds(|outcome| median(outcome.base.clone()) / median(outcome.ns.clone()))),
            times_ours: own / ns(reference),
            times_ours_min: least(rounds, |outcome| &outcome.ns) / least(reference, |outcome| &outcome.ns),
            bytes: (contender.records > 0).then(|| {
                let bytes = rounds.iter().map(|(_, bytes)| *bytes).sum::<u64>() as f64;
                bytes / (contender.records as f64 * sum(|outcome| outcome.events - outcome.dropped))
            }),
            allocations: sum(|outcome| outcome.allocations) / sum(|outcome| outcome.measured).max(1.0),
            system_calls,
            cpu: (!has_base && !has_tail).then(|| over_rounds(|outcome| outcome.cpu_ns as f64 / outcome.events as f64)),
            tail: if has_tail { (0..5).map(tail_place).collect() } else { Vec::new() },
            dropped: sum(|outcome| outcome.dropped) / sum(|outcome| outcome.events).max(1.0),
        }
    }

    /// What a target asks for, and what came out.
    fn judge(&self, target: Target) -> String {
        let at_most = |limit: f64, value: Option<f64>| value.map(|value| value <= limit);
        // Times also at their best, since a busy machine spoils the median.
        let (text, met, met_at_best) = match target {
            Target::Ns(limit) => (format!("<= {limit} ns"), Some(self.ns <= limit), self.min <= limit),
            Target::Net(limit) => (format!("adds <= {limit} ns"), at_most(limit, self.net), self.net_min <= limit),
            Target::Bytes(limit) => (format!("<= {limit} B"), at_most(limit, self.bytes), false),
            Target::TimesOurs(factor) => {
                (format!(">= {factor}x ours"), Some(self.times_ours >= factor), self.times_ours_min >= factor)
            }
            Target::Scale(factor) => (format!(">= {factor}x"), self.scale.map(|scale| scale >= factor), false),
            Target::NoAllocation => ("0 allocs".into(), Some(self.allocations == 0.0), false),
            Target::NoSystemCall => ("0 syscalls".into(), at_most(0.001, self.system_calls), false),
        };
        match met {
            None => format!("{text}: not measured"),
            Some(true) => format!("{text}: met"),
            Some(false) if met_at_best => format!("{text}: MISSED (minimum: met)"),
            Some(false) => format!("{text}: MISSED"),
        }
    }

    fn row(&self, contender: &Contender) -> Vec<String> {
        let targets: Vec<String> = contender.targets.iter().map(|target| self.judge(*target)).collect();
        let mut remarks = Vec::new();
        if let [p50, p99, p999, p9999, max] = self.tail[..] {
            remarks.push(format!("p50 {p50:.0} p99 {p99:.0} p99.9 {p999:.0} p99.99 {p9999:.0} max {max:.0} ns"));
        }
        remarks.extend(self.scale.map(|scale| format!("{scale:.2}x the rate of one")));
        if self.dropped > 0.0 {
            remarks.push(format!("dropped {:.1} %", self.dropped * 100.0));
        }
        let or_dash = |value: Option<f64>| value.map_or("-".into(), number);
        vec![
            contender.name.to_owned(),
            number(self.ns),
            number(self.min),
            or_dash(self.net),
            number(self.times_ours),
            or_dash(self.bytes),
            rate(self.allocations),
            self.system_calls.map_or("-".into(), rate),
            or_dash(self.cpu),
            if targets.is_empty() { "-".into() } else { targets.join(", ") },
            if remarks.is_empty() { "-".into() } else { remarks.join(", ") },
        ]
    }
}

/// Three digits are more than the noise leaves.
fn number(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A count per event; 0 only if it is.
fn rate(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        0.0..0.01 => format!("{value:.1e}"),
        _ => format!("{value:.2}"),
    }
}

/// The median over the rounds of each round's median batch.
fn ns(rounds: &Rounds) -> f64 {
    median(rounds.iter().map(|(outcome, _)| median(outcome.ns.clone())).collect())
}

/// The least of all batches.
fn least(rounds: &Rounds, values: fn(&Outcome) -> &Vec<f64>) -> f64 {
    rounds.iter().flat_map(|(outcome, _)| values(outcome)).copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[len / 2],
        len => f64::midpoint(values[len / 2 - 1], values[len / 2]),
    }
}

fn max(values: Vec<f64>) -> f64 {
    values.into_iter().fold(0.0, f64::max)
}
