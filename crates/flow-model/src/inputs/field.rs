//! One field: how it is declared, and what its value must be.

use serde_json::Value;

use super::options::Options;
use super::pattern::Pattern;
use super::range::Range;
use super::{FieldType, format};
use crate::{Faults, Fields, VariableName, excerpt};

/// What a field says to people alone.
const FOR_PEOPLE: [&str; 4] = ["label", "description", "placeholder", "help"];

/// One declared input.
#[derive(Debug, Clone, PartialEq)]
pub struct InputField {
    /// The name that expressions use.
    pub name: VariableName,
    /// What its value must be.
    pub field_type: FieldType,
    /// Whether it must be given.
    pub required: bool,
    /// The value used when it isn't given.
    pub default: Option<Value>,
    /// What it is called and means, for people and models.
    pub(super) told: Option<String>,
    pub(super) options: Option<Options>,
    pub(super) range: Range,
    pub(super) pattern: Option<Pattern>,
}

impl InputField {
    /// A field of which nothing is known but its name.
    pub(super) fn bare(name: VariableName, field_type: FieldType) -> Self {
        let (required, default, told) = (false, None, None);
        Self { name, field_type, required, default, told, options: None, range: Range::OPEN, pattern: None }
    }

    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        if fields.value("name").is_none() {
            fields.required_value("name");
        }
        let name = fields.parsed("name");
        let type_name = fields.string("type").unwrap_or("string");
        let field_type = FieldType::parse(type_name);
        if field_type.is_none() {
            fields.faults().error(
                fields.at("type"),
                "field_type_unknown",
                format!(
                    "`{}` is no type of field; use string, text, number, boolean, date, select, \
                     multiselect, file, email, url, object or array",
                    excerpt(type_name)
                ),
            );
        }
        let told: Vec<_> = FOR_PEOPLE.map(|key| fields.string(key)).into_iter().take(2).flatten().collect();
        let field_type = field_type?;
        let field = Self {
            required: fields.boolean("required").unwrap_or(false),
            default: fields.value("default").cloned(),
            told: (!told.is_empty()).then(|| told.join(": ")),
            options: Options::read(fields, field_type),
            range: Range::read(fields, field_type),
            pattern: Pattern::read(fields, field_type),
            ..Self::bare(name?, field_type)
        };
        if let Some(default) = &field.default {
            field.check(default, &fields.at("default"), fields.faults());
        }
        fields.warn_of_unknown();
        Some(field)
    }

    /// Adds a fault for everything that is wrong with a value that stands at `at`.
    pub(super) fn check(&self, value: &Value, at: &str, faults: &Faults) {
        let name = &self.name;
        if !self.field_type.fits(value) {
            faults.error(at, "wrong_type", format!("`{name}` must be {}", self.field_type.noun()));
            return;
        }
        if let Err((code, rule)) = format::check(self.field_type, value) {
            faults.error(at, code, format!("`{name}` must be {rule}"));
            return;
        }
        if let Some(options) = &self.options {
            options.check(name, value, at, faults);
        }
        if let Err((code, rule)) = self.range.check(value) {
            faults.error(at, code, format!("`{name}` must {rule}"));
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.fits(value)) {
            let message =
                format!("`{name}` must match the pattern `{}` as a whole", excerpt(pattern.as_str()));
            faults.error(at, "pattern_mismatch", message);
        }
    }
}
