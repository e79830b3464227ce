//! What the native evaluator can do comes to the same here.

use std::{collections::BTreeMap, sync::Arc};

use flow_expr::{Expression, Lookup, Scope};
use serde_json::{Value, json};

use crate::support::{expressions, run};

struct Names(BTreeMap<String, Arc<Value>>);

impl Scope for Names {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        match self.0.get(name) {
            Some(value) => Lookup::Value(value),
            None if name == "missing" => Lookup::Undefined,
            None => Lookup::Unknown,
        }
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

const SOURCES: [&str; 55] = [
    "customer",
    "customer.name",
    "customer['name'].length",
    "customer.orders[1].total + 1",
    "customer.orders[-1]",
    "customer.orders['1'].total",
    "customer?.nothing?.deeper",
    "missing?.x ?? 'none'",
    "missing",
    "typeof missing + typeof customer + typeof n + typeof text + typeof yes + typeof nil",
    "`${customer.name}: ${customer.orders.length} ${nil} ${missing} ${[1, [2, null]]} ${{}}`",
    "n + 1",
    "n / 0",
    "-n / 0",
    "0 / 0",
    "n % 3",
    "-7 % 3",
    "n ** 2",
    "2 ** 0.5",
    "n + text",
    "text * 2",
    "text - ''",
    "+'  12  '",
    "+'0x1f' + +'1e3'",
    "'12px' * 1",
    "'5' - '2' + '1'",
    "[] + {}",
    "[1] + [2, 3]",
    "nil + 1",
    "missing + 1",
    "yes + yes",
    "0.1 + 0.2",
    "1e21 + 1",
    "123456789012345680000 + ''",
    "1e-7 + ''",
    "9007199254740993 + 1",
    "large",
    "n > 5 && 'more'",
    "nil || text",
    "!text || !yes",
    "n > 5 ? 'a' : 'b'",
    "'b' > 'a'",
    "'10' < '9'",
    "10 < '9'",
    "nil >= 0",
    "missing >= 0",
    "1 == '1'",
    "nil == missing",
    "nil === missing",
    "[1] == 1",
    "'😀'.length",
    "[missing, n, [text]]",
    "({ a: missing, b: nil, [text]: n, 2: 'two', 1: 'one' })",
    "({ ...customer, name: 'Eve' })",
    "[...customer.orders, ...'a😀']",
];

#[test]
fn both_evaluators_agree() {
    let names = json!({
        "customer": {"name": "Ada", "orders": [{"total": 1.5}, {"total": 20}], "__proto__": null},
        "n": 8, "text": "42", "yes": true, "nil": null, "large": [2.5e300, 1_000_000_000_000_000_i64],
    });
    let Value::Object(names) = names else { unreachable!() };
    let scope = Names(names.into_iter().map(|(name, value)| (name, Arc::new(value))).collect());
    for source in SOURCES {
        let native = Expression::parse(source).unwrap().evaluate(&scope).unwrap();
        let mut script = expressions(&[source]);
        script.names =
            scope.0.iter().map(|(name, value)| (name.as_str().into(), Arc::clone(value))).collect();
        script.undefined.push("missing".into());
        let outcome = run(&script);
        assert_eq!(outcome.failure, None, "{source}");
        // As text, in which 1 isn't 1.0 and the order of keys counts.
        assert_eq!(outcome.values[0].to_string(), native.to_string(), "{source}");
    }
}
