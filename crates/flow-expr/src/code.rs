//! The code of a step: the body of a function.

use std::sync::Arc;

use crate::{error::SyntaxError, expression::FreeName, parse};

/// The body of an `async` function in JavaScript, parsed.
#[derive(Debug)]
pub struct Code {
    text: Arc<str>,
    free_names: Vec<FreeName>,
}

impl Code {
    /// Parses a text that is the body of a function.
    ///
    /// # Errors
    /// The text is no JavaScript, imports or exports anything, or is beyond a limit.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let free_names = parse::function(text)?;
        Ok(Self { text: text.into(), free_names })
    }

    /// The text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Every place where a name is used that neither the code nor JavaScript defines, in the order of the text.
    pub fn free_names(&self) -> &[FreeName] {
        &self.free_names
    }
}
