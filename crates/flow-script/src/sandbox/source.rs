//! Text of authors as code. It is only ever the inside of a strict function.
//!
//! A text could close the brackets around it and go on outside: `1) ; evil(`. So before it is compiled it is checked
//! between another pair of brackets: what closes one pair early doesn't close the other.

use rquickjs::{Ctx, FromJs, Function, Promise, Value, context::EvalOptions};

use super::failure::Stop;

/// What errors call the text.
const FILE: &str = "script";

/// The lines of the wrapper before the text.
const LINES_BEFORE: u32 = 1;

/// The value of an expression.
pub(super) fn expression<'js>(ctx: &Ctx<'js>, text: &str) -> Result<Value<'js>, Stop> {
    check(ctx, "(function(){return[", text, "]})")?;
    Ok(eval::<Function<'_>>(ctx, "(function(){return(", text, ")})")?.call(())?)
}

/// The promise of an async function's body. What may follow the `}` that ends an arrow function between parentheses is
/// a `,` or a `)`, and neither may follow that of a declaration.
pub(super) fn function<'js>(ctx: &Ctx<'js>, body: &str) -> Result<Promise<'js>, Stop> {
    check(ctx, "(function(){async function body(){", body, "}})")?;
    Ok(eval::<Function<'_>>(ctx, "(function(){return(async()=>{", body, "})()})")?.call(())?)
}

/// Whether a text can be parsed. It isn't run, whatever it closes: what it is compiled with begins by throwing.
fn check(ctx: &Ctx<'_>, before: &str, text: &str, after: &str) -> Result<(), Stop> {
    let Err(error) = eval::<()>(ctx, &format!("throw 0;{before}"), text, after) else { return Ok(()) };
    if !ctx.has_exception() {
        return Err(error.into());
    }
    match ctx.catch() {
        thrown if thrown.is_int() => Ok(()),
        fault => Err(ctx.throw(fault).into()),
    }
}

fn eval<'js, V: FromJs<'js>>(ctx: &Ctx<'js>, before: &str, text: &str, after: &str) -> rquickjs::Result<V> {
    let mut options = EvalOptions::default();
    options.filename = Some(FILE.to_owned());
    ctx.eval_with_options(format!("{before}\n{text}\n{after}"), options)
}

/// The line and column, from 1, of the text where an error came from; the end of the text if that is too early.
pub(super) fn place(stack: &str, text: &str) -> Option<(u32, u32)> {
    let frame = stack.lines().find_map(in_text)?;
    let mut numbers = frame.trim_end_matches(')').splitn(2, ':').map(str::parse::<u32>);
    let (line, column) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let line = line.checked_sub(LINES_BEFORE).filter(|line| *line > 0)?;
    match text.split('\n').nth(line as usize - 1) {
        // QuickJS counts bytes.
        Some(text) => {
            let before = text.char_indices().take_while(|(at, _)| at + 1 < column as usize).count();
            Some((line, u32::try_from(before).ok()? + 1))
        }
        None => {
            let (count, last) = (text.split('\n').count(), text.split('\n').next_back().unwrap_or_default());
            Some((u32::try_from(count).ok()?, u32::try_from(last.chars().count()).ok()? + 1))
        }
    }
}

/// What follows the name of the text, in a frame or in an error of syntax.
fn in_text(frame: &str) -> Option<&str> {
    let (_, place) = frame.split_once("(script:").or_else(|| frame.split_once(" script:"))?;
    Some(place)
}
