//! Nodes, and the runs they take.

use flow_model::{NodeId, RunId, Timestamp};

use super::awake::Owner;
use super::runs::Runs;
use crate::{Claim, ClaimedRun, LeaseDuration};

impl Runs {
    pub(super) fn renew(&mut self, node: NodeId, now: Timestamp, lease: LeaseDuration) {
        self.nodes.insert(node, now.after(lease));
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> Vec<ClaimedRun> {
        let free = |owner: Owner| owner.is_none_or(|node| !self.lives(node, claim.now));
        let runs = match claim.run {
            Some(run) => {
                let owner = self.get(run).and_then(|run| run.awake());
                owner.filter(|owner| free(*owner)).map(|_| run).into_iter().take(claim.limit).collect()
            }
            None => self.awake.oldest(claim.limit, free),
        };
        runs.into_iter().filter_map(|run| self.take(run, claim.node)).collect()
    }

    fn lives(&self, node: NodeId, now: Timestamp) -> bool {
        self.nodes.get(&node).is_some_and(|lease_end| *lease_end > now)
    }

    fn take(&mut self, run: RunId, node: NodeId) -> Option<ClaimedRun> {
        let (epoch, attempts) = self.change(run, |run, _| run.claim(node))?;
        Some(ClaimedRun { run, epoch, attempts })
    }
}
