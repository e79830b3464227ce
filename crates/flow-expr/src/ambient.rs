//! What functions take from a run that is no value of the scope: time, chance, and where answers are sent.

use std::cell::{Cell, RefCell};

use crate::{
    chance::Chance,
    functions::{self, FunctionError},
    scope::Scope,
    script::ChanceSource,
};

/// The moment and the chance that functions go by. The same ambient gives the same values.
#[derive(Debug)]
pub struct Ambient {
    now_ms: i64,
    now_text: Box<str>,
    chance: ChanceSource,
    streams: Cell<u64>,
}

impl Ambient {
    /// The moment, in milliseconds since the Unix epoch and as RFC 3339 text, and where chance comes from.
    pub fn new(now_ms: i64, now_text: impl Into<Box<str>>, chance: ChanceSource) -> Self {
        Self { now_ms, now_text: now_text.into(), chance, streams: Cell::new(0) }
    }

    /// The moment in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The moment as RFC 3339 text.
    pub fn now_text(&self) -> &str {
        &self.now_text
    }

    /// Where chance comes from.
    pub fn chance(&self) -> &ChanceSource {
        &self.chance
    }

    /// The number of the next stream of chance. Each expression that draws at all takes one, so that none depends on how
    /// often another draws.
    pub(crate) fn next_stream(&self) -> u64 {
        self.streams.replace(self.streams.get() + 1)
    }
}

/// What is round one evaluation. Few expressions ask, so it is looked at when one does.
pub(crate) struct Surroundings<'a> {
    scope: &'a dyn Scope,
    /// Made by the first draw.
    chance: RefCell<Option<Chance>>,
}

impl<'a> Surroundings<'a> {
    pub(crate) fn new(scope: &'a dyn Scope) -> Self {
        Self { scope, chance: RefCell::new(None) }
    }

    pub(crate) fn now_ms(&self) -> Result<i64, FunctionError> {
        Ok(self.ambient()?.now_ms)
    }

    pub(crate) fn now_text(&self) -> Result<&'a str, FunctionError> {
        Ok(&self.ambient()?.now_text)
    }

    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Chance) -> T) -> Result<T, FunctionError> {
        let ambient = self.ambient()?;
        let mut chance = self.chance.borrow_mut();
        Ok(draw(chance.get_or_insert_with(|| Chance::new(&ambient.chance, ambient.next_stream()))))
    }

    pub(crate) fn resume_url(&self, step: &str) -> Result<String, FunctionError> {
        self.ambient()?;
        self.scope.resume_url(step).ok_or_else(|| functions::no_such_wait(step))
    }

    fn ambient(&self) -> Result<&'a Ambient, FunctionError> {
        self.scope.ambient().ok_or_else(|| {
            let message = "time, chance and links are those of a run's step, and this is evaluated outside of one; use \
                           it in a step's settings";
            FunctionError::new("outside_of_step", message)
        })
    }
}
