//! The runs that a driver has work in: by owner, or in line for a place in a slot.
//!
//! A claim looks only at runs nobody owns and at those of dead nodes: neither waiting and finished runs nor
//! those that living nodes drive cost it anything, and of a line it looks at the beginning.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flow_model::{NodeId, RunId, Timestamp};

/// A run's place in the order of claims: the oldest first.
pub(super) type Place = (Timestamp, RunId);

/// Who owns a run; none when nobody does.
pub(super) type Owner = Option<NodeId>;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) at: At,
    /// The slot that it holds a place in.
    pub(super) holds: Option<String>,
}

/// What a claim needs for taking a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// Nobody takes it.
    Asleep,
    /// Whoever finds that its owner is free.
    Owner(Owner),
    /// A place in the slot of that name.
    Line(String),
}

impl Standing {
    /// That of a run which isn't there.
    pub(super) const NONE: Self = Self { at: At::Asleep, holds: None };
}

/// The awake runs. Whether an owner lives is the claim's question.
#[derive(Default)]
pub(super) struct Awake {
    by_owner: HashMap<Owner, BTreeSet<Place>>,
    lines: BTreeMap<String, BTreeSet<Place>>,
    /// How many runs hold a place in each slot.
    held: HashMap<String, u32>,
}

impl Awake {
    /// Moves a run from where it stood to where it stands.
    pub(super) fn moved(&mut self, place: Place, from: &Standing, to: &Standing) {
        if from.at != to.at {
            match &from.at {
                At::Asleep => {}
                At::Owner(owner) => {
                    if let Some(places) = self.by_owner.get_mut(owner) {
                        places.remove(&place);
                        if places.is_empty() {
                            self.by_owner.remove(owner);
                        }
                    }
                }
                At::Line(name) => {
                    if let Some(line) = self.lines.get_mut(name) {
                        line.remove(&place);
                        if line.is_empty() {
                            self.lines.remove(name);
                        }
                    }
                }
            }
            let _: bool = match &to.at {
                At::Asleep => false,
                At::Owner(owner) => self.by_owner.entry(*owner).or_default().insert(place),
                At::Line(name) => self.lines.entry(name.clone()).or_default().insert(place),
            };
        }
        if from.holds != to.holds {
            if let Some(name) = &from.holds
                && let Some(held) = self.held.get_mut(name)
            {
                *held -= 1;
                if *held == 0 {
                    self.held.remove(name);
                }
            }
            if let Some(name) = &to.holds {
                *self.held.entry(name.clone()).or_default() += 1;
            }
        }
    }

    /// The runs of one owner, the oldest first.
    pub(super) fn owned_by(&self, node: NodeId) -> Vec<RunId> {
        self.by_owner.get(&Some(node)).into_iter().flatten().map(|(_, run)| *run).collect()
    }

    /// The oldest runs that need no place and whose owner is free, at most `limit`.
    pub(super) fn oldest(&self, limit: usize, free: impl Fn(Owner) -> bool) -> Vec<Place> {
        let owners = self.by_owner.iter().filter(|(owner, _)| free(**owner));
        let mut places: Vec<Place> =
            owners.flat_map(|(_, places)| places.iter().take(limit).copied()).collect();
        places.sort_unstable();
        places.truncate(limit);
        places
    }

    /// How many runs hold a place in a slot.
    pub(super) fn held(&self, name: &str) -> u32 {
        self.held.get(name).copied().unwrap_or_default()
    }

    /// The runs in line for a slot, the oldest first.
    pub(super) fn line(&self, name: &str) -> impl Iterator<Item = &Place> {
        self.lines.get(name).into_iter().flatten()
    }

    /// The slots that somebody is in line for, each with the first.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (&Place, &str)> {
        self.lines.iter().filter_map(|(name, line)| Some((line.first()?, name.as_str())))
    }

    /// The runs that no claim has taken yet.
    pub(super) fn unowned(&self) -> impl Iterator<Item = &Place> {
        self.by_owner.get(&None).into_iter().flatten().chain(self.lines.values().flatten())
    }
}
