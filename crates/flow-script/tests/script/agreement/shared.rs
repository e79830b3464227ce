//! The tables of the native evaluator's own tests, which say what Node.js makes of each expression, hold here too.

use serde_json::Value;

use crate::support::{expressions, value_of, with};

/// The rows that share a context.
const TOGETHER: usize = 200;

/// Where QuickJS is against ECMA-262: a text that is spread adds nothing to an object, and nothing can't be repeated
/// more than 2^31 times.
const OTHERWISE: [&str; 3] =
    ["({...nil, ...missing, ...n, ...s, ...yes})", "({...emoji})[3]", "''.repeat(2**40)"];

#[test]
fn quickjs_has_the_values_of_the_native_tables() {
    for table in [
        include_str!("../../../../flow-expr/tests/expr/array_methods.json"),
        include_str!("../../../../flow-expr/tests/expr/builtins.json"),
        include_str!("../../../../flow-expr/tests/expr/coercions.json"),
        include_str!("../../../../flow-expr/tests/expr/edges.json"),
        include_str!("../../../../flow-expr/tests/expr/expressions.json"),
        include_str!("../../../../flow-expr/tests/expr/text_methods.json"),
    ] {
        let rows: Vec<Value> = serde_json::from_str(table).expect("the table is JSON");
        for rows in rows.chunks(TOGETHER) {
            check(rows);
        }
    }
}

fn check(rows: &[Value]) {
    let functions: String = rows
        .iter()
        .map(|row| format!("() => (\n{}\n),", row["source"].as_str().expect("a row has a source")))
        .collect();
    // As `with_node.mjs` writes them.
    let source = format!(
        r#"[{functions}].map((evaluate) => {{
            try {{
                const value = evaluate();
                const wellFormed = (_, value) => (typeof value === "string" ? value.toWellFormed() : value);
                return {{ json: JSON.stringify(value, wellFormed) ?? "null", truthy: !!value }};
            }} catch (error) {{
                return {{ throws: error.name }};
            }}
        }})"#
    );
    let context: Value = serde_json::from_str(include_str!("../../../../flow-expr/tests/expr/context.json"))
        .expect("it is JSON");
    let names = context.as_object().expect("names have values").iter();
    let mut script =
        names.fold(expressions(&[&source]), |script, (name, value)| with(script, name, value.clone()));
    script.undefined.extend(["missing".into(), "a1".into()]);
    let found = value_of(&script);
    let differs =
        |row: &Value, found: &Value| ["json", "truthy", "throws"].iter().any(|key| row[key] != found[key]);
    let is_known = |row: &Value| OTHERWISE.iter().any(|source| row["source"] == *source);
    let wrong: Vec<String> = rows
        .iter()
        .zip(found.as_array().expect("each row has an outcome"))
        .filter(|(row, found)| differs(row, found) != is_known(row))
        .map(|(row, found)| format!("{row}\n  found {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
