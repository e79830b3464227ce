//! `min` and `max`: of numbers, of the length of texts and lists, of dates.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::FieldType;
use super::format::Date;
use crate::Fields;

/// What lies between two bounds, both included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    min: Option<Bound>,
    max: Option<Bound>,
}

/// One bound, by what it measures.
#[derive(Debug, Clone, PartialEq)]
enum Bound {
    Number(Number),
    /// Characters of a text, entries of a list.
    Length(u64),
    Date(Date),
}

impl Range {
    /// Everything.
    pub(super) const OPEN: Self = Self { min: None, max: None };

    /// Reads `min` and `max`.
    pub(super) fn read(fields: &Fields<'_>, field_type: FieldType) -> Self {
        let [min, max] = ["min", "max"].map(|key| Bound::read(fields, key, field_type));
        if let (Some(least), Some(most)) = (&min, &max)
            && least.compare(most) == Some(Ordering::Greater)
        {
            let message = "`min` is above `max`, so that nothing fits; exchange them";
            fields.faults().error(fields.at("min"), "range_invalid", message);
            return Self::OPEN;
        }
        Self { min, max }
    }

    /// # Errors
    /// The code and the rule that a value breaks.
    pub(super) fn check(&self, value: &Value) -> Result<(), (&'static str, String)> {
        if let Some(min) = self.min.as_ref().filter(|min| min.order(value) == Some(Ordering::Less)) {
            return Err(("below_min", min.rule("at least", "not be before")));
        }
        if let Some(max) = self.max.as_ref().filter(|max| max.order(value) == Some(Ordering::Greater)) {
            return Err(("above_max", max.rule("at most", "not be after")));
        }
        Ok(())
    }

    /// Whether something fits `other` and not this.
    pub(super) fn narrows(&self, other: &Self) -> bool {
        let narrows = |new: &Option<Bound>, old: &Option<Bound>, worse: Ordering| match (new, old) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(new), Some(old)) => new.compare(old).is_none_or(|order| order == worse),
        };
        narrows(&self.min, &other.min, Ordering::Greater) || narrows(&self.max, &other.max, Ordering::Less)
    }

    /// Adds itself to a JSON Schema, which has no words for dates.
    pub(super) fn write(&self, schema: &mut Map<String, Value>, field_type: FieldType) {
        let keys = match field_type {
            FieldType::Number => ["minimum", "maximum"],
            kind if kind.is_list() => ["minItems", "maxItems"],
            _ => ["minLength", "maxLength"],
        };
        for (key, bound) in keys.into_iter().zip([&self.min, &self.max]) {
            match bound {
                Some(Bound::Number(number)) => _ = schema.insert(key.to_owned(), json!(number)),
                Some(Bound::Length(length)) => _ = schema.insert(key.to_owned(), json!(length)),
                Some(Bound::Date(_)) | None => {}
            }
        }
    }
}

impl Bound {
    fn read(fields: &Fields<'_>, key: &'static str, field_type: FieldType) -> Option<Self> {
        let given = fields.value(key)?;
        if field_type == FieldType::Number {
            let found = given.as_number().cloned().map(Self::Number);
            return found.or_else(|| refuse(fields, key, "a number, as it bounds a number"));
        }
        if field_type == FieldType::Date {
            let found = given.as_str().and_then(Date::read).map(Self::Date);
            return found
                .or_else(|| refuse(fields, key, "a date such as 2026-01-31, or with a time and its offset"));
        }
        if field_type.is_text() || field_type.is_list() {
            let found = given.as_u64().map(Self::Length);
            return found
                .or_else(|| refuse(fields, key, "a whole number of 0 or more, as it bounds a length"));
        }
        let message = format!("a field of this type has no `{key}`; this has no effect here");
        fields.faults().warning(fields.at(key), "setting_without_effect", message);
        None
    }

    /// How a value stands to it; none when it can't be measured by it.
    fn order(&self, value: &Value) -> Option<Ordering> {
        match (self, value) {
            (Self::Number(bound), Value::Number(number)) => compare(number, bound),
            (Self::Length(bound), Value::String(text)) => Some(count(text.chars()).cmp(bound)),
            (Self::Length(bound), Value::Array(list)) => Some(count(list.iter()).cmp(bound)),
            (Self::Date(bound), Value::String(text)) => Some(Date::read(text)?.compare(*bound)),
            _ => None,
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => compare(one, other),
            (Self::Length(one), Self::Length(other)) => Some(one.cmp(other)),
            (Self::Date(one), Self::Date(other)) => Some(one.compare(*other)),
            _ => None,
        }
    }

    fn rule(&self, amount: &str, date: &str) -> String {
        match self {
            Self::Number(number) => format!("be {amount} {number}"),
            Self::Length(length) => format!("have {amount} {length} characters or entries"),
            Self::Date(bound) => format!("{date} {bound}"),
        }
    }
}

fn refuse(fields: &Fields<'_>, key: &str, what: &str) -> Option<Bound> {
    fields.faults().error(fields.at(key), "wrong_type", format!("`{key}` must be {what}"));
    None
}

fn count(items: impl Iterator) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

/// Whole numbers to the last digit, others as the doubles that they are.
fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}
