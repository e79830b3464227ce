//! Texts that a database keeps in columns of their own: those that every database can keep.

use flow_model::Fields;

/// The longest name, in characters. Flows are found by it, and an index entry has its bounds.
pub(super) const NAME: usize = 200;
/// The longest description or summary, in characters.
pub(super) const PROSE: usize = 10_000;

/// Adds a fault when the text of a member is too long, or has the NUL character, which PostgreSQL can't store.
pub(super) fn check(fields: &Fields<'_>, key: &str, text: &str, longest: usize) {
    if text.contains('\0') {
        let message = format!("`{key}` has a NUL character; leave it out");
        fields.faults().error(fields.at(key), "invalid_character", message);
    }
    if text.chars().nth(longest).is_some() {
        let message = format!("`{key}` is longer than {longest} characters; shorten it");
        fields.faults().error(fields.at(key), "too_long", message);
    }
}
