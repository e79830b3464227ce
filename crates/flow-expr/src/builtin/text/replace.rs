//! `replace` and `replaceAll` of a text by a text.
//!
//! A function as replacement and a regular expression as pattern are no values of JSON, so they don't get here.

use std::borrow::Cow;

use crate::{
    budget::Budget,
    builtin::{Call, Outcome},
    value::{
        Fault, Val,
        units::{HALF_PAIR, Spot},
    },
};

pub(crate) fn replace<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let (pattern, replacement) = (call.text(0)?, call.text(1)?);
    let Some(found) = text.find(&*pattern) else { return Ok(Val::Text(text)) };
    let mut out = Replaced { text: &text, template: &replacement, budget: call.budget, out: String::new() };
    out.push(&text[..found])?;
    out.substitute(Spot::at(found), &pattern)?;
    out.push(&text[found + pattern.len()..])?;
    Ok(Val::Text(out.out.into()))
}

pub(crate) fn replace_all<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let (pattern, replacement) = (call.text(0)?, call.text(1)?);
    let mut out = Replaced { text: &text, template: &replacement, budget: call.budget, out: String::new() };
    if pattern.is_empty() {
        out.between_all_units()?;
        return Ok(Val::Text(out.out.into()));
    }
    let mut end = 0;
    for (found, _) in text.match_indices(&*pattern) {
        out.push(&text[end..found])?;
        out.substitute(Spot::at(found), &pattern)?;
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

    /// Matches of an empty pattern: one before each unit and one at the end.
    fn between_all_units(&mut self) -> Result<(), Fault> {
        let text = self.text;
        for (byte, c) in text.char_indices() {
            self.substitute(Spot::at(byte), "")?;
            if c.len_utf16() == 1 {
                self.push(&text[byte..byte + c.len_utf8()])?;
            } else {
                self.push(HALF_PAIR)?;
                self.substitute(Spot { byte, half: true }, "")?;
                self.push(HALF_PAIR)?;
            }
        }
        self.substitute(Spot::at(text.len()), "")
    }

    /// GetSubstitution without captures: the replacement for a match.
    fn substitute(&mut self, at: Spot, matched: &str) -> Result<(), Fault> {
        let mut rest = self.template;
        while let Some(dollar) = rest.find('$') {
            self.push(&rest[..dollar])?;
            let code = rest.as_bytes().get(dollar + 1).copied();
            match code {
                Some(b'$') => self.push("$")?,
                Some(b'&') => self.push(matched)?,
                Some(b'`') => {
                    self.push(&self.text[..at.byte])?;
                    self.push(if at.half { HALF_PAIR } else { "" })?;
                }
                Some(b'\'') => {
                    self.push(if at.half { HALF_PAIR } else { "" })?;
                    self.push(&self.text[at.next_whole() + matched.len()..])?;
                }
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
