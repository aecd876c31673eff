//! A task waits for a lock that it holds itself.

use peerscope_format::vocabulary::Kind;

use crate::detect::blind::{self, missing_parts};
use crate::detect::chains::{but, class, own_hold};
use crate::detect::finding::{Finding, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::Words;
use crate::facts::{Facts, Mode, Wait, WaitOn};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "self-deadlock",
    summary: "a task waits for a lock that it holds itself",
    explain: Explain {
        what_it_is: "\
A task takes a lock, and before it has released it, asks for the same lock again. An exclusive lock is free only after \
its holder has released it; here the holder is the one who waits, so the wait never ends. Taking a read-write lock for \
writing while reading it is the same, and so is reading it twice if a writer waits in between and the lock lets no reader \
pass a waiting writer.",
        why_it_matters: "\
The task hangs for good, and so does every task that needs this lock from then on. In a Raft peer whose state is \
protected by one lock that is the whole peer: it answers no request, and nothing is printed.",
        example: "\
A helper takes the lock that its caller holds already:
  fn start_election(&self) {
      let mut raft = self.raft.lock();
      if raft.role != Role::Leader {
          self.convert_to_candidate();    // takes self.raft again: waits for ever
      }
  }",
        how_to_fix: "\
Decide for each function whether it takes the lock or expects it to be held, and let only the outermost one take it. \
In Rust the type can say so: a helper that takes `&mut RaftState`, or the guard, cannot lock again.",
    },
    needs: &[Need::Holds, Need::Waits],
    judges_by: &[Kind::LockWait, Kind::LockAcquire, Kind::LockRelease],
    thresholds: &[],
    idle: |facts| {
        let kinds = [Kind::LockWait, Kind::LockAcquire];
        (!blind::written(facts, &kinds)).then_some("no lock is taken")
    },
    run,
};

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let findings = facts.waits().unfinished().filter_map(|wait| judge(facts, wait)).collect();
    let mut gaps = missing_parts(facts);
    gaps.extend(blind::taskless(facts, &[Kind::LockAcquire, Kind::LockWait]));
    Outcome::new(findings, gaps)
}

/// Only a wait without end counts: one that another task or a time-out ended was no deadlock.
fn judge(facts: &Facts<'_>, wait: &Wait) -> Option<Finding> {
    let WaitOn::Lock(lock) = wait.on else { return None };
    let trace = facts.trace();
    let words = Words(trace);
    let own = own_hold(facts, wait)?;
    let doubt = own.doubt(facts);
    let acquire = own.hold.acquire;
    let (who, name) = (words.author(wait.begin), words.lock(facts, lock, trace.event(wait.begin).peer()));
    let reads = facts.holds().mode_at(own.hold, wait.begin) != Mode::Exclusive;
    let behind = own
        .writer
        .map_or_else(String::new, |writer| format!(", behind {}, which waits to write", words.author(writer.begin)));
    let title = format!("{who} waits for {name}, which it holds itself{behind}{}", but(doubt));
    let fix = format!(
        "let only the outermost function take {name}, and hand its guard or the data to the functions that it calls"
    );
    let mut finding = Finding::new(class(doubt), Nature::Violation, wait.begin, title, fix);
    finding.witness(acquire, format!("{who} takes {name}{}", if reads { " for reading" } else { "" }));
    if let Some(writer) = own.writer {
        finding.witness(writer.begin, words.waiting(facts, writer));
    }
    let for_ever = if doubt.is_some() { "and waits" } else { "and waits for ever" };
    finding.witness(wait.begin, format!("{who} asks for {name} again, {for_ever}"));
    finding.order_witnesses();
    finding.peers.extend(trace.event(wait.begin).peer());
    finding.term = trace.event(wait.begin).term();
    finding.acts = vec![Object::Task(wait.task), Object::Hold(acquire)];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    #[test]
    fn converting_to_candidate_locks_again() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"raft"}
            {"ts":20,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}
            {"ts":30,"peer":0,"task":1,"kind":"lock.wait","lock":1,"src":"raft.rs:77"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            error self-deadlock: task 1 of peer 0 waits for lock `raft`, which it holds itself
              raft.rs:40 task 1 of peer 0 takes lock `raft`
              raft.rs:77 task 1 of peer 0 asks for lock `raft` again, and waits for ever
            "#,
        );
    }

    #[test]
    fn writing_while_reading_is_the_same() {
        check(
            r#"
            {"ts":20,"task":1,"kind":"lock.acquire","lock":"map","mode":"shared","seq":1,"src":"a.rs:1"}
            {"ts":30,"task":1,"kind":"lock.wait","lock":"map","mode":"exclusive","src":"a.rs:2"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            error self-deadlock: task 1 waits for lock `map`, which it holds itself
              a.rs:1 task 1 takes lock `map` for reading
              a.rs:2 task 1 asks for lock `map` again, and waits for ever
            "#,
        );
    }

    #[test]
    fn a_hold_that_has_become_shared_allows_reading_and_no_writing() {
        let downgraded = r#"
            {"ts":20,"task":1,"kind":"lock.acquire","lock":"map","mode":"exclusive","seq":1,"src":"a.rs:1"}
            {"ts":25,"task":1,"kind":"lock.downgrade","lock":"map","mode":"shared","seq":2}
            {"ts":26,"task":2,"kind":"lock.wait","lock":"map","mode":"exclusive"}"#;
        let end = r#"{"ts":99,"task":9,"kind":"process.end","how":"exit 0"}"#;
        check(&format!(
            r#"{downgraded}
            {{"ts":30,"task":1,"kind":"lock.wait","lock":"map","mode":"shared","src":"a.rs:2"}}
            {{"ts":31,"task":1,"kind":"lock.acquire","lock":"map","mode":"shared","seq":3}}
            {end}

            clean self-deadlock
            "#
        ));
        check(&format!(
            r#"{downgraded}
            {{"ts":30,"task":1,"kind":"lock.wait","lock":"map","mode":"exclusive","src":"a.rs:2"}}
            {end}

            error self-deadlock: task 1 waits for lock `map`, which it holds itself
              a.rs:1 task 1 takes lock `map` for reading
              a.rs:2 task 1 asks for lock `map` again, and waits for ever
            "#
        ));
    }

    #[test]
    fn an_upgrade_waits_for_the_other_readers() {
        check(
            r#"
            {"ts":20,"task":1,"kind":"lock.acquire","lock":"map","mode":"upgradable","seq":1}
            {"ts":25,"task":2,"kind":"lock.acquire","lock":"map","mode":"shared","seq":2,"src":"a.rs:5"}
            {"ts":30,"task":1,"kind":"lock.wait","lock":"map","mode":"exclusive","src":"a.rs:2"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            info stuck-task: task 1 still waited when the program ended: it waits for lock `map`, held by task 2, which waits for nothing itself
              a.rs:5 task 2 takes lock `map`
              a.rs:2 task 1 waits for lock `map`
            clean self-deadlock
            "#,
        );
    }

    #[test]
    fn a_lock_given_up_before_is_free_to_take() {
        check(
            r#"
            {"ts":20,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1}
            {"ts":25,"peer":0,"task":1,"kind":"lock.release","lock":1,"seq":1}
            {"ts":26,"peer":0,"task":2,"kind":"lock.acquire","lock":1,"seq":2}
            {"ts":30,"peer":0,"task":1,"kind":"lock.wait","lock":1}
            {"ts":40,"peer":0,"task":2,"kind":"lock.release","lock":1,"seq":2}
            {"ts":41,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":3}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            clean self-deadlock
            "#,
        );
    }

    #[test]
    fn a_failed_attempt_with_a_time_limit_hangs_nobody() {
        check(
            r#"
            {"ts":20,"task":1,"kind":"lock.acquire","lock":1,"seq":1}
            {"ts":30,"task":1,"kind":"lock.wait","lock":1}
            {"ts":80,"task":1,"kind":"lock.acquire","lock":1,"outcome":"timeout"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            clean self-deadlock
            "#,
        );
    }

    #[test]
    fn after_the_cut_nothing_is_known() {
        check(
            r#"
            {"ts":20,"task":1,"kind":"lock.acquire","lock":1,"seq":1}

            gap self-deadlock: the trace is cut off; what came after its end is unknown
            "#,
        );
    }
}
