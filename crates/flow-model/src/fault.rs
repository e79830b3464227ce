//! What is wrong with a document, and a reader that collects all of it instead of stopping at the first.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

/// One thing that is wrong, at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The place as a JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// A stable code, such as `step_unknown`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether it forbids publishing.
    pub severity: Severity,
}

/// Whether a fault forbids publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It is worth knowing.
    Warning,
}

/// The faults found so far. Shared by reference among nested readers, hence the cell.
#[derive(Debug, Default)]
pub struct Faults {
    rows: RefCell<Vec<Fault>>,
    /// Their pointers, since a document may have as many faults as steps.
    places: RefCell<BTreeSet<String>>,
}

impl Faults {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault that forbids publishing.
    pub fn error(&self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.add(pointer.into(), code, message.into(), Severity::Error);
    }

    /// Adds a fault that is only worth knowing.
    pub fn warning(&self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.add(pointer.into(), code, message.into(), Severity::Warning);
    }

    fn add(&self, pointer: String, code: &'static str, message: String, severity: Severity) {
        self.places.borrow_mut().insert(pointer.clone());
        self.rows.borrow_mut().push(Fault { pointer, code, message, severity });
    }

    /// Whether any of them forbids publishing.
    pub fn has_errors(&self) -> bool {
        self.rows.borrow().iter().any(|fault| fault.severity == Severity::Error)
    }

    /// How many there are so far, warnings included.
    pub fn count(&self) -> usize {
        self.rows.borrow().len()
    }

    /// Whether there is one of the value at a pointer, warnings included.
    pub fn is_any_at(&self, pointer: &str) -> bool {
        self.places.borrow().contains(pointer)
    }

    /// Whether there is one of the value at a pointer or of something in it, warnings included.
    pub fn is_any_in(&self, pointer: &str) -> bool {
        let inside = format!("{pointer}/");
        let places = self.places.borrow();
        places.contains(pointer)
            || places.range(inside.clone()..).next().is_some_and(|place| place.starts_with(&inside))
    }

    /// How many of them forbid publishing so far.
    pub fn count_errors(&self) -> usize {
        self.rows.borrow().iter().filter(|fault| fault.severity == Severity::Error).count()
    }

    /// All of them, in the order they were found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.rows.into_inner()
    }
}

/// The beginning of a text that a message quotes: what an author wrote may be of any length.
pub fn excerpt(text: &str) -> &str {
    const CHARS: usize = 64;
    text.char_indices().nth(CHARS).map_or(text, |(end, _)| &text[..end])
}

/// A key as one token of a JSON pointer (RFC 6901 §3).
pub fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Reads the members of one JSON object, adding a fault for each that is missing or of the wrong type.
/// A member that is null counts as absent.
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    pointer: String,
    faults: &'a Faults,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// A reader of `map`, which stands at `pointer`.
    pub fn new(map: &'a Map<String, Value>, pointer: impl Into<String>, faults: &'a Faults) -> Self {
        Self { map, pointer: pointer.into(), faults, known: RefCell::default() }
    }

    /// A reader of `value`; none, and a fault, when it is no object.
    pub fn of(value: &'a Value, pointer: impl Into<String>, faults: &'a Faults) -> Option<Self> {
        let pointer = pointer.into();
        match value.as_object() {
            Some(map) => Some(Self::new(map, pointer, faults)),
            None => {
                wrong_type(faults, pointer, "an object", value);
                None
            }
        }
    }

    /// The pointer of a member.
    pub fn at(&self, key: &str) -> String {
        format!("{}/{}", self.pointer, pointer_token(key))
    }

    /// The pointer of something in the object, whose own pointer into it is given.
    pub fn inside(&self, pointer: &str) -> String {
        format!("{}{pointer}", self.pointer)
    }

    /// The members that were asked for so far, each as often as it was.
    pub fn known(&self) -> Vec<&'static str> {
        self.known.borrow().clone()
    }

    /// The faults that this reader adds to.
    pub const fn faults(&self) -> &'a Faults {
        self.faults
    }

    /// The member as it is; none when absent.
    pub fn value(&self, key: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// The member as it is; none, and a fault, when absent.
    pub fn required_value(&self, key: &'static str) -> Option<&'a Value> {
        let value = self.value(key);
        if value.is_none() {
            self.faults.error(self.at(key), "required", format!("`{key}` is missing; add it"));
        }
        value
    }

    fn typed<T>(&self, value: &'a Value, key: &str, what: &str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            wrong_type(self.faults, self.at(key), what, value);
        }
        found
    }

    /// A string member.
    pub fn string(&self, key: &'static str) -> Option<&'a str> {
        let value = self.value(key)?;
        self.typed(value, key, "a string", value.as_str())
    }

    /// A string member that must be there.
    pub fn required_string(&self, key: &'static str) -> Option<&'a str> {
        let value = self.required_value(key)?;
        self.typed(value, key, "a string", value.as_str())
    }

    /// A boolean member.
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        self.typed(value, key, "true or false", value.as_bool())
    }

    /// A member that is a whole number of 0 or more.
    pub fn whole_number(&self, key: &'static str) -> Option<u64> {
        let value = self.value(key)?;
        self.typed(value, key, "a whole number of 0 or more", value.as_u64())
    }

    /// An array member.
    pub fn list(&self, key: &'static str) -> Option<&'a [Value]> {
        let value = self.value(key)?;
        self.typed(value, key, "a list", value.as_array().map(Vec::as_slice))
    }

    /// An object member.
    pub fn object(&self, key: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.value(key)?;
        self.typed(value, key, "an object", value.as_object())
    }

    /// Readers of the objects in an array member.
    pub fn objects(&self, key: &'static str) -> Vec<Fields<'a>> {
        let at = self.at(key);
        let items = self.list(key).unwrap_or_default().iter().enumerate();
        items.filter_map(|(index, item)| Fields::of(item, format!("{at}/{index}"), self.faults)).collect()
    }

    /// A string member parsed as a name or id, with the parser's own message as the fault.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, key: &'static str) -> Option<T> {
        match self.string(key)?.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.faults.error(self.at(key), "invalid_name", error.to_string());
                None
            }
        }
    }

    /// Warns of members that nobody asked for so far: kept, but without effect.
    pub fn warn_of_unknown(&self) {
        self.warn_of_unknown_but(&[]);
    }

    /// The same, but for members that others know. A member is warned of once, and not when it has a fault.
    pub fn warn_of_unknown_but(&self, others: &[&str]) {
        let known = self.known.borrow();
        let unknown = |key: &str| !known.contains(&key) && !others.contains(&key);
        for key in self.map.keys().filter(|key| unknown(key) && !self.faults.is_any_at(&self.at(key))) {
            self.faults.warning(
                self.at(key),
                "unknown_field",
                format!("`{}` is no field known here; it is kept but has no effect", excerpt(key)),
            );
        }
    }
}

fn wrong_type(faults: &Faults, pointer: String, what: &str, value: &Value) {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    faults.error(pointer, "wrong_type", format!("this must be {what}, and it is {found}"));
}
