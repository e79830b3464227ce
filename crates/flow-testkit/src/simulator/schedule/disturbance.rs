//! What a seed draws to go wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flow_engine::{Clock, RunRecord, StoredWait, WaitState};
use flow_model::{EventId, ExecutionId, VisitPath};
use serde_json::json;

use super::super::Case;
use super::super::chance::{Chance, hash};
use super::super::client::{Client, INTRUDER};
use super::super::family;
use super::super::outside::{Reply, Topic, reply};
use super::super::plan::Whom;
use super::super::world::{LEASE, World};
use crate::{Fate, StoreCall};

/// The draws of one play.
pub(crate) struct Disturbance {
    chance: Chance,
    /// Processes that may still lose their runs without giving them up. A run that loses its owner four times
    /// without a commit is set aside, which is another promise than those that are checked here.
    losses: usize,
    /// Whether somebody cancels the run.
    cancels: bool,
    /// Whether somebody answers out of turn.
    intrudes: bool,
    /// How busy all that is, in a hundred turns.
    share: usize,
    /// Of a hundred store calls, how many go wrong.
    faults: usize,
    /// In how many of a hundred turns things happen while others are still at work.
    haste: usize,
    seed: u64,
}

/// How many processes may be started.
const MOST_PROCESSES: usize = 6;

/// How many calls of one process may go wrong: after that it is left alone, so that runs end.
const MOST_FAULTS: usize = 40;

impl Disturbance {
    pub(crate) fn of(seed: u64) -> Self {
        let chance = Chance::new(seed);
        Self {
            losses: chance.below(4),
            cancels: chance.percent(20),
            intrudes: chance.percent(30),
            share: *chance.pick(&[2, 10, 30]),
            faults: *chance.pick(&[0, 3, 12, 30]),
            haste: *chance.pick(&[0, 20, 60]),
            seed: chance.seed(),
            chance,
        }
    }

    /// Lets a process's calls of its store go wrong now and then.
    pub(crate) fn meddle(&self, world: &World, number: usize) {
        let (chance, share) = (Chance::new(self.chance.seed()), self.faults);
        let left = AtomicUsize::new(MOST_FAULTS);
        let (ledger, clock) = (world.shared.ledger.clone(), world.shared.clock.clone());
        let start = world.shared.start;
        world.processes[number].store.set_rule(move |call| {
            let fate = if chance.percent(share) && left.load(Ordering::Relaxed) > 0 {
                left.fetch_sub(1, Ordering::Relaxed);
                fate(&chance, call)
            } else {
                Fate::Pass
            };
            ledger.note(|| {
                let millis = clock.now().since(start).as_millis();
                format!("      process {number}: {}, {fate:?} at {millis} ms", call.name)
            });
            fate
        });
    }

    /// How many processes there are from the beginning.
    pub(crate) fn processes(&self) -> usize {
        self.chance.between(1, 2)
    }

    /// Returns once nobody can go on before time passes, or in the midst of it; whether it was the former.
    pub(crate) async fn turn(&self, world: &mut World) -> bool {
        if !self.chance.percent(self.haste) {
            world.idle().await;
            return true;
        }
        for _ in 0..self.chance.below(12) {
            tokio::task::yield_now().await;
        }
        false
    }

    /// Perhaps does something; whether it did.
    pub(crate) async fn strikes(
        &mut self,
        case: &Case,
        world: &mut World,
        client: &mut Client<'_>,
        is_idle: bool,
    ) -> Result<bool, String> {
        self.wake_the_forgotten(world);
        if !self.chance.percent(self.share) {
            return Ok(false);
        }
        let open = world.open_processes();
        match self.chance.below(12) {
            0..2 if self.losses > 0 && !open.is_empty() => {
                self.losses -= 1;
                world.losses += 1;
                let number = *self.chance.pick(&open);
                if self.chance.percent(50) {
                    world.ledger().note(|| format!("process {number} dies"));
                    world.processes[number].store.die();
                } else {
                    world.ledger().note(|| format!("process {number} stalls"));
                    let now = world.now();
                    world.processes[number].stall(now);
                }
            }
            2 if world.processes.len() < MOST_PROCESSES => {
                let number =
                    world.start().await.map_err(|error| format!("a process doesn't start: {error}"))?;
                world.ledger().note(|| format!("process {number} starts"));
                self.meddle(world, number);
            }
            3 if world.processes.len() < MOST_PROCESSES && open.len() > 1 => {
                let number = *self.chance.pick(&open);
                world.ledger().note(|| format!("process {number} leaves"));
                let process = &mut world.processes[number];
                process.is_leaving = true;
                let engine = process.engine.clone();
                tokio::spawn(async move { engine.stop(Duration::from_secs(3600)).await });
            }
            4..7 if self.intrudes && !open.is_empty() => {
                let process = *self.chance.pick(&open);
                return Ok(self.intrude(case, world, client, process));
            }
            7 if self.cancels && !open.is_empty() => {
                let process = *self.chance.pick(&open);
                let runs = world.runs();
                let Some(root) = runs.first() else { return Ok(false) };
                let run = if self.chance.percent(60) { root } else { self.chance.pick(&runs) };
                client.cancel(world, process, run.id);
            }
            8 if is_idle => {
                let millis = *self.chance.pick(&[1, 50, 1_000, 4_000]);
                world.jump(Duration::from_millis(millis));
            }
            9..11 if self.intrudes && !open.is_empty() => {
                let process = *self.chance.pick(&open);
                return Ok(self.send(case, world, client, process));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A process that has stalled for long enough for its runs to be taken over wakes up at some time.
    fn wake_the_forgotten(&self, world: &mut World) {
        let now = world.now();
        for (number, process) in world.processes.iter_mut().enumerate() {
            let Some(since) = process.stalled_at() else { continue };
            // Some wake up before their lease is over.
            let share = if now.since(since) > LEASE { 20 } else { 2 };
            if self.chance.percent(share) {
                world.shared.ledger.note(|| format!("process {number} wakes up"));
                process.wake(now);
            }
        }
    }

    /// Somebody answers who isn't asked: before the question, after the answer, the wrong kind, or in time.
    fn intrude(&self, case: &Case, world: &World, client: &mut Client<'_>, process: usize) -> bool {
        let asked: Vec<(&String, &Whom)> = case.prediction.asked.iter().collect();
        if asked.is_empty() {
            return false;
        }
        let (path, whom) = match overdue(world, &asked) {
            Some(place) => asked[place],
            None => *self.chance.pick(&asked),
        };
        let (above, visit) = path.rfind('>').map_or(("", path.as_str()), |end| path.split_at(end + 1));
        let is_it = |run: &&RunRecord| family::path(&world.shared.database, run.id) == above;
        let Some(run) = world.runs().iter().find(is_it).map(|run| run.id) else { return false };
        let whom = if self.chance.percent(20) {
            *self.chance.pick(&[Whom::Approval, Whom::Tool, Whom::Form])
        } else {
            *whom
        };
        let answer: Reply = reply(hash(self.seed, path), path, whom);
        let execution = ExecutionId { run, visit: VisitPath::from_stored(visit) };
        let by = format!("{INTRUDER} {}", self.chance.below(1_000_000));
        client.resume(world, process, execution, answer, by);
        true
    }

    /// Somebody sends an event that is waited for at some time, or was, or almost: once more, under another name or key,
    /// or one that is over at once.
    fn send(&self, case: &Case, world: &World, client: &mut Client<'_>, process: usize) -> bool {
        let awaited: Vec<&Topic> = case.prediction.awaited.values().collect();
        if awaited.is_empty() {
            return false;
        }
        let topic = (*self.chance.pick(&awaited)).clone();
        let sender = &mut client.sender;
        let known: Vec<EventId> = sender.sent.keys().copied().collect();
        match self.chance.below(6) {
            0 if !known.is_empty() => sender.call(world, process, *self.chance.pick(&known)),
            1 => {
                let topic = Topic { key: Some("another".to_owned()), ..topic };
                sender.send(world, process, topic, json!({ "n": "of another" }), false);
            }
            2 if topic.key.is_some() => {
                let topic = Topic { name: "unpaid".to_owned(), ..topic };
                sender.send(world, process, topic, json!({ "n": "of another" }), false);
            }
            3 => {
                let data = topic.data(case.seed());
                sender.send(world, process, topic, data, true);
            }
            _ => drop(sender.send_right(world, process, topic)),
        }
        true
    }

    /// Nothing goes wrong any more: those who stalled wake up, and time passes for whatever is still on its way.
    pub(crate) async fn calm(&mut self, world: &mut World) {
        let now = world.now();
        for process in &mut world.processes {
            if process.stalled_at().is_some() {
                process.wake(now);
            }
        }
        let until = now.after(LEASE * 2);
        while world.now() < until {
            world.idle().await;
            if !world.pass() {
                break;
            }
        }
        world.idle().await;
    }
}

/// The question whose time is over while nobody has stored that yet: the moment in which a late answer could count.
fn overdue(world: &World, asked: &[(&String, &Whom)]) -> Option<usize> {
    let is_overdue = |wait: &StoredWait| {
        wait.state == WaitState::Open && wait.wait.expires_at.is_some_and(|at| at <= world.now())
    };
    let mut overdue = world.runs().into_iter().flat_map(|run| {
        let waits = world.waits(run.id).into_iter().filter(is_overdue);
        waits.map(move |wait| world.path(run.id, &wait.visit))
    });
    overdue.find_map(|path| asked.iter().position(|(asked, _)| **asked == path))
}

/// How a call goes wrong. The lease's renewal is never so late that a process loses its runs without stalling.
fn fate(chance: &Chance, call: StoreCall) -> Fate {
    let longest = if call.name == "node_renew" { 2_000 } else { 20_000 };
    let delay = Duration::from_millis((*chance.pick(&[1, 30, 700, 2_000, 20_000])).min(longest));
    match chance.below(5) {
        // Others have something to do meanwhile.
        0..3 if call.name == "timer_due" => Fate::Slow(delay),
        0 | 1 => Fate::Fail,
        2 => Fate::LoseReply,
        3 => Fate::Slow(delay),
        _ => Fate::Late(delay),
    }
}
