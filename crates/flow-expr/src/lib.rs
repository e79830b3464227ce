//! Templates and expressions of a flow.
//!
//! A flow's strings may hold `{{ expression }}` parts, and some fields (a condition, say) are one bare
//! expression. The language is JavaScript, expressions only. It is parsed once, by a real JavaScript parser,
//! and evaluated here on the run's JSON values, which are borrowed rather than copied: operators, literals, the
//! methods of texts and arrays and the global functions that need no function of their own, and the functions of the
//! flow language.
//!
//! * [`Expression`] is a bare expression.
//! * [`Template`] is a string with `{{ }}` parts.
//! * [`JsonTemplate`] is a JSON value whose strings are templates; it may hold parts back, which [`fill`] puts in.
//! * [`Scope`] is where names get their values; [`Object`] is a value that is made on demand.
//! * [`Code`] is the body of a function, which a script engine runs.
//! * [`Script`] is what a script engine is given, [`ScriptOutcome`] what it gives back, and [`Scripts`] how an
//!   evaluation comes by it.
//! * [`Ambient`] is what functions take from a run: time, chance, and where answers are sent.
//! * [`functions`] are those of the flow language that need nothing else.
//!
//! ```
//! use std::sync::Arc;
//! use flow_expr::{Lookup, Scope, Template};
//! use serde_json::{Value, json};
//!
//! struct One(Arc<Value>);
//! impl Scope for One {
//!     fn lookup(&self, name: &str) -> Lookup<'_> {
//!         if name == "customer" { Lookup::Value(&self.0) } else { Lookup::Unknown }
//!     }
//!     fn names(&self) -> Vec<String> {
//!         vec!["customer".into()]
//!     }
//! }
//!
//! let scope = One(Arc::new(json!({"name": "Ada", "orders": [3, 4]})));
//! let text = Template::parse("Dear {{ customer.name.toUpperCase() }}: {{ customer.orders.length }} orders")?;
//! assert_eq!(text.render_text(&scope)?, "Dear ADA: 2 orders");
//! assert_eq!(*Template::parse("{{customer.orders}}")?.evaluate(&scope)?, json!([3, 4]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is left to others
//! The crate knows no flow, no step and no run: which names exist is the scope's business. Paths, operators, literals
//! and the plain methods are evaluated here; whatever else JavaScript has is a script, which is somebody else's to run.
//!
//! # What is built in
//! A call is native by its name, whatever it is called on: what can be parsed can be evaluated. Left out are methods
//! that change their array (`sort`, `push`), that call a function (`map`), and those whose result ECMA-262 leaves to
//! the engine (`localeCompare`, `toString(16)`, `Math.sin`), but for `**`, `Math.pow` and `Math.cbrt`, which are the C
//! library's here and in QuickJS. A global name is built in only where it is called or
//! leads to a constant (`Math.max(…)`, `Math.PI`, `uuid()`), and only as long as the scope doesn't know it: a value of
//! the flow hides it. Elsewhere it is a name like any other. So it is no free name where it is built in.
//!
//! # Decisions where JavaScript leaves room, or JSON does
//! Whatever isn't said here has the value that QuickJS gives it, or fails as it does there: `flow-script` tests that.
//!
//! * A property is an own property: `constructor`, `toString` or `__proto__` is undefined unless the data has it, and
//!   the operator `in` doesn't find it. A method can be called all the same.
//! * An unknown name is an error; a known name without a value is `undefined`. `typeof` never fails on a name.
//! * A result that JSON can't hold becomes null (`undefined`, `NaN`, `Infinity`); inside an object that the
//!   expression makes, a member that is undefined is left out, as `JSON.stringify` does.
//! * Members of data stay in the data's order; JavaScript would put keys that are array indexes first, as is done
//!   for an object that the expression makes, and by `Object.keys`, `JSON.stringify` and the like.
//! * An integer beyond 2^53 stays exact as long as it is only passed on, and is a double in arithmetic.
//! * Half of a surrogate pair, which a Rust string can't hold, reads as U+FFFD; a literal that has one is refused.
//!   `JSON.parse` and `parseJson` refuse an escape of one, a number beyond all doubles, and what is nested more than
//!   127 levels deep.
//! * Half of a pair that is cut off is U+FFFD at once, also where its other half is put back: `'😀'[0] + '😀'[1]` is
//!   two of these.
//! * The texts and copies that one evaluation makes are limited to [`OUTPUT_LIMIT`] bytes in all.

mod ambient;
mod ast;
mod budget;
mod builtin;
mod chance;
mod code;
mod error;
mod eval;
mod evaluation;
mod expression;
pub mod functions;
mod held;
mod json_template;
mod nearest;
mod parse;
mod pick;
mod scope;
mod script;
mod scripts;
mod template;
mod value;

pub use ambient::Ambient;
pub use budget::OUTPUT_LIMIT;
pub use chance::Chance;
pub use code::Code;
pub use error::{EvalError, Place, SyntaxError, SyntaxErrorKind, TemplateFault};
pub use expression::{Expression, FreeName};
pub use held::fill;
pub use json_template::JsonTemplate;
pub use nearest::nearest;
pub use parse::{CODE_LIMIT, NESTING_LIMIT, SOURCE_LIMIT};
pub use scope::{Lookup, Object, Scope};
pub use script::{
    ChanceSource, Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptFailureKind, ScriptLog,
    ScriptLogLevel, ScriptOutcome, ScriptOwner,
};
pub use scripts::Scripts;
pub use template::Template;
