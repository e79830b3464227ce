//! A wait's row.

use diesel::prelude::*;
use flow_engine::{ResolvedWait, StoredWait, Timer, TimerKind, WaitState};
use flow_model::{Resolution, RunId, Timestamp, VisitPath, Wait, WaitRequest};

use super::{bytes, json, moment, named, read};
use crate::failure::Corrupt;
use crate::schema::{timers, waits};

/// The states as they are stored.
pub(crate) const OPEN: &str = "open";
pub(crate) const RESOLVED: &str = "resolved";
pub(crate) const EXPIRED: &str = "expired";
pub(crate) const CLOSED: &str = "closed";

/// A wait.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = waits)]
pub(crate) struct WaitRow {
    run_id: Vec<u8>,
    visit: String,
    opened_at: i64,
    kind: String,
    request: String,
    expires_at: Option<i64>,
    state: String,
    resolution: Option<String>,
    resolved_at: Option<i64>,
}

impl TryFrom<WaitRow> for StoredWait {
    type Error = Corrupt;

    fn try_from(row: WaitRow) -> Result<Self, Corrupt> {
        read(&format!("wait `{}` of run", row.visit), &row.run_id, || {
            let request: WaitRequest = json("request", &row.request)?;
            if request.kind().as_str() != row.kind {
                return Err(format!("it is a {} and asks for a {}", row.kind, request.kind().as_str()));
            }
            Ok(Self {
                visit: VisitPath::from_stored(&row.visit),
                opened_at: Timestamp::from_millis(row.opened_at),
                wait: Wait { request, expires_at: moment(row.expires_at) },
                state: state(&row.state, row.resolution.as_deref(), row.resolved_at)?,
            })
        })
    }
}

fn state(state: &str, resolution: Option<&str>, resolved_at: Option<i64>) -> Result<WaitState, String> {
    match (state, resolution, moment(resolved_at)) {
        (OPEN, None, None) => Ok(WaitState::Open),
        (CLOSED, None, None) => Ok(WaitState::Closed),
        (EXPIRED, None, Some(resolved_at)) => Ok(WaitState::Expired { resolved_at }),
        (RESOLVED, Some(resolution), Some(resolved_at)) => {
            Ok(WaitState::Resolved { resolution: json("resolution", resolution)?, resolved_at })
        }
        (OPEN | CLOSED, ..) => Err(format!("it is {state} and has an answer")),
        (EXPIRED, Some(_), _) => Err("it is expired and has an answer".to_owned()),
        (EXPIRED | RESOLVED, ..) => Err(format!("it is {state} and lacks what that takes")),
        (other, ..) => Err(format!("`state` is `{other}`, which this version doesn't know")),
    }
}

/// An answer that is to be taken up: a wait's row again, since a wait that isn't answered can't be one.
pub(crate) fn answer(row: WaitRow) -> Result<ResolvedWait, Corrupt> {
    let key = row.run_id.clone();
    let wait = StoredWait::try_from(row)?;
    let (resolution, resolved_at) = match wait.state {
        WaitState::Resolved { resolution, resolved_at } => (resolution, resolved_at),
        WaitState::Expired { resolved_at } => (Resolution::Expired, resolved_at),
        WaitState::Open | WaitState::Closed => {
            let nothing = || Err("it counts as answered and isn't".to_owned());
            return read(&format!("wait `{}` of run", wait.visit), &key, nothing);
        }
    };
    Ok(ResolvedWait { visit: wait.visit, resolution, resolved_at })
}

/// A timer.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = timers)]
pub(crate) struct TimerRow {
    run_id: Vec<u8>,
    visit: String,
    kind: String,
    due_at: i64,
}

impl TryFrom<TimerRow> for Timer {
    type Error = Corrupt;

    fn try_from(row: TimerRow) -> Result<Self, Corrupt> {
        read(&format!("timer `{}` of run", row.visit), &row.run_id, || {
            Ok(Self {
                run: RunId::from_bytes(bytes("run_id", &row.run_id)?),
                visit: VisitPath::from_stored(&row.visit),
                kind: named("kind", &TimerKind::ALL, TimerKind::as_str, &row.kind)?,
                due_at: Timestamp::from_millis(row.due_at),
            })
        })
    }
}
