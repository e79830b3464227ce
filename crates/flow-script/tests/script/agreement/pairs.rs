//! Every operator, and every search, on every two of the special values: chance seldom brings the right two together.

use std::sync::Arc;

use flow_expr::Expression;
use serde_json::{Value, json};

use super::{
    names::Names,
    samples::{NUMBERS, TEXTS},
    words::BINARY,
};
use crate::support::{expressions, value_of, with};

const SEARCHES: [&str; 6] = ["includes", "startsWith", "endsWith", "indexOf", "lastIndexOf", "concat"];

/// What is made of `x` and each of the values `l`, as one text.
fn over(count: usize, make: impl Fn(String) -> String) -> String {
    let parts: Vec<_> = (0..count).map(|at| make(format!("l[{at}]"))).collect();
    format!("[{}].join()", parts.join(","))
}

#[test]
fn operators_and_searches_agree_on_all_pairs() {
    let texts = TEXTS.iter().map(|text| json!(text));
    let values: Value = NUMBERS.iter().map(|number| json!(number)).chain(texts).collect();
    let values = values.as_array().unwrap();
    let operators = BINARY.iter().map(|op| over(values.len(), |y| format!("x {op} {y}")));
    let searches = SEARCHES.iter().map(|name| over(values.len(), |y| format!("String(x).{name}({y})")));
    let sources: Vec<String> = operators.chain(searches).collect();
    let natively: Vec<_> = sources.iter().map(|source| Expression::parse(source).unwrap()).collect();
    for x in values {
        let names = json!({ "x": x, "l": values });
        let script = with(expressions(&[&format!("[{}]", sources.join(","))]), "l", names["l"].clone());
        let script = value_of(&with(script, "x", x.clone()));
        let scope = Names::of(&names);
        for ((native, script), source) in natively.iter().zip(script.as_array().unwrap()).zip(&sources) {
            let native = native.evaluate(&scope).map(Arc::unwrap_or_clone);
            assert_eq!(native.as_ref(), Ok(script), "{x}: {source}");
        }
    }
}
