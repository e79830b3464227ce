//! What holds for every input.

use std::sync::Arc;

use flow_expr::{Expression, JsonTemplate, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Names, context};

/// Texts that look like expressions more often than chance allows.
fn source() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        prop::sample::select(vec![
            "n",
            "s",
            "list",
            "obj",
            "customer",
            "nil",
            "missing",
            "name",
            "length",
            "toString",
            "0",
            "1",
            "2.5",
            "'a'",
            "\"b\"",
            "`c${",
            "`",
            "true",
            "null",
            "undefined",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ".",
            "?.",
            ".trim()",
            "?.at(",
            "Math.max(",
            "uuid",
            ",",
            ":",
            "?",
            "+",
            "-",
            "*",
            "/",
            "%",
            "**",
            "!",
            "typeof ",
            "=",
            "===",
            "!=",
            "==",
            "<",
            ">=",
            "&&",
            "||",
            "??",
            "...",
            "=>",
            ";",
            " ",
            "\n",
            "{{",
            "}}",
            "\\",
            "//",
            "/*",
            "*/",
            "if",
            "new ",
            "function",
            "class",
            "é",
            "😀",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

/// Expressions that are well-formed, to reach the evaluator.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "n",
        "s",
        "list",
        "obj",
        "customer",
        "nil",
        "missing",
        "yes",
        "hidden",
        "emoji",
        "none",
        "0",
        "1",
        "2.5",
        "'a'",
        "''",
        "true",
        "null",
        "undefined",
        "NaN",
        "[]",
        "({})",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let op = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "===", "!==", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??", "&",
            "|", "<<", ">>>", "in",
        ]);
        let method = prop::sample::select(vec![
            "at",
            "charAt",
            "charCodeAt",
            "codePointAt",
            "concat",
            "endsWith",
            "flat",
            "includes",
            "indexOf",
            "join",
            "lastIndexOf",
            "padEnd",
            "padStart",
            "repeat",
            "replace",
            "replaceAll",
            "slice",
            "split",
            "startsWith",
            "substr",
            "substring",
            "toFixed",
            "toLowerCase",
            "toReversed",
            "toUpperCase",
            "trim",
            "valueOf",
            "with",
        ]);
        let function = prop::sample::select(vec![
            "Array.isArray",
            "Boolean",
            "JSON.parse",
            "JSON.stringify",
            "Math.abs",
            "Math.round",
            "Math.trunc",
            "Number.isInteger",
            "Object.entries",
            "String",
            "base64",
            "decodeURIComponent",
            "encodeURI",
            "isNaN",
            "parseInt",
            "sha256",
            "str",
            "unbase64",
        ]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) ? {b} : {c}")),
            (prop::sample::select(vec!["!", "-", "+", "typeof "]), inner.clone())
                .prop_map(|(op, a)| format!("{op}({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})?.[{b}]?.a")),
            (inner.clone(), method.clone(), inner.clone())
                .prop_map(|(a, method, b)| format!("({a}).{method}({b})")),
            (inner.clone(), method, inner.clone(), inner.clone())
                .prop_map(|(a, method, b, c)| format!("({a})?.{method}?.({b}, {c})")),
            (function, inner.clone()).prop_map(|(function, a)| format!("{function}({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, ...[{b}]]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({{a: {a}, ...({b})}})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("`${{{a}}} and ${{{b}}}`")),
        ]
    })
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn parsing_answers_any_text(text in ".*", source in source()) {
        for text in [&text, &source] {
            let _ = Template::parse(text);
            if let Err(error) = Expression::parse(text) {
                prop_assert!(error.offset <= text.len());
                prop_assert!(text.is_char_boundary(error.offset));
            }
        }
    }

    #[test]
    fn rendering_answers_any_template(before in "[^{]*", source in source()) {
        if let Ok(template) = Template::parse(&format!("{before}{{{{{source}}}}}")) {
            let _ = template.render_text(&context());
            let _ = template.evaluate(&context());
        }
    }

    #[test]
    fn truth_and_value_agree(source in expression()) {
        let scope = context();
        let expression = Expression::parse(&source).unwrap();
        let value = expression.evaluate(&scope);
        let truthy = expression.is_truthy(&scope);
        prop_assert_eq!(value.as_ref().map(|_| ()), truthy.as_ref().map(|_| ()));
        if let (Ok(value), Ok(truthy)) = (value, truthy) {
            let expected = match &*value {
                // Infinity is true and has no JSON. Many a text leads to it, such as a hash that begins with 7e999.
                Value::Null => {
                    let infinite = Expression::parse(&format!("Math.abs({source}) === Infinity")).unwrap();
                    infinite.is_truthy(&scope).unwrap()
                }
                Value::Bool(value) => *value,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                _ => true,
            };
            prop_assert_eq!(truthy, expected, "{}", source);
        }
    }

    #[test]
    fn a_text_without_parts_is_itself(text in ".*") {
        prop_assume!(!text.contains("{{"));
        let template = Template::parse(&text).unwrap();
        prop_assert!(template.is_constant());
        prop_assert_eq!(template.render_text(&context()).unwrap(), text);
    }

    #[test]
    fn a_lone_path_is_the_same_value(value in json_value()) {
        let scope = Names::of(json!({"v": value, "holder": {"v": value}}));
        let found = Template::parse("{{ v }}").unwrap().evaluate(&scope).unwrap();
        prop_assert!(Arc::ptr_eq(&found, &scope.values["v"]));
        let member = Template::parse("{{ holder.v }}").unwrap().evaluate(&scope).unwrap();
        prop_assert_eq!(&*member, &value);
    }

    #[test]
    fn text_of_a_value_reads_back(value in json_value()) {
        let scope = Names::of(json!({"v": [value]}));
        let text = Template::parse("{{ v }}").unwrap().render_text(&scope).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert!(alike(&read, &scope.values["v"]), "{}", text);
    }

    #[test]
    fn json_without_parts_is_itself(value in json_value()) {
        prop_assume!(!value.to_string().contains("{{"));
        let template = JsonTemplate::parse(&value).unwrap();
        prop_assert!(template.is_constant());
        prop_assert_eq!(&*template.evaluate(&context()).unwrap(), &value);
    }
}

/// Whether two values are equal but for how a number is written (`1.0` reads back as `1`) and for the last bit of a
/// double, which `serde_json` may miss when it reads one.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= (a * 1e-15).abs(),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && alike(a, b))
        }
        _ => a == b,
    }
}
