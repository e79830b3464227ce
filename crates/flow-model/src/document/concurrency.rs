//! How many runs of a flow may go on at a time.

use crate::Fields;

/// The flow's `concurrency` setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    /// The most runs that go on at a time, from 1.
    pub limit: u32,
    /// A text template over what is known at the start: runs with equal texts share a limit, and all do when none.
    pub key: Option<String>,
}

impl Concurrency {
    /// Reads a flow's `concurrency`; none when its limit is none.
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        fields.required_value("limit");
        let number = fields.whole_number("limit");
        let limit = number.and_then(|number| u32::try_from(number).ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit));
        if number.is_some() && limit.is_none() {
            let message = format!("give a number from 1 to {MOST}, or leave `concurrency` out for no limit");
            fields.faults().error(fields.at("limit"), "out_of_range", message);
        }
        let key = fields.string("key").map(str::to_owned);
        fields.warn_of_unknown();
        Some(Self { limit: limit?, key })
    }
}

/// More would be no limit, and a count of those that go on has to stay cheap.
const MOST: u32 = 10_000;
