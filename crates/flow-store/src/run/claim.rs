//! Taking runs that have work to do and no living owner.
//!
//! What needs no place in a slot is taken in one go. For the rest, the slots' latches must be locked before any row
//! is, so it takes a second transaction, which begins with them; where one process writes alone, nothing is to be
//! locked, and both are one.

use diesel::prelude::*;
use flow_engine::{Claim, Claimable, ClaimedRun, Slot};
use flow_model::{RunId, Timestamp};

use super::slot::{self, unhindered};
use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::latch::Latch;
use crate::node;
use crate::order::Order;
use crate::rows::{bytes, read};
use crate::schema::runs;
use crate::statement::update;
use crate::{postgres, sqlite};

/// Whether nobody owns a run who lives at the given time.
macro_rules! ownerless {
    ($now:expr) => {{
        use diesel::dsl::{exists, not};
        use $crate::schema::{nodes, runs};
        let owner =
            nodes::table.filter(nodes::id.nullable().eq(runs::lease_node)).filter(nodes::expires_at.gt($now));
        not(exists(owner))
    }};
}
pub(crate) use ownerless;

/// The awake runs that this version can read and that nobody owns who lives at the given time. A macro, since each
/// database goes on with it in a way of its own.
macro_rules! claimable {
    ($now:expr) => {{
        use $crate::schema::runs;
        runs::table
            // The bare column, as the index has it: a parameter would hide that they are the same.
            .filter(runs::wake)
            .filter(runs::event_schema.le(flow_model::EVENT_SCHEMA))
            .filter($crate::run::claim::ownerless!($now))
    }};
}
pub(crate) use claimable;

/// What a claim came to so far.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) taken: Vec<ClaimedRun>,
    /// What is left to be done with latches locked.
    pub(crate) contended: Option<Contended>,
}

/// Slots that a claim may take runs of.
#[derive(Debug, Clone)]
pub(crate) struct Contended {
    slots: Vec<String>,
    limit: i64,
}

/// A run that a claim by its id may take.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub(crate) struct Single {
    id: Vec<u8>,
    created_at: i64,
    lease_node: Option<Vec<u8>>,
    cancel_requested_at: Option<i64>,
    slot: Option<String>,
    slot_limit: Option<i32>,
}

impl Contended {
    /// What a claim of one slot's runs alone has to do.
    pub(crate) fn of(claim: &Claim) -> Option<Self> {
        match &claim.of {
            Claimable::Slot(name) => Some(Self { slots: vec![name.clone()], limit: most(claim) }),
            Claimable::Any | Claimable::Run(_) => None,
        }
    }

    pub(crate) fn latches(&self) -> Vec<Latch> {
        self.slots.iter().map(|name| slot::latch(name)).collect()
    }
}

pub(crate) fn order(claim: &Claim) -> Order {
    match &claim.of {
        Claimable::Run(run) => Order::run(*run),
        Claimable::Any | Claimable::Slot(_) => Order::Last,
    }
}

/// Takes what needs no place in a slot, and finds the rest.
pub(crate) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Outcome<Claimed> {
    let now = node::now(connection, claim.now)?;
    if let Some(taken) = taken_before(connection, claim)? {
        return Ok(Claimed { taken, contended: None });
    }
    let (ids, contended) = match &claim.of {
        Claimable::Any => oldest(connection, claim, now)?,
        Claimable::Run(run) => single(connection, claim, *run, now)?,
        Claimable::Slot(_) => (Vec::new(), Contended::of(claim)),
    };
    let mut taken = take_all(connection, claim, now, &ids)?;
    match contended {
        Some(contended) if !connection.is_shared() => {
            taken.extend(claim_contended(connection, claim, &contended)?);
            Ok(Claimed { taken, contended: None })
        }
        contended => Ok(Claimed { taken, contended }),
    }
}

/// Takes runs that need a place in a slot, whose latches are locked.
pub(crate) fn claim_contended(
    connection: &mut AnyConnection,
    claim: &Claim,
    contended: &Contended,
) -> Outcome<Vec<ClaimedRun>> {
    let now = node::now(connection, claim.now)?;
    let mut ids = Vec::new();
    match &claim.of {
        Claimable::Run(run) => {
            let row = lock_single(connection, *run, now)?;
            let slot = row.as_ref().and_then(Single::needs);
            if let (Some(row), Some(slot)) = (row, slot)
                && slot::has_place(connection, &slot, *run, Timestamp::from_millis(row.created_at))?
            {
                ids.push(row.id);
            }
        }
        Claimable::Slot(_) => {
            if let Some(taken) = taken_before(connection, claim)? {
                return Ok(taken);
            }
            first_in_line(connection, contended, &mut ids)?;
        }
        Claimable::Any => first_in_line(connection, contended, &mut ids)?,
    }
    take_all(connection, claim, now, &ids)
}

fn most(claim: &Claim) -> i64 {
    i64::try_from(claim.limit).unwrap_or(i64::MAX)
}

/// The oldest runs that need no place, and the slots with one whose first runs are among the oldest.
fn oldest(
    connection: &mut AnyConnection,
    claim: &Claim,
    now: i64,
) -> Outcome<(Vec<Vec<u8>>, Option<Contended>)> {
    enum One {
        Run(Vec<u8>),
        Slot(String),
    }
    let limit = most(claim);
    let runs = match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::oldest_runs(sqlite, now, limit),
        AnyConnection::Postgres(postgres) => postgres::oldest_runs(postgres, now, limit),
    }?;
    let slots = slot::with_a_place(connection)?;
    let runs = runs.into_iter().map(|(age, id)| (age, One::Run(id)));
    let mut all: Vec<(i64, One)> =
        runs.chain(slots.into_iter().map(|(age, name)| (age, One::Slot(name)))).collect();
    all.sort_by_key(|(age, _)| *age);
    all.truncate(claim.limit);
    let (mut ids, mut slots) = (Vec::new(), Vec::new());
    for (_, one) in all {
        match one {
            One::Run(id) => ids.push(id),
            One::Slot(name) => slots.push(name),
        }
    }
    let left = limit - i64::try_from(ids.len()).unwrap_or(limit);
    let contended = (!slots.is_empty()).then_some(Contended { slots, limit: left });
    Ok((ids, contended))
}

/// One run, or its slot if it needs a place.
fn single(
    connection: &mut AnyConnection,
    claim: &Claim,
    run: RunId,
    now: i64,
) -> Outcome<(Vec<Vec<u8>>, Option<Contended>)> {
    let row = if claim.limit == 0 { None } else { lock_single(connection, run, now)? };
    let Some(row) = row else { return Ok((Vec::new(), None)) };
    Ok(match row.needs() {
        Some(slot) => (Vec::new(), Some(Contended { slots: vec![slot.name], limit: 1 })),
        None => (vec![row.id], None),
    })
}

fn lock_single(connection: &mut AnyConnection, run: RunId, now: i64) -> Outcome<Option<Single>> {
    let row = match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::claimable_run(sqlite, run, now),
        AnyConnection::Postgres(postgres) => postgres::claimable_run(postgres, run, now),
    };
    Ok(row?)
}

impl Single {
    /// The slot that it needs a place in.
    fn needs(&self) -> Option<Slot> {
        let is_hindered = self.lease_node.is_none() && self.cancel_requested_at.is_none();
        let limit = self.slot_limit.and_then(|limit| u32::try_from(limit).ok());
        self.slot.clone().zip(limit).filter(|_| is_hindered).map(|(name, limit)| Slot { name, limit })
    }
}

/// The oldest of those in line for each slot, as many as there are places.
fn first_in_line(
    connection: &mut AnyConnection,
    contended: &Contended,
    ids: &mut Vec<Vec<u8>>,
) -> Outcome<()> {
    let mut left = contended.limit;
    for name in &contended.slots {
        let held = slot::held(connection, name)?;
        let line = match connection {
            AnyConnection::Sqlite(sqlite) => sqlite::line(sqlite, name, left),
            AnyConnection::Postgres(postgres) => postgres::line(postgres, name, left),
        }?;
        // Those behind one that finds none wait for it, also when their own limit is higher.
        let fits = |limit: Option<i32>, held| limit.is_some_and(|limit| held < i64::from(limit));
        let next = line.into_iter().zip(held..).take_while(|((_, limit), held)| fits(*limit, *held));
        for ((id, _), _) in next {
            left -= 1;
            ids.push(id);
        }
    }
    Ok(())
}

/// What a claim that is repeated took when it was sent before; none when that was nothing.
fn taken_before(connection: &mut AnyConnection, claim: &Claim) -> Outcome<Option<Vec<ClaimedRun>>> {
    if !claim.repeated {
        return Ok(None);
    }
    let taken = runs::table
        .filter(runs::wake)
        .filter(unhindered!())
        .filter(runs::lease_node.eq(claim.node.as_bytes().as_slice()))
        .filter(runs::claim.eq(claim.id.as_bytes().as_slice()))
        .select((runs::id, runs::epoch, runs::attempts));
    let rows: Vec<(Vec<u8>, i64, i32)> = taken.load(connection)?;
    let taken: Vec<ClaimedRun> = rows
        .into_iter()
        .map(|(id, epoch, attempts)| claimed(&id, epoch, attempts))
        .collect::<Outcome<_>>()?;
    Ok((!taken.is_empty()).then_some(taken))
}

fn claimed(id: &[u8], epoch: i64, attempts: i32) -> Outcome<ClaimedRun> {
    let run = read("run", id, || bytes("id", id).map(RunId::from_bytes))?;
    Ok(ClaimedRun { run, epoch, attempts })
}

fn take_all(
    connection: &mut AnyConnection,
    claim: &Claim,
    now: i64,
    ids: &[Vec<u8>],
) -> Outcome<Vec<ClaimedRun>> {
    let taken = ids.iter().map(|id| take(connection, claim, now, id));
    taken.filter_map(Result::transpose).collect()
}

/// Takes a run whose row is locked; none if another server took it just before. PostgreSQL looks at a row again
/// that was changed before it was locked, but not at the nodes: only a new statement sees its new owner there.
fn take(connection: &mut AnyConnection, claim: &Claim, now: i64, id: &[u8]) -> Outcome<Option<ClaimedRun>> {
    let row = runs::table.filter(runs::id.eq(id)).filter(runs::wake).filter(ownerless!(now));
    let change = (
        runs::lease_node.eq(claim.node.as_bytes().as_slice()),
        runs::claim.eq(claim.id.as_bytes().as_slice()),
        runs::epoch.eq(runs::epoch + 1),
        runs::attempts.eq(runs::attempts + 1),
    );
    let update = update(row, change).returning((runs::epoch, runs::attempts));
    let taken = update.get_result(connection).optional()?;
    taken.map(|(epoch, attempts)| claimed(id, epoch, attempts)).transpose()
}
