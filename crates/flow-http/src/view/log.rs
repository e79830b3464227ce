//! A flow's log.

use std::str::FromStr;
use std::sync::Arc;

use flow_engine::{FlowLog, LogPlace};
use flow_model::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// An entry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogBody {
    time: String,
    level: &'static str,
    run_id: String,
    step_id: Option<String>,
    message: String,
    data: Option<Arc<Value>>,
}

impl From<FlowLog> for LogBody {
    fn from(row: FlowLog) -> Self {
        let FlowLog { run, entry } = row;
        Self {
            time: entry.time.to_string(),
            level: entry.level.as_str(),
            run_id: run.to_string(),
            step_id: entry.step,
            message: entry.message,
            data: entry.data,
        }
    }
}

/// The place of an entry as a cursor. Callers hand it back as they got it.
pub(crate) struct LogCursor(pub(crate) LogPlace);

/// A text that is no cursor of this list.
#[derive(Debug, thiserror::Error)]
#[error("this is no cursor of this list; take `nextCursor` of the page before, or leave it out")]
pub(crate) struct NoCursor;

impl LogCursor {
    pub(crate) fn of(row: &FlowLog) -> String {
        let LogPlace { time, run, seq, line } = row.place();
        format!("{}.{run}.{seq}.{line}", time.millis())
    }
}

impl FromStr for LogCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(NoCursor);
        let time = Timestamp::from_millis(part()?.parse().map_err(|_| NoCursor)?);
        let run = part()?.parse().map_err(|_| NoCursor)?;
        let seq = part()?.parse().map_err(|_| NoCursor)?;
        let line = part()?.parse().map_err(|_| NoCursor)?;
        Ok(Self(LogPlace { time, run, seq, line }))
    }
}
