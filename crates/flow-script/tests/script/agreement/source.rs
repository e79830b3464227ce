//! The text of an expression.

/// An expression, as each evaluator is given it.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    pub(super) native: String,
    pub(super) script: String,
}

impl Source {
    pub(super) fn same(text: impl Into<String>) -> Self {
        let native = text.into();
        Self { script: native.clone(), native }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.native.push_str(text);
        self.script.push_str(text);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.native.push_str(&other.native);
        self.script.push_str(&other.script);
    }

    /// The value of a JavaScript function of it.
    pub(super) fn within(self, function: &str) -> Self {
        Self { script: format!("{function}({})", self.script), native: self.native }
    }
}
