//! `replaceAll` of an empty text, which is before each unit and at the end.
//!
//! It works on units, so that the halves of a pair are one character again where nothing has come between them.

use crate::{budget::Budget, value::Fault};

/// A text with a replacement before each unit and at the end. It is GetSubstitution of a match that is empty.
pub(super) fn replaced(text: &str, template: &str, budget: &Budget) -> Result<String, Fault> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let template: Vec<u16> = template.encode_utf16().collect();
    let mut out = Made { units: Vec::new(), budget };
    for at in 0..=units.len() {
        out.substitute(&template, &units[..at], &units[at..])?;
        out.push(&units[at..units.len().min(at + 1)])?;
    }
    Ok(String::from_utf16_lossy(&out.units))
}

struct Made<'r> {
    units: Vec<u16>,
    budget: &'r Budget,
}

impl Made<'_> {
    fn push(&mut self, units: &[u16]) -> Result<(), Fault> {
        // A unit is up to three bytes of the text that is made.
        self.budget.spend(units.iter().map(|&unit| if unit < 0x80 { 1 } else { 3 }).sum())?;
        self.units.extend_from_slice(units);
        Ok(())
    }

    fn substitute(&mut self, template: &[u16], before: &[u16], after: &[u16]) -> Result<(), Fault> {
        const DOLLAR: u16 = b'$' as u16;
        let mut rest = template;
        while let Some(dollar) = rest.iter().position(|&unit| unit == DOLLAR) {
            self.push(&rest[..dollar])?;
            let code = rest.get(dollar + 1).and_then(|&code| u8::try_from(code).ok());
            let length = match code {
                Some(b'$' | b'&' | b'`' | b'\'') => 2,
                _ => 1,
            };
            self.push(match code {
                Some(b'&') => &[],
                Some(b'`') => before,
                Some(b'\'') => after,
                _ => &[DOLLAR],
            })?;
            rest = &rest[dollar + length..];
        }
        self.push(rest)
    }
}
