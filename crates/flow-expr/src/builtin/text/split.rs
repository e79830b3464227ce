//! `split`.

use std::borrow::Cow;

use crate::{
    budget::VALUE_COST,
    builtin::{Call, Outcome},
    value::{Fault, Val, to_uint32, units},
};

pub(crate) fn split<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let limit = if call.is_undefined(1) { u32::MAX } else { to_uint32(call.number(1)?) } as usize;
    if call.is_undefined(0) {
        return Ok(Val::Array(if limit == 0 { Vec::new() } else { vec![Val::Text(text)] }));
    }
    let separator = call.text(0)?;
    if separator.is_empty() {
        return collect(units::each(&text).take(limit), &call);
    }
    match &text {
        Cow::Borrowed(text) => collect(text.split(&*separator).take(limit).map(Cow::Borrowed), &call),
        Cow::Owned(text) => {
            let parts = text.split(&*separator).take(limit);
            collect(parts.map(|part| Cow::Owned(part.to_owned())), &call)
        }
    }
}

fn collect<'a>(parts: impl Iterator<Item = Cow<'a, str>>, call: &Call<'a, '_>) -> Outcome<'a> {
    let paid = |part: Cow<'a, str>| {
        let copied = if let Cow::Owned(part) = &part { part.len() } else { 0 };
        call.budget.spend(copied + VALUE_COST)?;
        Ok::<_, Fault>(Val::Text(part))
    };
    Ok(Val::Array(parts.map(paid).collect::<Result<_, _>>()?))
}
