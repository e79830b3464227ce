//! A value of the flow hides what is built in, for both.

use std::sync::Arc;

use flow_expr::{Expression, ScriptFailureKind};
use serde_json::json;

use super::names::Names;
use crate::support::{expressions, run};

#[test]
fn names_of_the_flow_hide_what_is_built_in() {
    let scope =
        Names::of(&json!({"Math": {"PI": 5, "max": null}, "str": "text", "Number": null, "uuid": {"at": 1}}));
    for source in [
        "Math.PI",
        "Math?.E",
        "[Math, typeof Math, typeof Number]",
        "Math.max?.at(1)",
        "Math.max(1)",
        "Math.floor(1)",
        "str.trim()",
        "str(1)",
        "Number?.NaN",
        "Number.NaN",
        "Number('1')",
        "uuid()",
        "uuid.at",
        "uuid.at(0)",
        "String(Math)",
    ] {
        let native = Expression::parse(source).unwrap().evaluate(&scope);
        let mut script = expressions(&[source]);
        let names = scope.values.iter().map(|(name, value)| (name.as_str().into(), Arc::clone(value)));
        script.names = names.collect();
        let outcome = run(&script);
        match native {
            Ok(value) => assert_eq!(outcome.values, [(*value).clone()], "{source}"),
            Err(error) => {
                let failure = outcome.failure.unwrap_or_else(|| panic!("{source}: {error}"));
                assert_eq!(error.code(), "type_error", "{source}");
                assert_eq!(failure.kind, ScriptFailureKind::Threw, "{source}");
                assert!(failure.message.starts_with("TypeError"), "{source}: {failure}");
            }
        }
    }
}
