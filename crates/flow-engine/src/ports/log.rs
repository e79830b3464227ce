//! What is asked of the logs of flows.

use flow_model::{FlowId, LogEntry, LogLevel, RunId, Timestamp};

/// Which entries of a flow's log are wanted, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The flow.
    pub flow: FlowId,
    /// Those of one run alone.
    pub run: Option<RunId>,
    /// Those of one step alone, by its id.
    pub step: Option<String>,
    /// Those of these levels alone; of all when it is empty.
    pub levels: Vec<LogLevel>,
    /// None before that.
    pub since: Option<Timestamp>,
    /// Only those before that.
    pub until: Option<Timestamp>,
    /// Those with this text in their message alone. Upper and lower case of ASCII letters are the same.
    pub search: Option<String>,
    /// Only what comes after that one in the order asked for.
    pub after: Option<LogPlace>,
    /// How many to pass over.
    pub skip: u64,
    /// How many at the most.
    pub limit: u64,
}

impl LogQuery {
    /// All of a flow's log, as far as `limit`.
    pub const fn of(flow: FlowId, limit: u64) -> Self {
        Self {
            flow,
            run: None,
            step: None,
            levels: Vec::new(),
            since: None,
            until: None,
            search: None,
            after: None,
            skip: 0,
            limit,
        }
    }
}

/// Where an entry stands in its flow's log: the order is by time, and entries of one moment have one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// When it was made.
    pub time: Timestamp,
    /// The run that it is of.
    pub run: RunId,
    /// The number of the event.
    pub seq: u64,
    /// Its number among those of the event.
    pub line: u32,
}

/// An entry of a flow's log.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowLog {
    /// The run that it is of.
    pub run: RunId,
    /// What it says.
    pub entry: LogEntry,
}

impl FlowLog {
    /// Where it stands.
    pub const fn place(&self) -> LogPlace {
        let LogEntry { time, seq, line, .. } = self.entry;
        LogPlace { time, run: self.run, seq, line }
    }
}
