//! Rows that stand for names, to be locked where several servers write to the same tables.
//!
//! Whoever stores something that others must not miss, or counts what others may add to, locks the latch that the
//! name hashes to, so that the second of two sees what the first has stored. A fixed number of rows: ones that came
//! and went with their names would need locks themselves. Two names that share one wait for each other a little,
//! and that is all. A transaction takes the latches of all its jobs as it begins, before any other row.

/// How many rows there are to lock.
const LATCHES: u16 = 1024;

/// The number of a row in `latches`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Latch(pub(crate) i32);

impl Latch {
    /// The latch of what has that hash.
    pub(crate) fn of(hash: &[u8; 32]) -> Self {
        Self(i32::from(u16::from_be_bytes([hash[0], hash[1]]) % LATCHES))
    }
}
