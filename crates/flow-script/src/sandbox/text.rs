//! JavaScript's values as Rust's texts.

use flow_expr::{ScriptFailure, ScriptFailureKind as Kind};
use rquickjs::{
    Ctx, Error, FromJs, Object, Result, String as JsString, Type, Value,
    convert::Coerced,
    function::{FromParam, ParamRequirement, ParamsAccessor},
};

use super::failure::Stop;
use crate::{
    result::{DEPTH_LIMIT, repair},
    task::failure,
};

/// An argument as a text, as JavaScript's own functions take it: one that isn't given is undefined.
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn of<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        string(&Coerced::<JsString<'js>>::from_js(ctx, value)?.0).map(Self)
    }
}

impl<'js> FromParam<'js> for Text {
    fn param_requirement() -> ParamRequirement {
        ParamRequirement::optional()
    }

    fn from_param<'a>(params: &mut ParamsAccessor<'a, 'js>) -> Result<Self> {
        let ctx = params.ctx().clone();
        let value = if params.is_empty() { Value::new_undefined(ctx.clone()) } else { params.arg() };
        Self::of(&ctx, value)
    }
}

/// A string; halves of surrogate pairs become U+FFFD.
pub(super) fn string(string: &JsString<'_>) -> Result<String> {
    match string.to_string() {
        Err(Error::Utf8(_)) => {
            // As JSON the halves are escapes, which can be replaced.
            let json = string.ctx().json_stringify(string.clone())?.ok_or(Error::Unknown)?.to_string()?;
            repair(json).and_then(|json| serde_json::from_str(&json).ok()).ok_or(Error::Unknown)
        }
        other => other,
    }
}

/// A property that is a string. Reading it may call the script's own code.
pub(super) fn property(object: &Object<'_>, name: &str) -> Option<String> {
    let value = object.get::<_, Value<'_>>(name).ok()?;
    value.as_string().and_then(|text| string(text).ok())
}

/// Whether JavaScript takes a value for true, as JSON.
pub(super) fn truth(value: Value<'_>) -> String {
    value.get::<Coerced<bool>>().is_ok_and(|truth| truth.0).to_string()
}

/// A result as JSON, as `JSON.stringify` makes it; what has none, such as NaN, is null.
pub(super) fn json<'js>(
    ctx: &Ctx<'js>,
    value: Value<'js>,
    limit: usize,
) -> std::result::Result<String, Stop> {
    let no_json = match value.type_of() {
        Type::Function | Type::Constructor => "a function, which JSON can't hold; call it",
        Type::Symbol => "a symbol, which JSON can't hold",
        Type::BigInt => "a BigInt, which JSON can't hold; make it a Number or a String",
        Type::Promise => "a promise, and an expression can't wait for one; write a step with code",
        _ => {
            let Some(text) = ctx.json_stringify(value)? else { return Ok("null".to_owned()) };
            let text = text.to_string()?;
            if text.len() > limit {
                return Err(Stop::Known(too_large(text.len(), limit)));
            }
            return repair(text).ok_or_else(|| {
                let message = format!("the value is nested more than {DEPTH_LIMIT} levels deep");
                Stop::new(Kind::NotJson, message)
            });
        }
    };
    Err(Stop::new(Kind::NotJson, format!("the value is {no_json}")))
}

/// The failure of values that are `size` bytes of JSON.
pub(super) fn too_large(size: usize, limit: usize) -> ScriptFailure {
    let message = format!("{size} bytes of JSON came out, and {limit} are allowed; return less of it");
    failure(Kind::OutputTooLarge, message)
}
