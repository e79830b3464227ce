//! Which part of a list is wanted.

use std::fmt::Display;
use std::str::FromStr;

use flow_model::Faults;

use super::Query;

/// The most rows of one page.
const MOST: u64 = 100;
/// The rows of a page when the caller doesn't say how many.
const USUAL: u64 = 20;

/// `?limit`, and `?skip` or `?cursor`; `?count=false` when the total isn't wanted.
#[derive(Debug)]
pub(crate) struct Page<C> {
    /// How many rows at the most.
    pub(crate) limit: u64,
    /// How many rows to pass over.
    pub(crate) skip: u64,
    /// The place of the last row of the page before.
    pub(crate) after: Option<C>,
    /// Whether all rows are to be counted.
    pub(crate) counts: bool,
}

impl<C: FromStr<Err: Display>> Page<C> {
    /// Reads the parameters, with a fault for each that can't be used.
    pub(crate) fn read(query: &Query, faults: &Faults) -> Self {
        let limit = query.parsed("limit", faults).unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            faults.error("?limit", "out_of_range", format!("`limit` is {limit}; use 1 to {MOST}"));
        }
        let (skip, after) = (query.parsed("skip", faults), query.parsed("cursor", faults));
        if skip.is_some() && after.is_some() {
            let message = "`skip` and `cursor` say both where to begin; use one of them";
            faults.error("?skip", "invalid_parameter", message);
        }
        let counts = query.parsed("count", faults).unwrap_or(true);
        Self { limit, skip: skip.unwrap_or(0), after, counts }
    }

    /// How many rows to ask for: one more than shown tells whether there is another page.
    pub(crate) const fn ask(&self) -> u64 {
        self.limit + 1
    }
}
