//! Chance is the run's.

use flow_expr::{Chance, ChanceSource};
use serde_json::{Value, json};

use crate::support::{expressions, function, run, value_of};

#[test]
fn calls_draw_from_the_stream_of_their_expression_in_their_order() {
    let source = ChanceSource { seed: 7, place: "step".into() };
    let drawn = |index| {
        let mut chance = Chance::new(&source, index);
        json!([chance.number(), chance.uuid(), chance.number()])
    };
    let call = "[Math.random(), uuid(), Math.random()]";
    let outcome = run(&expressions(&[call, call]));
    assert_eq!(outcome.values, [drawn(0), drawn(1)]);
    assert_eq!(value_of(&function(&format!("return {call}"))), drawn(0));
    assert_eq!(run(&expressions(&[call, call])), outcome);
}

#[test]
fn no_order_depends_on_chance() {
    let source = "[...new Set([3, 1, 2])].concat(Object.keys({ b: 1, a: 2 }))";
    let values: Vec<Value> = (0..3).map(|_| value_of(&expressions(&[source]))).collect();
    assert!(values.iter().all(|value| *value == json!([3, 1, 2, "b", "a"])));
}
