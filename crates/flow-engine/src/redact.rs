//! Takes the values of secrets out of what a step returns.
//!
//! A value is found as it is, in hex and base64, also inside of a longer base64 text, and each of these in a text that was
//! percent-encoded or escaped as JSON, twice at the most. Secrets that overlap are taken out together.

mod forms;
mod views;

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, BuildError};
use flow_model::SecretName;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::StepError;
use forms::{Form, forms};
use views::WAYS;

/// How often escapes are undone: a program may quote a text that holds an escaped one.
const DEPTH: usize = 2;

/// Finds secrets in texts.
pub(crate) struct Redactor<'a> {
    matcher: AhoCorasick,
    forms: Vec<(&'a SecretName, Form)>,
}

/// A part of a text that holds secrets.
struct Found<'a> {
    start: usize,
    end: usize,
    /// The longest of them, and its length there.
    name: &'a SecretName,
    length: usize,
}

impl<'a> Redactor<'a> {
    /// Finds those secrets.
    ///
    /// # Errors
    /// They are too long to be searched for.
    pub(crate) fn new(secrets: &'a BTreeMap<SecretName, SecretString>) -> Result<Self, BuildError> {
        let all = secrets
            .iter()
            .flat_map(|(name, value)| forms(value.expose_secret()).into_iter().map(move |form| (name, form)));
        let forms: Vec<_> = all.collect();
        let matcher = AhoCorasick::new(forms.iter().map(|(_, form)| &form.bytes))?;
        Ok(Self { matcher, forms })
    }

    /// What a step returned, without secrets.
    pub(crate) fn result(&self, result: Result<Value, StepError>) -> Result<Value, StepError> {
        match result {
            Ok(mut output) => {
                self.value(&mut output);
                Ok(output)
            }
            Err(StepError { mut code, mut message, mut details, retry_after }) => {
                self.text(&mut code);
                self.text(&mut message);
                details.iter_mut().for_each(|details| self.value(details));
                Err(StepError { code, message, details, retry_after })
            }
        }
    }

    /// Takes secrets out of the texts, keys and numbers of a value, however deep it is.
    fn value(&self, value: &mut Value) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::Null | Value::Bool(_) => {}
                Value::Number(number) => {
                    if let Some(text) = self.redacted(&number.to_string()) {
                        *value = Value::String(text);
                    }
                }
                Value::String(text) => self.text(text),
                Value::Array(items) => open.extend(items),
                Value::Object(map) => {
                    if map.keys().any(|key| self.redacted(key).is_some()) {
                        let members = std::mem::take(map).into_iter();
                        *map =
                            members.map(|(key, value)| (self.redacted(&key).unwrap_or(key), value)).collect();
                    }
                    open.extend(map.values_mut());
                }
            }
        }
    }

    fn text(&self, text: &mut String) {
        if let Some(redacted) = self.redacted(text) {
            *text = redacted;
        }
    }

    /// The text without secrets; none when it has none.
    fn redacted(&self, text: &str) -> Option<String> {
        let mut found = Vec::new();
        self.find(text.as_bytes(), &|at| at, DEPTH, &mut found);
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|found| found.start);
        let mut apart = Vec::new();
        found.into_iter().for_each(|one| add(&mut apart, one));
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for Found { start, end, name, .. } in apart {
            out.push_str(&text[at..text.floor_char_boundary(start).max(at)]);
            out.push_str(&format!("[secret {name}]"));
            at = text.ceil_char_boundary(end);
        }
        out.push_str(&text[at..]);
        Some(out)
    }

    /// Finds secrets in a text that is read in some way, and in every other way to read that.
    fn find(&self, bytes: &[u8], place: &dyn Fn(usize) -> usize, depth: usize, found: &mut Vec<Found<'a>>) {
        let mut here = Vec::new();
        for one in self.matcher.find_overlapping_iter(bytes) {
            let (name, form) = &self.forms[one.pattern()];
            let (start, end) = (first(form, bytes, one.start()), end(form, bytes, one.end()));
            add(&mut here, Found { start, end, name, length: form.bytes.len() });
        }
        found.extend(here.into_iter().map(|one| Found {
            start: place(one.start),
            end: place(one.end),
            ..one
        }));
        if depth > 0 {
            for view in WAYS.iter().filter_map(|way| way(bytes, place)) {
                self.find(&view.bytes, &|at| view.places[at], depth - 1, found);
            }
        }
    }
}

/// Adds what was found; what overlaps the last one becomes part of it.
fn add<'a>(all: &mut Vec<Found<'a>>, mut one: Found<'a>) {
    while let Some(last) = all.pop_if(|last| last.end > one.start) {
        (one.start, one.end) = (one.start.min(last.start), one.end.max(last.end));
        if last.length >= one.length {
            (one.name, one.length) = (last.name, last.length);
        }
    }
    all.push(one);
}

/// Where a form that was found begins, with the digit that it shares.
fn first(form: &Form, bytes: &[u8], start: usize) -> usize {
    let shares = form.shares_first && start.checked_sub(1).is_some_and(|before| is_digit(bytes[before]));
    start - usize::from(shares)
}

/// Where a form that was found ends, with the digit that it shares and the padding behind it.
fn end(form: &Form, bytes: &[u8], end: usize) -> usize {
    match bytes.get(end) {
        Some(digit) if form.shares_last && is_digit(*digit) => {
            end + 1 + bytes[end + 1..].iter().take(2).take_while(|byte| **byte == b'=').count()
        }
        _ => end,
    }
}

/// Whether a byte is a base64 digit, of either alphabet.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
