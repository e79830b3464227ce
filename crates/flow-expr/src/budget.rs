//! The bound on what one evaluation may produce.
//!
//! A short expression can ask for a large result (`[...big, ...big, …]`), so every text that is made and every
//! value that is copied is paid for. Borrowed values are free.

use std::cell::Cell;

use crate::value::Fault;

/// The bytes of text and copied values that one evaluation may produce.
pub const OUTPUT_LIMIT: usize = 16 * 1024 * 1024;

/// What a copied value costs beside its text: about its length as JSON.
pub(crate) const VALUE_COST: usize = 8;

/// The bytes that are left to an evaluation.
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(OUTPUT_LIMIT))
    }

    /// Takes `bytes` away, or fails when they aren't there.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Fault> {
        self.0.set(self.0.get().checked_sub(bytes).ok_or(Fault::TooLarge)?);
        Ok(())
    }
}
