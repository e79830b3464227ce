//! The values that a `select` or `multiselect` can be chosen from.

use serde_json::Value;

use super::FieldType;
use crate::{Faults, Fields, VariableName, excerpt};

/// The most options that a message lists.
const LISTED: usize = 10;

/// The values to choose from, in the author's order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options(Vec<String>);

impl Options {
    /// Reads `options`: strings, or objects `{label, value}`.
    pub(super) fn read(fields: &Fields<'_>, field_type: FieldType) -> Option<Self> {
        let at = fields.at("options");
        let given = fields.value("options").is_some();
        if !field_type.is_choice() {
            if given {
                let message =
                    "only a `select` or `multiselect` is chosen from options; this has no effect here";
                fields.faults().warning(at, "setting_without_effect", message);
            }
            return None;
        }
        let rows = if given { fields.list("options")? } else { &[] };
        if rows.is_empty() {
            let message = "there is nothing to choose from; list the values in `options`";
            fields.faults().error(at, "required", message);
            return None;
        }
        let mut values = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            match row.as_str().or_else(|| row.get("value")?.as_str()) {
                Some(value) if values.iter().any(|known| known == value) => {
                    let message = format!("`{}` is listed twice; remove one", excerpt(value));
                    fields.faults().error(format!("{at}/{index}"), "option_duplicate", message);
                }
                Some(value) => values.push(value.to_owned()),
                None => {
                    let message =
                        r#"an option is a string, or an object {"label", "value"} with two strings"#;
                    fields.faults().error(format!("{at}/{index}"), "wrong_type", message);
                }
            }
        }
        Some(Self(values))
    }

    /// Adds a fault for each value that isn't one of them: of one chosen, or of a list of them.
    pub(super) fn check(&self, name: &VariableName, value: &Value, at: &str, faults: &Faults) {
        let refuse = |at: String| {
            let mut listed: Vec<_> = self.0.iter().take(LISTED).map(|value| excerpt(value)).collect();
            if self.0.len() > LISTED {
                listed.push("…");
            }
            let message = format!("`{name}` must be chosen from its options: {}", listed.join(", "));
            faults.error(at, "option_unknown", message);
        };
        match value {
            Value::Array(values) => {
                let unknown = values.iter().enumerate().filter(|(_, value)| !self.has(value));
                unknown.for_each(|(index, _)| refuse(format!("{at}/{index}")));
            }
            value if self.has(value) => {}
            _ => refuse(at.to_owned()),
        }
    }

    fn has(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|value| self.0.iter().any(|known| known == value))
    }

    /// The values.
    pub(super) fn values(&self) -> &[String] {
        &self.0
    }
}
