//! Closing single visits of a run that goes on.

use diesel::prelude::*;
use flow_model::{RunId, VisitPath};

use super::commit::Prepared;
use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::rows::wait::{CLOSED, OPEN};
use crate::schema::{timers, waits};
use crate::statement::update;

/// What the visits that a commit closes have of waits, counted before the fence, which counts with it.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    /// How many of their waits are open.
    pub(crate) open: i32,
    /// How many have an answer that is not taken up, nor will be by this commit.
    pub(crate) answers: i32,
}

impl Closing {
    /// The run's row is locked, so that what is counted stays so.
    pub(crate) fn look(connection: &mut AnyConnection, run: RunId, commit: &Prepared) -> Outcome<Self> {
        let mut counted = Self::default();
        for visit in &commit.closed {
            let wait = waits::table
                .filter(waits::run_id.eq(run.as_bytes().as_slice()))
                .filter(waits::visit.eq(visit.as_str()))
                .select((waits::state, waits::resolved_at, waits::taken));
            let found: Option<(String, Option<i64>, bool)> = wait.get_result(connection).optional()?;
            let Some((state, resolved_at, taken)) = found else { continue };
            counted.open += i32::from(state == OPEN);
            let is_untaken = resolved_at.is_some() && !taken && !commit.taken.contains(visit);
            counted.answers += i32::from(is_untaken);
        }
        Ok(counted)
    }

    /// Closes them. The commit's own waits and timers are stored as closed visits have them already.
    pub(crate) fn store(
        &self,
        connection: &mut AnyConnection,
        run: RunId,
        closed: &[VisitPath],
    ) -> Outcome<()> {
        let id = run.as_bytes().as_slice();
        for visit in closed {
            let wait = || waits::table.filter(waits::run_id.eq(id)).filter(waits::visit.eq(visit.as_str()));
            if self.open > 0 {
                update(wait().filter(waits::state.eq(OPEN)), waits::state.eq(CLOSED)).execute(connection)?;
            }
            if self.answers > 0 {
                update(wait().filter(waits::resolved_at.is_not_null()), waits::taken.eq(true))
                    .execute(connection)?;
            }
            let timers = timers::table.filter(timers::run_id.eq(id)).filter(timers::visit.eq(visit.as_str()));
            diesel::delete(timers).execute(connection)?;
        }
        Ok(())
    }
}
