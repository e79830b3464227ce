//! `replace` and `replaceAll` of a text by a text.
//!
//! A function as replacement and a regular expression as pattern are no values of JSON, so they don't get here.

use std::borrow::Cow;

use super::everywhere;
use crate::{
    budget::Budget,
    builtin::{Call, Outcome},
    value::{Fault, Val},
};

pub(crate) fn replace<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let (pattern, replacement) = (call.text(0)?, call.text(1)?);
    let Some(found) = text.find(&*pattern) else { return Ok(Val::Text(text)) };
    let mut out = Replaced { text: &text, template: &replacement, budget: call.budget, out: String::new() };
    out.push(&text[..found])?;
    out.substitute(found, &pattern)?;
    out.push(&text[found + pattern.len()..])?;
    Ok(Val::Text(out.out.into()))
}

pub(crate) fn replace_all<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let (pattern, replacement) = (call.text(0)?, call.text(1)?);
    if pattern.is_empty() {
        return Ok(Val::Text(everywhere::replaced(&text, &replacement, call.budget)?.into()));
    }
    let mut out = Replaced { text: &text, template: &replacement, budget: call.budget, out: String::new() };
    let mut end = 0;
    for (found, _) in text.match_indices(&*pattern) {
        out.push(&text[end..found])?;
        out.substitute(found, &pattern)?;
        end = found + pattern.len();
    }
    if end == 0 {
        return Ok(Val::Text(text));
    }
    out.push(&text[end..])?;
    Ok(Val::Text(out.out.into()))
}

/// A text in the making, and what matches are replaced with.
struct Replaced<'r> {
    text: &'r str,
    template: &'r str,
    budget: &'r Budget,
    out: String,
}

impl Replaced<'_> {
    fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.budget.spend(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// GetSubstitution without captures: the replacement for a match.
    fn substitute(&mut self, at: usize, matched: &str) -> Result<(), Fault> {
        let mut rest = self.template;
        while let Some(dollar) = rest.find('$') {
            self.push(&rest[..dollar])?;
            let code = rest.as_bytes().get(dollar + 1).copied();
            match code {
                Some(b'$') => self.push("$")?,
                Some(b'&') => self.push(matched)?,
                Some(b'`') => self.push(&self.text[..at])?,
                Some(b'\'') => self.push(&self.text[at + matched.len()..])?,
                _ => {
                    self.push("$")?;
                    rest = &rest[dollar + 1..];
                    continue;
                }
            }
            rest = &rest[dollar + 2..];
        }
        self.push(rest)
    }
}
