//! What the first commit of a run and every later one have in common.

use diesel::prelude::*;
use flow_engine::{Commit, Resolve, StoreError, TimerKind};
use flow_model::{
    BatchId, EVENT_SCHEMA, EventKind, RunId, RunStatus, Timestamp, VisitPath, WaitKind, WaitRequest,
};

use super::children::PreparedChild;
use crate::codec::{self, Encoded};
use crate::connection::{AnyConnection, on_each};
use crate::event::arrival::{Arrival, Arrivals, Taker};
use crate::event::topic::Topic;
use crate::failure::{Failure, Outcome};
use crate::latch::Latch;
use crate::log::NewEntries;
use crate::rows::stored_number;
use crate::rows::wait::{CLOSED, OPEN, RESOLVED};
use crate::schema::{run_events, runs, timers, waits};
use crate::statement::update;
use crate::timer;

/// A commit, checked and encoded before it is queued: the writer's time is everyone's.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) batch: BatchId,
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) release: bool,
    /// The error's code, when the run fails.
    pub(crate) error_code: Option<String>,
    pub(crate) taken: Vec<VisitPath>,
    pub(crate) opened: Vec<OpenedWait>,
    /// Visits that are closed, each once.
    pub(crate) closed: Vec<VisitPath>,
    pub(crate) children: Vec<PreparedChild>,
    pub(crate) answer: Option<Resolve>,
    /// The time of the last event.
    pub(crate) last_at: Timestamp,
    timers: Vec<(VisitPath, TimerKind, Timestamp)>,
    events: Encoded,
    logs: NewEntries,
}

/// The run whose commit is stored, after its row was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) taker: Taker<'a>,
    pub(crate) arrivals: &'a Arrivals,
    /// How many answers it has, those of `arrivals` included.
    pub(crate) answers_stored: i32,
}

/// A wait's row before it is stored.
#[derive(Debug)]
pub(crate) struct OpenedWait {
    visit: VisitPath,
    kind: &'static str,
    request: String,
    expires_at: Option<i64>,
    seq: i64,
    at: Timestamp,
    /// The event that it is for.
    pub(crate) topic: Option<Topic>,
    /// Its visit is closed by the same commit: it can't be answered, and has no timer.
    is_closed: bool,
}

impl Prepared {
    /// Checks that the events follow number `after`, and that the run ends exactly when it has an end.
    pub(crate) fn new(
        commit: Commit,
        after: u64,
        status: RunStatus,
        finished_at: Option<Timestamp>,
    ) -> Result<Self, StoreError> {
        let rejected = |reason: String| StoreError::Rejected { reason };
        let Some(last) = commit.events.last() else {
            return Err(rejected("a commit holds no event".to_owned()));
        };
        if !commit.events.iter().zip(after + 1..).all(|(event, seq)| event.seq == seq) {
            return Err(rejected(format!("the events aren't numbered from {}", after + 1)));
        }
        if status.is_finished() != finished_at.is_some() {
            return Err(rejected(format!("a {} run can't have that end", status.as_str())));
        }
        let Commit { mut closed, mut timers_set, .. } = commit;
        closed.sort_unstable();
        closed.dedup();
        timers_set.retain(|(visit, ..)| closed.binary_search(visit).is_err());
        let opened = commit.waits_opened.into_iter().map(|(visit, wait)| {
            let opening = commit.events.iter().find(|event| {
                matches!(&event.kind, EventKind::WaitOpened { visit: opened, .. }
                    | EventKind::ChildStarted { visit: opened, .. } if *opened == visit)
            });
            let opening = opening.unwrap_or(last);
            Ok(OpenedWait {
                kind: wait.request.kind().as_str(),
                request: serde_json::to_string(&wait.request)?,
                expires_at: wait.expires_at.map(Timestamp::millis),
                seq: stored_number(opening.seq),
                at: opening.time,
                topic: topic(&wait.request),
                is_closed: closed.binary_search(&visit).is_ok(),
                visit,
            })
        });
        let opened: Result<Vec<OpenedWait>, serde_json::Error> = opened.collect();
        let error_code = match &last.kind {
            EventKind::RunFailed { error } if status == RunStatus::Failed => Some(error.code.clone()),
            _ => None,
        };
        let children: Result<_, StoreError> =
            commit.children.into_iter().map(|child| PreparedChild::new(child, commit.batch)).collect();
        let unwritable = |error: serde_json::Error| rejected(format!("a commit can't be written: {error}"));
        let mut opened = opened.map_err(unwritable)?;
        // The first to open takes the oldest event.
        opened.sort_by(|a, b| (a.seq, &a.visit).cmp(&(b.seq, &b.visit)));
        Ok(Self {
            batch: commit.batch,
            first_seq: stored_number(after + 1),
            last_seq: stored_number(last.seq),
            release: commit.release,
            error_code,
            taken: commit.waits_taken,
            opened,
            closed,
            children: children?,
            answer: commit.answer,
            last_at: last.time,
            timers: timers_set,
            events: codec::encode(commit.events.as_slice()).map_err(unwritable)?,
            logs: NewEntries::of(&commit.events),
        })
    }

    /// How many of its waits can be answered.
    pub(crate) fn count_open(&self) -> i32 {
        stored_count(self.opened.iter().filter(|wait| !wait.is_closed).count())
    }

    /// The latches of the events that its waits are for.
    pub(crate) fn latches(&self) -> Vec<Latch> {
        self.opened.iter().filter_map(|wait| Some(wait.topic.as_ref()?.latch())).collect()
    }

    pub(crate) fn awaits_events(&self) -> bool {
        self.opened.iter().any(|wait| wait.topic.is_some())
    }

    pub(crate) const fn sets_timers(&self) -> bool {
        !self.timers.is_empty()
    }

    /// Stores the events, and the waits and timers that go with them. The run's row is there and locked.
    pub(crate) fn store(&self, connection: &mut AnyConnection, of: Of<'_>) -> Outcome<()> {
        let run = of.taker.run;
        self.store_events(connection, run)?;
        self.logs.store(connection, run)?;
        let mut number = of.answers_stored - stored_count(of.arrivals.count());
        for (place, wait) in self.opened.iter().enumerate() {
            let arrival = of.arrivals.of(place);
            number += i32::from(arrival.is_some());
            wait.store(connection, of.taker, arrival.map(|arrival| (arrival, number)))?;
        }
        for (visit, kind, due_at) in &self.timers {
            timer::replace(connection, run, visit, *kind, *due_at)?;
        }
        for child in &self.children {
            child.store(connection)?;
        }
        Ok(())
    }

    fn store_events(&self, connection: &mut AnyConnection, run: RunId) -> Outcome<()> {
        let row = (
            run_events::run_id.eq(run.as_bytes().as_slice()),
            run_events::last_seq.eq(self.last_seq),
            run_events::first_seq.eq(self.first_seq),
            run_events::batch_id.eq(self.batch.as_bytes().as_slice()),
            run_events::schema.eq(EVENT_SCHEMA),
            run_events::codec.eq(self.events.codec),
            run_events::payload.eq(self.events.payload.as_slice()),
        );
        on_each!(connection, |each| diesel::insert_into(run_events::table).values(row).execute(each))?;
        Ok(())
    }

    /// Whether these very events are stored already.
    pub(crate) fn is_stored(&self, connection: &mut AnyConnection, run: RunId) -> Outcome<bool> {
        let stored = run_events::table
            .filter(run_events::run_id.eq(run.as_bytes().as_slice()))
            .filter(run_events::last_seq.eq(self.last_seq))
            .select(run_events::batch_id)
            .get_result::<Vec<u8>>(connection)
            .optional()?;
        Ok(stored.is_some_and(|batch| batch == self.batch.as_bytes()))
    }
}

impl OpenedWait {
    pub(crate) const fn opened_at(&self) -> Timestamp {
        self.at
    }

    /// Whether an answer at the moment it opens would count.
    pub(crate) fn can_be_answered(&self) -> bool {
        !self.is_closed && self.expires_at.is_none_or(|at| at > self.at.millis())
    }

    /// Stores it, with the event that is there for it and the number of that answer.
    fn store(
        &self,
        connection: &mut AnyConnection,
        taker: Taker<'_>,
        arrival: Option<(&Arrival, i32)>,
    ) -> Outcome<()> {
        let run = taker.run;
        let topic = self.topic.as_ref().map(|topic| topic.hash(taker.workspace));
        let state = match arrival {
            Some(_) => RESOLVED,
            None if self.is_closed => CLOSED,
            None => OPEN,
        };
        // A step that is tried again starts another child.
        if self.kind == WaitKind::RunFlow.as_str() {
            let over = waits::table
                .filter(waits::run_id.eq(run.as_bytes().as_slice()))
                .filter(waits::visit.eq(self.visit.as_str()))
                .filter(waits::taken.eq(true));
            diesel::delete(over).execute(connection)?;
        }
        let row = (
            (
                waits::run_id.eq(run.as_bytes().as_slice()),
                waits::visit.eq(self.visit.as_str()),
                waits::opened_seq.eq(self.seq),
                waits::opened_at.eq(self.at.millis()),
                waits::kind.eq(self.kind),
                waits::request.eq(self.request.as_str()),
                waits::expires_at.eq(self.expires_at),
                waits::state.eq(state),
                waits::taken.eq(false),
            ),
            (
                waits::topic.eq(topic.as_ref().map(<[u8; 32]>::as_slice)),
                waits::resolution.eq(arrival.map(|(arrival, _)| arrival.resolution.as_str())),
                waits::resolved_at.eq(arrival.map(|_| self.at.millis())),
                waits::answer_number.eq(arrival.map(|(_, number)| number)),
                waits::event_id.eq(arrival.map(|(arrival, _)| arrival.event.as_bytes().as_slice())),
            ),
        );
        on_each!(connection, |each| diesel::insert_into(waits::table).values(row).execute(each))?;
        match self.expires_at.filter(|_| state == OPEN).map(Timestamp::from_millis) {
            Some(due_at) => timer::set(connection, run, &self.visit, TimerKind::WaitExpiry, due_at),
            None => Ok(()),
        }
    }
}

/// The event that a wait is for.
fn topic(request: &WaitRequest) -> Option<Topic> {
    match request {
        WaitRequest::Event { name, key } => Some(Topic { name: name.clone(), key: key.clone() }),
        WaitRequest::UserApproval { .. }
        | WaitRequest::ClientTool { .. }
        | WaitRequest::ShowForm { .. }
        | WaitRequest::RunFlow { .. }
        | WaitRequest::Wait {} => None,
    }
}

/// Marks answers as taken up.
pub(crate) fn take_answers(connection: &mut AnyConnection, run: RunId, taken: &[VisitPath]) -> Outcome<()> {
    for visit in taken {
        let answer = waits::table
            .filter(waits::run_id.eq(run.as_bytes().as_slice()))
            .filter(waits::visit.eq(visit.as_str()))
            .filter(waits::resolved_at.is_not_null())
            .filter(waits::taken.eq(false));
        if update(answer, waits::taken.eq(true)).execute(connection)? != 1 {
            return Err(Failure::rejected(format!("no answer to {visit} is there to be taken up")));
        }
    }
    Ok(())
}

/// Closes the open waits of a run, and deletes its timers.
pub(crate) fn close(connection: &mut AnyConnection, run: RunId) -> Outcome<()> {
    let id = run.as_bytes().as_slice();
    let open = waits::table.filter(waits::run_id.eq(id)).filter(waits::state.eq(OPEN));
    update(open, waits::state.eq(CLOSED)).execute(connection)?;
    diesel::delete(timers::table.filter(timers::run_id.eq(id))).execute(connection)?;
    let row = runs::table.filter(runs::id.eq(id));
    update(row, runs::waits_open.eq(0)).execute(connection)?;
    Ok(())
}

/// A count of waits for its column.
pub(crate) fn stored_count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
