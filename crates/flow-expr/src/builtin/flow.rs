//! The functions of the flow language, and those of JavaScript that read a clock or draw.

use super::{Call, Outcome};
use crate::{budget::VALUE_COST, chance::Chance, functions, value::Val};

pub(super) fn now<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Number(call.surroundings.now_ms()? as f64))
}

pub(super) fn get_date<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(call.surroundings.now_text()?.to_owned())
}

pub(super) fn random<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Number(call.surroundings.draw(Chance::number)?))
}

pub(super) fn uuid<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(call.surroundings.draw(Chance::uuid)?)
}

pub(super) fn parse_json<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    let text = call.text(0)?;
    // Each value but the first follows a comma or a bracket, so this is paid before anything is made.
    let values = text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() + 1;
    call.budget.spend(text.len().saturating_add(values.saturating_mul(VALUE_COST)))?;
    Ok(Val::Owned(functions::parse_json(&text)?))
}

pub(super) fn base64<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(functions::base64(&call.text(0)?))
}

pub(super) fn unbase64<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(functions::unbase64(&call.text(0)?)?)
}

pub(super) fn sha256<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(functions::sha256(&call.text(0)?))
}

pub(super) fn hmac_sha256<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(functions::hmac_sha256(&call.text(0)?, &call.text(1)?))
}

pub(super) fn resume_url<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    let url = call.surroundings.resume_url(&call.text(0)?)?;
    if call.is_undefined(1) {
        return call.made(url);
    }
    call.made(functions::with_decision(&url, &call.text(1)?)?)
}
