//! What the native evaluator can do comes to the same here.
//!
//! Random expressions are evaluated by both, on random values. They must have the same value, the same truth and the
//! same text in a template, or fail with the same error. So must the expressions of the native evaluator's own tables.
//!
//! # Left out, or made the same, since it is documented
//! By the native evaluator (`flow-expr`, "Decisions"):
//! * Inherited properties: `harness.js` reads own ones, and looks for own ones with `in`.
//! * Halves of surrogate pairs: `harness.js` makes U+FFFD of them where they arise, so that both go on with that.
//! * `JSON.parse` refuses what `parseJson` refuses: in `harness.js` it is `parseJson`.
//! * The order of an object's members: that of data becomes JavaScript's when values are compared.
//! * Integers beyond 2^53 that are passed on: they are compared as doubles, also in texts, where a variable is one or
//!   JSON is parsed; none is made a text by `str` or `JSON.stringify`, whose single digits could then be looked at.
//! * Values beyond `OUTPUT_LIMIT`, and texts of more than 64 KiB, which tell no more than shorter ones.
//!
//! By the sandbox, since QuickJS isn't ECMA-262 there (`flow-script`, "Where QuickJS is not ECMA-262"):
//! * A text that is spread into an object, and an empty text that is repeated: `harness.js` does it right.
//! * The texts of some powers of two, which are shortened.
//! * Which of two errors a template literal throws, or an object with a computed key.

mod ambient;
mod both;
mod calculation;
mod choices;
mod compare;
mod generate;
mod hidden;
mod names;
mod pairs;
mod paths;
mod property;
mod samples;
mod shared;
mod source;
mod table;
mod value;
mod words;
