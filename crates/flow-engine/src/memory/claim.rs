//! Nodes, and the runs they take.

use flow_model::{NodeId, RunId, RunStatus, Timestamp};

use super::awake::{At, Owner, Place};
use super::runs::Runs;
use crate::{Claim, Claimable, ClaimedRun, LeaseDuration, RunRecord};

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
        match &claim.of {
            Claimable::Any => self.claim_oldest(claim),
            Claimable::Run(run) if claim.limit > 0 && self.may_take(*run, claim.now) => {
                self.take(*run, claim).into_iter().collect()
            }
            Claimable::Run(_) => Vec::new(),
            Claimable::Slot(name) => self.claim_in_line(name, claim.limit, claim),
        }
    }

    /// Whether a run of that slot has a place, those left out that are for older ones in line.
    pub(super) fn has_place(&self, record: &RunRecord) -> bool {
        let Some(slot) = &record.slot else { return true };
        let free = slot.limit.saturating_sub(self.awake.held(&slot.name)) as usize;
        let place: Place = (record.created_at, record.id);
        self.awake.line(&slot.name).take_while(|older| **older < place).take(free).count() < free
    }

    /// How many runs are queued, up to `most`.
    pub(super) fn queued(&self, most: usize) -> usize {
        let is_queued = |(_, run): &&Place| {
            self.get(*run).is_some_and(|run| {
                run.record.status == RunStatus::Queued && run.record.cancel_requested_at.is_none()
            })
        };
        self.awake.unowned().filter(is_queued).take(most).count()
    }

    fn may_take(&self, run: RunId, now: Timestamp) -> bool {
        let Some(run) = self.get(run) else { return false };
        match run.standing().at {
            At::Asleep => false,
            At::Owner(owner) => self.is_free(owner, now),
            At::Line(_) => self.has_place(&run.record),
        }
    }

    fn claim_oldest(&mut self, claim: &Claim) -> Vec<ClaimedRun> {
        let oldest = self.awake.oldest(claim.limit, |owner| self.is_free(owner, claim.now));
        let firsts = self.awake.firsts().filter(|((_, run), name)| self.fits(*run, name));
        let firsts = firsts.map(|(place, name)| (*place, Some(name.to_owned())));
        let mut all: Vec<(Place, Option<String>)> =
            oldest.into_iter().map(|place| (place, None)).chain(firsts).collect();
        all.sort_unstable();
        all.truncate(claim.limit);
        let mut left = claim.limit - all.iter().filter(|(_, slot)| slot.is_none()).count();
        let mut taken = Vec::new();
        for ((_, run), slot) in all {
            match slot {
                None => taken.extend(self.take(run, claim)),
                Some(name) => {
                    let more = self.claim_in_line(&name, left, claim);
                    left -= more.len();
                    taken.extend(more);
                }
            }
        }
        taken
    }

    /// Takes the oldest in line for a slot, as many as there are places.
    fn claim_in_line(&mut self, name: &str, limit: usize, claim: &Claim) -> Vec<ClaimedRun> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let first = self.awake.line(name).next().map(|(_, run)| *run);
            match first.filter(|run| self.fits(*run, name)) {
                Some(first) => taken.extend(self.take(first, claim)),
                None => break,
            }
        }
        taken
    }

    /// Whether the slot has a place for that run.
    fn fits(&self, run: RunId, name: &str) -> bool {
        let slot = self.get(run).and_then(|run| run.record.slot.as_ref());
        slot.is_some_and(|slot| self.awake.held(name) < slot.limit)
    }

    fn is_free(&self, owner: Owner, now: Timestamp) -> bool {
        owner.is_none_or(|node| self.nodes.get(&node).is_none_or(|lease_end| *lease_end <= now))
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
