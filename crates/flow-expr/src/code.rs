//! The code of a step: the body of a function.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    ambient::Ambient,
    error::{EvalError, Place, SyntaxError},
    evaluation,
    expression::FreeName,
    parse,
    scope::Scope,
    script::{Script, ScriptCode},
};

/// The body of an `async` function in JavaScript, parsed.
#[derive(Debug)]
pub struct Code {
    text: Arc<str>,
    free_names: Vec<FreeName>,
    asks_for_links: bool,
}

impl Code {
    /// Parses a text that is the body of a function.
    ///
    /// # Errors
    /// The text is no JavaScript, imports or exports anything, or is beyond a limit.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let parse::Needs { free_names, picks } = parse::function(text)?;
        Ok(Self { text: text.into(), free_names, asks_for_links: picks.ask_for_links() })
    }

    /// The text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What it returns when it is given those names.
    ///
    /// # Errors
    /// It throws, or goes beyond a limit; or it waits for a script engine.
    pub fn run(
        &self,
        scope: &dyn Scope,
        names: Vec<(Arc<str>, Arc<Value>)>,
    ) -> Result<Arc<Value>, EvalError> {
        // A function draws from the first of its streams.
        let _ = scope.ambient().map(Ambient::next_stream);
        let code = ScriptCode::Function(self.text.clone());
        let script = || Ok(Script { names, ..evaluation::script(scope, code, self.asks_for_links) });
        let known = evaluation::known(scope, script, Place::new(&self.text, 0))?;
        let value = known.values.into_iter().next();
        value.ok_or_else(|| evaluation::failed(known.failure, &self.text, 0..self.text.len()))
    }

    /// Where a name stands.
    pub fn place(&self, name: &FreeName) -> Place {
        Place::new(&self.text, name.span.start)
    }

    /// Every place where a name is used that neither the code nor JavaScript defines, in the order of the text.
    pub fn free_names(&self) -> &[FreeName] {
        &self.free_names
    }
}
