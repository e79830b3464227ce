//! The runs that a driver has work in, by owner.
//!
//! A claim looks only at runs nobody owns and at those of dead nodes: neither waiting and finished runs nor
//! those that living nodes drive cost it anything.

use std::collections::{BTreeSet, HashMap};

use flow_model::{NodeId, RunId, Timestamp};

/// A run's place in the order of claims: the oldest first.
pub(super) type Place = (Timestamp, RunId);

/// Who owns a run; none when nobody does.
pub(super) type Owner = Option<NodeId>;

/// The awake runs. Whether an owner lives is the claim's question.
#[derive(Default)]
pub(super) struct Awake {
    by_owner: HashMap<Owner, BTreeSet<Place>>,
}

impl Awake {
    /// Moves a run from where it stood to where it stands; none is asleep.
    pub(super) fn moved(&mut self, place: Place, from: Option<Owner>, to: Option<Owner>) {
        if from == to {
            return;
        }
        if let Some(from) = from
            && let Some(places) = self.by_owner.get_mut(&from)
        {
            places.remove(&place);
            if places.is_empty() {
                self.by_owner.remove(&from);
            }
        }
        if let Some(to) = to {
            self.by_owner.entry(to).or_default().insert(place);
        }
    }

    /// The runs of one owner, the oldest first.
    pub(super) fn owned_by(&self, node: NodeId) -> Vec<RunId> {
        self.by_owner.get(&Some(node)).into_iter().flatten().map(|(_, run)| *run).collect()
    }

    /// The oldest runs whose owner is free, at most `limit`.
    pub(super) fn oldest(&self, limit: usize, free: impl Fn(Owner) -> bool) -> Vec<RunId> {
        let owners = self.by_owner.iter().filter(|(owner, _)| free(**owner));
        let mut places: Vec<Place> =
            owners.flat_map(|(_, places)| places.iter().take(limit).copied()).collect();
        places.sort_unstable();
        places.truncate(limit);
        places.into_iter().map(|(_, run)| run).collect()
    }
}
