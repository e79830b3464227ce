//! Nodes, and the runs they take.

use flow_model::{NodeId, RunId, Timestamp};

use super::awake::Owner;
use super::runs::Runs;
use crate::{Claim, ClaimedRun, LeaseDuration};

impl Runs {
    pub(super) fn renew(&mut self, node: NodeId, now: Timestamp, lease: LeaseDuration) {
        self.nodes.insert(node, now.after(lease));
    }

    pub(super) fn leave(&mut self, node: NodeId) {
        self.nodes.remove(&node);
        for run in self.awake.owned_by(node) {
            self.change(run, |run, _| run.give_back());
        }
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> Vec<ClaimedRun> {
        if claim.repeated {
            let taken = self.taken_by(claim);
            if !taken.is_empty() {
                return taken;
            }
        }
        let free = |owner: Owner| owner.is_none_or(|node| !self.lives(node, claim.now));
        let runs = match claim.run {
            Some(run) => {
                let owner = self.get(run).and_then(|run| run.awake());
                owner.filter(|owner| free(*owner)).map(|_| run).into_iter().take(claim.limit).collect()
            }
            None => self.awake.oldest(claim.limit, free),
        };
        runs.into_iter().filter_map(|run| self.take(run, claim)).collect()
    }

    fn lives(&self, node: NodeId, now: Timestamp) -> bool {
        self.nodes.get(&node).is_some_and(|lease_end| *lease_end > now)
    }

    /// What the claim took when it was sent before.
    fn taken_by(&self, claim: &Claim) -> Vec<ClaimedRun> {
        let owned = self.awake.owned_by(claim.node).into_iter();
        let taken = owned.filter_map(|id| {
            let (epoch, attempts) = self.get(id)?.claimed_by(claim)?;
            Some(ClaimedRun { run: id, epoch, attempts })
        });
        taken.collect()
    }

    fn take(&mut self, run: RunId, claim: &Claim) -> Option<ClaimedRun> {
        let (epoch, attempts) = self.change(run, |run, _| run.claim(claim))?;
        Some(ClaimedRun { run, epoch, attempts })
    }
}
