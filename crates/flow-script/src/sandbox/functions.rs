//! The functions of the flow language.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use flow_expr::{
    Chance,
    functions::{self, FunctionError},
};
use flow_model::Timestamp;
use rquickjs::{Ctx, Exception, Function, Object, Result, Value, function::Opt};

use super::{json, text::Text};
use crate::task::Task;

type SharedChance = Rc<RefCell<Chance>>;

/// Defines them all.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    globals: &Object<'js>,
    task: &Task,
    chance: SharedChance,
) -> Result<()> {
    let define = |name: &str, function: Function<'js>| globals.set(name, function.with_name(name)?);
    let new = || ctx.clone();

    define("str", Function::new(new(), str)?)?;
    define("parseJson", Function::new(new(), parse_json)?)?;
    define("base64", Function::new(new(), |text: Text| functions::base64(&text.0))?)?;
    define("unbase64", Function::new(new(), unbase64)?)?;
    define("sha256", Function::new(new(), |text: Text| functions::sha256(&text.0))?)?;
    define(
        "hmacSha256",
        Function::new(new(), |key: Text, text: Text| functions::hmac_sha256(&key.0, &text.0))?,
    )?;
    let now = Timestamp::from_millis(task.now_ms).to_string();
    define("getDate", Function::new(new(), move || now.clone())?)?;
    define("uuid", Function::new(new(), move || chance.borrow_mut().uuid())?)?;
    let urls = task.resume_urls.clone();
    let resume = move |ctx: Ctx<'js>, step: Text, decision: Opt<Value<'js>>| {
        resume_url(&ctx, &urls, &step.0, decision.0)
    };
    define("resumeUrl", Function::new(new(), resume)?)
}

fn str<'js>(ctx: Ctx<'js>, value: Opt<Value<'js>>) -> Result<Value<'js>> {
    match value.0.map_or(Ok(None), |value| ctx.json_stringify(value))? {
        Some(text) => Ok(text.into_value()),
        None => Ok(rquickjs::String::from_str(ctx, "null")?.into_value()),
    }
}

fn parse_json<'js>(ctx: Ctx<'js>, text: Text) -> Result<Value<'js>> {
    // Refused as by the native evaluator, but made by QuickJS, whose memory is bounded.
    if let Some(error) = json::fault(&text.0) {
        return Err(Exception::throw_type(&ctx, &format!("the text is no JSON: {error}")));
    }
    ctx.json_parse(text.0)
}

fn unbase64(ctx: Ctx<'_>, text: Text) -> Result<String> {
    functions::unbase64(&text.0).map_err(|error| thrown(&ctx, &error))
}

fn resume_url<'js>(
    ctx: &Ctx<'js>,
    urls: &[(Arc<str>, String)],
    step: &str,
    decision: Option<Value<'js>>,
) -> Result<String> {
    let Some((_, url)) = urls.iter().find(|(id, _)| **id == *step) else {
        return Err(Exception::throw_type(
            ctx,
            &format!("there is no link for `{step}`: name a step that waits"),
        ));
    };
    match decision.filter(|value| !value.is_undefined()) {
        None => Ok(url.clone()),
        Some(value) => {
            functions::with_decision(url, &Text::of(ctx, value)?.0).map_err(|error| thrown(ctx, &error))
        }
    }
}

fn thrown(ctx: &Ctx<'_>, error: &FunctionError) -> rquickjs::Error {
    Exception::throw_type(ctx, &error.message)
}
