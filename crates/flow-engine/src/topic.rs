//! What events may be called: the same rules for who sends one and for who waits for it, or the two could never
//! meet.

/// The most characters of a name.
const NAME_CHARS: usize = 256;
/// The most characters of a key.
const KEY_CHARS: usize = 512;

/// What is wrong with an event's name, if anything is.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty; name the event");
    }
    text_fault(name, NAME_CHARS, "must have at most 256 characters and no control characters")
}

/// What is wrong with an event's key, if anything is. An empty key is a key.
pub(crate) fn key_fault(key: &str) -> Option<&'static str> {
    text_fault(key, KEY_CHARS, "must have at most 512 characters and no control characters")
}

fn text_fault(text: &str, most: usize, fault: &'static str) -> Option<&'static str> {
    let is_wrong = text.chars().any(char::is_control) || text.chars().nth(most).is_some();
    is_wrong.then_some(fault)
}
