//! The tester of the lab: one cluster, through all phases.
//!
//! Nothing here is timed: each phase goes on as soon as what it waits for has come true.

use super::cluster::Cluster;
use super::config::Config;
use super::mistake::Mistake;
use super::random::Random;

/// A cluster under test.
pub struct Tester {
    cluster: Cluster,
    random: Random,
    phase: String,
    commands: usize,
}

impl Tester {
    /// Starts a cluster whose peers make this mistake.
    pub fn new(peers: usize, mistake: Mistake, seed: u64) -> Tester {
        Tester {
            cluster: Cluster::new(peers, Config::automatic(mistake), seed),
            random: Random::new(!seed),
            phase: String::new(),
            commands: 0,
        }
    }

    /// Goes through all phases, and stops the cluster. An error says in which phase what went wrong.
    pub fn run(mut self) -> Result<(), String> {
        let result = self.run_phases();
        let phase = &self.phase;
        let fault = self.cluster.last_fault().unwrap_or("nothing");
        let result = result.map_err(|reason| format!("in phase {phase:?}, after {fault}: {reason}"));
        self.cluster.shut_down();
        result
    }

    fn run_phases(&mut self) -> Result<(), String> {
        self.elect_and_agree()?;
        self.lose_the_leader()?;
        self.crash_a_follower()?;
        self.crash_everybody()?;
        self.suffer_an_unreliable_network()?;
        self.split_and_heal()
    }

    /// Everything from here on belongs to the phase of this name.
    fn phase(&mut self, name: String) {
        peerscope::phase!(peerscope::Current, "{name}");
        self.phase = name;
    }

    fn elect_and_agree(&mut self) -> Result<(), String> {
        let all = self.cluster.all();
        self.phase("initial election".into());
        self.cluster.wait_for_leader(&all)?;
        self.phase("agreement".into());
        self.agree_on(3, &all)
    }

    fn lose_the_leader(&mut self) -> Result<(), String> {
        let all = self.cluster.all();
        let old_leader = self.cluster.wait_for_leader(&all)?;
        let others = self.cluster.all_but(&[old_leader]);

        self.phase(format!("disconnect leader {old_leader}"));
        self.cluster.disconnect(old_leader);
        let doomed = format!("never to be heard of, from {old_leader}");
        let was_accepted = self.cluster.start(old_leader, &doomed).is_some();
        self.cluster.wait_for_leader(&others)?;
        self.agree_on(1, &others)?;

        self.phase(format!("old leader {old_leader} rejoins"));
        self.cluster.connect(old_leader);
        self.agree_on(1, &all)?;
        if was_accepted && self.cluster.applied().contains(&doomed) {
            return Err(format!("a command was applied that only the lonely leader {old_leader} had"));
        }
        Ok(())
    }

    fn crash_a_follower(&mut self) -> Result<(), String> {
        let all = self.cluster.all();
        let leader = self.cluster.wait_for_leader(&all)?;
        let followers = self.cluster.all_but(&[leader]);
        let follower = followers[self.random.below(followers.len())];

        self.phase(format!("crash follower {follower}"));
        self.cluster.crash(follower);
        self.agree_on(2, &self.cluster.all_but(&[follower]))?;

        self.phase(format!("restart follower {follower}"));
        self.cluster.restart(follower);
        self.agree_on(1, &all)
    }

    /// What was agreed on before must be there afterwards: [`Applied`](super::applied::Applied) sees to that, since the
    /// new incarnations apply everything anew.
    fn crash_everybody(&mut self) -> Result<(), String> {
        let all = self.cluster.all();
        self.phase("crash and restart everybody".into());
        for &peer in &all {
            self.cluster.crash(peer);
        }
        for &peer in &all {
            self.cluster.restart(peer);
        }
        self.agree_on(1, &all)
    }

    fn suffer_an_unreliable_network(&mut self) -> Result<(), String> {
        let all = self.cluster.all();
        self.phase("unreliable network".into());
        self.cluster.make_unreliable();
        self.agree_on(3, &all)?;

        let leader = self.cluster.wait_for_leader(&all)?;
        let others = self.cluster.all_but(&[leader]);
        self.phase(format!("unreliable network, disconnect leader {leader}"));
        self.cluster.disconnect(leader);
        self.agree_on(1, &others)?;
        self.cluster.connect(leader);
        self.agree_on(1, &all)?;
        self.cluster.make_reliable();
        Ok(())
    }

    /// The old leader and less than half of the others go on without knowing that their commands are in vain.
    fn split_and_heal(&mut self) -> Result<(), String> {
        let all = self.cluster.all();
        let old_leader = self.cluster.wait_for_leader(&all)?;
        let mut minority = vec![old_leader];
        let followers = self.cluster.all_but(&minority);
        let first = self.random.below(followers.len());
        let companions = followers.iter().cycle().skip(first);
        minority.extend(companions.take((all.len() - 1) / 2 - 1));
        let majority = self.cluster.all_but(&minority);

        self.phase(format!("cut {minority:?} off from {majority:?}"));
        self.cluster.partition(&minority);
        let doomed = format!("said in vain by {old_leader}");
        self.cluster.start(old_leader, &doomed);
        self.cluster.wait_for_leader(&majority)?;
        self.agree_on(2, &majority)?;

        self.phase("heal the partition".into());
        self.cluster.heal();
        self.agree_on(1, &all)?;
        match self.cluster.applied().contains(&doomed) {
            true => Err(format!("a command of the minority {minority:?} was applied")),
            false => self.cluster.applied().check(),
        }
    }

    fn agree_on(&mut self, commands: usize, among: &[usize]) -> Result<(), String> {
        for _ in 0..commands {
            self.commands += 1;
            let command = format!("set x={}", self.commands);
            self.cluster.agree(&command, among)?;
        }
        Ok(())
    }
}
