//! What a commit tells the owner of its run.

use diesel::prelude::*;
use flow_engine::{Appended, ResolvedWait, Signals};
use flow_model::{NodeId, RunId};

use crate::connection::AnyConnection;
use crate::failure::{Corrupt, Outcome};
use crate::rows::run::OwnedRun;
use crate::rows::wait::{WaitRow, answer};
use crate::schema::{runs, waits};

/// Who made the commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) run: RunId,
    pub(crate) node: NodeId,
    pub(crate) epoch: i64,
}

impl Owner {
    /// By the row as the commit left it, so that most commits need no look at the waits.
    pub(crate) fn told(self, connection: &mut AnyConnection, row: &OwnedRun) -> Outcome<Appended> {
        let node = self.node.as_bytes().as_slice();
        let is_owner = row.lease_node.as_deref() == Some(node) && row.epoch == self.epoch;
        let resolved =
            if row.answers_stored > row.answers_taken { answers(connection, self.run)? } else { Vec::new() };
        Ok(Appended { resolved, cancel_requested: row.cancel_requested_at.is_some(), released: !is_owner })
    }

    /// When the commit was stored before: by the row as it is now.
    pub(crate) fn told_again(self, connection: &mut AnyConnection) -> Outcome<Appended> {
        let row = runs::table.filter(runs::id.eq(self.run.as_bytes().as_slice()));
        let row = row.select(OwnedRun::as_select()).get_result(connection)?;
        self.told(connection, &row)
    }
}

/// What others want of a run. Two reads, and no need for one moment: who asks for something pokes the driver after
/// it, and then it looks again.
pub(crate) fn signals(connection: &mut AnyConnection, run: RunId) -> Outcome<Option<Signals>> {
    let row = runs::table.filter(runs::id.eq(run.as_bytes().as_slice()));
    let row = row.select((runs::cancel_requested_at, runs::answers_stored, runs::answers_taken));
    let found: Option<(Option<i64>, i32, i32)> = row.get_result(connection).optional()?;
    let Some((cancel_requested_at, stored, taken)) = found else { return Ok(None) };
    let resolved = if stored > taken { answers(connection, run)? } else { Vec::new() };
    Ok(Some(Signals { cancel_requested: cancel_requested_at.is_some(), resolved }))
}

/// The answers that no commit took up yet, oldest first.
fn answers(connection: &mut AnyConnection, run: RunId) -> Outcome<Vec<ResolvedWait>> {
    let rows: Vec<WaitRow> = waits::table
        .filter(waits::run_id.eq(run.as_bytes().as_slice()))
        .filter(waits::resolved_at.is_not_null())
        .filter(waits::taken.eq(false))
        .order((waits::resolved_at, waits::answer_number))
        .select(WaitRow::as_select())
        .load(connection)?;
    let answers: Result<_, Corrupt> = rows.into_iter().map(answer).collect();
    Ok(answers?)
}
