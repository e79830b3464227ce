//! Whether a field takes less than it did.

use super::{FieldType, InputField};

/// Whether a value that was right for `old` may be wrong for `new`.
pub(crate) fn narrows(new: &InputField, old: &InputField) -> bool {
    let same_type = new.field_type == old.field_type || widens(new.field_type, old.field_type);
    let keeps_options = match (&new.options, &old.options) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(new), Some(old)) => old.values().iter().all(|value| new.values().contains(value)),
    };
    let keeps_pattern = new.pattern.is_none() || new.pattern == old.pattern;
    !same_type || !keeps_options || !keeps_pattern || new.range.narrows(&old.range)
}

/// Whether the one type takes every value of the other.
fn widens(new: FieldType, old: FieldType) -> bool {
    let is_plain = |kind| matches!(kind, FieldType::String | FieldType::Text);
    let holds_any = is_plain(new) || new == FieldType::Array || new == FieldType::Any;
    holds_any && (new == FieldType::Any || new.in_json() == old.in_json())
}
