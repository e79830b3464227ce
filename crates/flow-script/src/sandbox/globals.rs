//! The global names of a context: those of the flow, and what is taken from JavaScript's own.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use flow_expr::{Chance, ScriptCode};
use rquickjs::{Ctx, Function, Object, Result, Value};

use super::{Run, console, console::Logs, functions};

/// Takes away what scripts mustn't have, puts the run's clock and chance in its place, and defines the names.
pub(super) fn install(ctx: &Ctx<'_>, run: &Run<'_>, chance_index: u64, logs: &Logs) -> Result<()> {
    let task = run.task;
    let chance = Rc::new(RefCell::new(Chance::new(&task.chance, chance_index)));
    let globals = ctx.globals();
    functions::install(ctx, &globals, task, Rc::clone(&chance))?;
    console::install(ctx, &globals, logs)?;

    let host = Object::new(ctx.clone())?;
    let now = task.now_ms as f64;
    host.set("now", now)?;
    host.set("clock", Function::new(ctx.clone(), move || now)?.with_name("now")?)?;
    host.set("names", task.names.iter().map(|name| &**name).collect::<Vec<_>>())?;
    host.set("missing", task.undefined.iter().map(|name| &**name).collect::<Vec<_>>())?;
    host.set("assignable", matches!(task.code, ScriptCode::Function(_)))?;
    host.set(
        "random",
        Function::new(ctx.clone(), move || chance.borrow_mut().number())?.with_name("random")?,
    )?;
    host.set("load", loader(ctx, &task.values)?)?;
    ctx.eval::<Function<'_>, _>(include_str!("prelude.js"))?.call::<_, ()>((host,))
}

/// Parses the value of a name by its place among the names.
fn loader<'js>(ctx: &Ctx<'js>, values: &[Arc<String>]) -> Result<Function<'js>> {
    let values = values.to_vec();
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, at: usize| -> Result<Value<'js>> {
        ctx.json_parse(values.get(at).map_or("null", |text| text.as_str()))
    })
}
