//! All runs, with what must be found without looking at each: awake ones, timers, idempotency keys, nodes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use flow_model::{FlowId, NodeId, Resolution, RunId, Timestamp, WorkspaceId};

use super::awake::{Awake, Standing};
use super::children::{Children, Others};
use super::events::{Events, Topic};
use super::rejected;
use super::run::Run;
use super::timers::Timers;
use crate::{
    Append, AppendRefused, Appended, Create, Created, IdempotencyKey, PublishEvent, Published, Resolve,
    ResolveOutcome, RunRecord, StoreError, Timer,
};

/// The tables about runs.
#[derive(Default)]
pub(super) struct Runs {
    rows: HashMap<RunId, Run>,
    keys: HashMap<KeyPlace, KeyRow>,
    pub(super) awake: Awake,
    timers: Timers,
    pub(super) children: Children,
    pub(super) events: Events,
    /// When each node's lease ends.
    pub(super) nodes: BTreeMap<NodeId, Timestamp>,
}

/// What an idempotency key is unique in, and the key.
type KeyPlace = (WorkspaceId, Option<FlowId>, String);

struct KeyRow {
    run: RunId,
    body_hash: [u8; 32],
    expires_at: Timestamp,
}

impl Runs {
    pub(super) fn get(&self, run: RunId) -> Option<&Run> {
        self.rows.get(&run)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Run> {
        self.rows.values()
    }

    /// Changes a run and keeps its place among the awake ones; none when there is no such run.
    pub(super) fn change<T>(
        &mut self,
        run: RunId,
        change: impl FnOnce(&mut Run, &mut Timers) -> T,
    ) -> Option<T> {
        let run = self.rows.get_mut(&run)?;
        let before = run.standing();
        let done = change(run, &mut self.timers);
        self.awake.moved(run.place(), &before, &run.standing());
        Some(done)
    }

    pub(super) fn create(&mut self, create: Create) -> Result<Created, StoreError> {
        let Create { record, idempotency, node, queued, mut commit } = create;
        if let Some(run) = self.rows.get(&record.id) {
            return if run.holds(commit.batch) {
                Ok(Created::New(run.told(node, 1)))
            } else {
                Err(rejected(format!("the run {} exists already", record.id)))
            };
        }
        let now = record.created_at;
        let key = idempotency.map(|key| key_row(&record, key));
        if let Some((place, key)) = &key
            && let Some(held) = self.keys.get(place).filter(|held| held.expires_at > now)
        {
            return Ok(Created::Duplicate { run: held.run, same_body: held.body_hash == key.body_hash });
        }
        let (id, status, finished_at) = (record.id, record.status, record.finished_at);
        let others = Others::of(&mut commit, status);
        self.check_others(&others)?;
        let mut run = Run::new(record, node);
        let awaited = run.awaited(&commit);
        run.commit(status, finished_at, commit, &mut self.timers, &self.events)?;
        if queued || !self.has_place(&run.record) {
            run.queue();
        }
        let told = run.told(node, 1);
        self.keys.extend(key);
        self.insert(run);
        awaited.into_iter().for_each(|(topic, visit)| self.events.wait(topic, id, visit));
        self.change_others(id, others);
        Ok(Created::New(told))
    }

    pub(super) fn insert(&mut self, run: Run) {
        self.awake.moved(run.place(), &Standing::NONE, &run.standing());
        self.rows.insert(run.record.id, run);
    }

    /// Appends to the run itself; none when there is no such run.
    pub(super) fn append_alone(
        &mut self,
        append: Append,
    ) -> Option<Result<Result<Appended, AppendRefused>, StoreError>> {
        let run = self.rows.get_mut(&append.run)?;
        let before = run.standing();
        let appended = run.append(append, &mut self.timers, &self.events);
        self.awake.moved(run.place(), &before, &run.standing());
        Some(appended)
    }

    pub(super) fn resolve(&mut self, resolve: Resolve) -> ResolveOutcome {
        let Resolve { run, visit, resolution, now } = resolve;
        let outcome = self.change(run, |run, timers| run.waits.resolve(&visit, resolution, now, timers));
        outcome.unwrap_or(ResolveOutcome::Missing)
    }

    pub(super) fn publish(&mut self, event: PublishEvent) -> Published {
        let (id, now) = (event.id, event.received_at);
        let topic: Topic = (event.workspace, event.name.clone(), event.key.clone());
        let resolution = Resolution::EventReceived { event: id, data: event.data.clone() };
        if self.events.has_another(&event) {
            return Published { woken: Vec::new(), is_another: true };
        }
        if !self.events.store(event) {
            let takers = self.rows.values().filter(|run| run.waits.has_taken(id));
            let mut woken: Vec<RunId> = takers.map(|run| run.record.id).collect();
            woken.sort_unstable();
            return Published { woken, is_another: false };
        }
        let mut woken = BTreeSet::new();
        for (run, visit) in self.events.take_waiting(&topic) {
            let resolve = || Resolve { run, visit: visit.clone(), resolution: resolution.clone(), now };
            if !woken.contains(&run) && self.resolve(resolve()) == ResolveOutcome::Won {
                woken.insert(run);
            } else if self.rows.get(&run).is_some_and(|run| run.waits.is_open(&visit)) {
                self.events.wait(topic.clone(), run, visit);
            }
        }
        Published { woken: woken.into_iter().collect(), is_another: false }
    }

    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<Timer> {
        self.timers.due(now, limit)
    }

    pub(super) fn fire(&mut self, timer: &Timer, now: Timestamp) -> bool {
        let fires = self.timers.take_due(timer.run, &timer.visit, timer.kind, now);
        if fires {
            self.change(timer.run, |run, _| run.wake());
        }
        fires
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    pub(super) fn purge(&mut self, now: Timestamp) -> usize {
        let events = self.events.purge(now);
        let before = self.keys.len() + self.nodes.len();
        self.keys.retain(|_, key| key.expires_at > now);
        self.nodes.retain(|_, lease_end| *lease_end > now);
        events + before - self.keys.len() - self.nodes.len()
    }
}

fn key_row(record: &RunRecord, key: IdempotencyKey) -> (KeyPlace, KeyRow) {
    let place = (record.workspace, record.flow, key.key);
    (place, KeyRow { run: record.id, body_hash: key.body_hash, expires_at: key.expires_at })
}
