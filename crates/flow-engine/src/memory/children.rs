//! What one run's change does to others: the runs that it starts, answers and cancels.

use std::collections::{BTreeSet, HashMap};

use flow_model::{RunId, RunStatus, Timestamp, VisitPath};

use super::awake::Place;
use super::rejected;
use super::run::Run;
use super::runs::Runs;
use crate::{Append, AppendRefused, Appended, CancelOutcome, Commit, NewChild, Resolve, StoreError};

/// The runs that each run started, the oldest first.
pub(super) type Children = HashMap<RunId, BTreeSet<Place>>;

/// Which unfinished children are cancelled.
#[derive(Clone, Copy)]
enum Which<'a> {
    All,
    /// Those whose end is waited for.
    WaitedFor,
    /// Those whose end that visit waits for.
    Of(&'a VisitPath),
}

/// The part of a commit that is about other runs.
pub(super) struct Others {
    children: Vec<NewChild>,
    answer: Option<Resolve>,
    batch: flow_model::BatchId,
    closed: Vec<VisitPath>,
    status: RunStatus,
    time: Timestamp,
}

impl Others {
    /// Taken out of a commit that leaves its run in that status.
    pub(super) fn of(commit: &mut Commit, status: RunStatus) -> Self {
        Self {
            children: std::mem::take(&mut commit.children),
            answer: commit.answer.take(),
            batch: commit.batch,
            closed: commit.closed.clone(),
            status,
            time: commit.events.last().map_or(Timestamp::from_millis(0), |last| last.time),
        }
    }
}

impl Runs {
    pub(super) fn append(
        &mut self,
        mut append: Append,
    ) -> Result<Result<Appended, AppendRefused>, StoreError> {
        let id = append.run;
        let Some(run) = self.get(id) else { return Ok(Err(AppendRefused::Stale)) };
        let is_repeat = run.holds(append.commit.batch);
        let awaited = run.awaited(&append.commit);
        let others = Others::of(&mut append.commit, append.status);
        if !is_repeat {
            self.check_others(&others)?;
        }
        let appended = self.append_alone(append);
        let Some(Ok(Ok(appended))) = appended else {
            return appended.unwrap_or(Ok(Err(AppendRefused::Stale)));
        };
        if !is_repeat {
            awaited.into_iter().for_each(|(topic, visit)| self.events.wait(topic, id, visit));
            self.change_others(id, others);
        }
        Ok(Ok(appended))
    }

    pub(super) fn cancel(&mut self, run: RunId, now: Timestamp, force: bool) -> CancelOutcome {
        let outcome = self.change(run, |run, timers| run.cancel(now, force, timers));
        let outcome = outcome.unwrap_or(CancelOutcome::Missing);
        if outcome == CancelOutcome::Requested {
            self.cancel_children(run, Which::All, now);
        }
        outcome
    }

    /// The runs that a run started, the oldest first.
    pub(super) fn children(&self, run: RunId) -> impl Iterator<Item = &Run> {
        let children = self.children.get(&run).into_iter().flatten();
        children.filter_map(|(_, child)| self.get(*child))
    }

    /// What a database's constraints would refuse.
    pub(super) fn check_others(&self, others: &Others) -> Result<(), StoreError> {
        let ids = || others.children.iter().map(|child| child.record.id);
        let taken =
            ids().enumerate().find(|(at, id)| self.get(*id).is_some() || ids().take(*at).any(|it| it == *id));
        match taken {
            Some((_, id)) => Err(rejected(format!("the run {id} exists already"))),
            None => {
                others.children.iter().try_for_each(|child| Run::child(child.clone(), others.batch).map(drop))
            }
        }
    }

    /// Changes the other runs, once the commit is stored in `run`.
    pub(super) fn change_others(&mut self, run: RunId, others: Others) {
        let Others { children, answer, batch, closed, status, time } = others;
        for child in children {
            // It was checked before.
            let Ok(child) = Run::child(child, batch) else { continue };
            self.children.entry(run).or_default().insert(child.place());
            self.insert(child);
        }
        let cancelling = self.get(run).is_some_and(|run| run.record.cancel_requested_at.is_some());
        match status {
            _ if cancelling => self.cancel_children(run, Which::All, time),
            RunStatus::Cancelled => self.cancel_children(run, Which::All, time),
            RunStatus::Completed | RunStatus::Failed => self.cancel_children(run, Which::WaitedFor, time),
            RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => {
                closed.iter().for_each(|visit| self.cancel_children(run, Which::Of(visit), time));
            }
        }
        if let Some(answer) = answer {
            self.resolve(answer);
        }
    }

    fn cancel_children(&mut self, run: RunId, which: Which<'_>, now: Timestamp) {
        let is_concerned = |child: &&Run| {
            let Some(parent) = &child.record.parent else { return false };
            match which {
                Which::All => true,
                Which::WaitedFor => parent.waits,
                Which::Of(visit) => parent.waits && parent.visit == *visit,
            }
        };
        let children: Vec<RunId> =
            self.children(run).filter(is_concerned).map(|child| child.record.id).collect();
        for child in children {
            self.cancel(child, now, true);
        }
    }
}
