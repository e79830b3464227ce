//! Expressions that a script engine evaluates: what it is asked, and what comes of its answer.

use flow_expr::{
    ChanceSource, Code, EvalError, Expression, JsonTemplate, Lookup, Scope, Script, ScriptCode,
    ScriptExpression, ScriptFailure, ScriptFailureKind, ScriptOutcome, Scripts, SyntaxErrorKind, Template,
};
use serde_json::{Value, json};

use crate::support::{Group, Names, context, parsed};

/// Names, and the scripts that are known.
struct World {
    names: Names,
    scripts: Scripts,
}

impl World {
    fn new(names: Value) -> Self {
        Self { names: Names::of(names), scripts: Scripts::new() }
    }

    fn wanted(&mut self) -> Script {
        self.scripts.wanted().expect("a script is wanted")
    }

    /// The outcome of the script that is wanted.
    fn answer(&mut self, values: &[Value]) {
        self.wanted();
        self.scripts.push(ScriptOutcome { values: values.to_vec(), ..ScriptOutcome::default() });
    }

    fn fail(&mut self, values: &[Value], failure: ScriptFailure) {
        self.wanted();
        self.scripts.push(ScriptOutcome {
            values: values.to_vec(),
            failure: Some(failure),
            logs: Vec::new(),
        });
    }
}

impl Scope for World {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        self.names.lookup(name)
    }

    fn names(&self) -> Vec<String> {
        self.names.names()
    }

    fn scripts(&self) -> Option<&Scripts> {
        Some(&self.scripts)
    }
}

fn is_pending<T: std::fmt::Debug>(result: Result<T, EvalError>) -> bool {
    matches!(result, Err(EvalError::ScriptPending { .. }))
}

fn sources(script: &Script) -> Vec<&str> {
    match &script.code {
        ScriptCode::Expressions(expressions) => {
            expressions.iter().map(|expression| &*expression.source).collect()
        }
        ScriptCode::Function(_) => panic!("no function is evaluated here"),
    }
}

/// What a script is given of the scope.
fn given(script: &Script) -> Value {
    script.names.iter().map(|(name, value)| (name.to_string(), (**value).clone())).collect()
}

fn failure(message: &str) -> ScriptFailure {
    ScriptFailure { kind: ScriptFailureKind::Threw, message: message.to_owned(), line: None, column: None }
}

#[test]
fn callbacks_regular_expressions_and_the_like_are_scripts() {
    for source in [
        "list.map(x => x.a)",
        "/a+/g.test(text)",
        "new Date(text).getTime()",
        "tag`a`",
        "[1,,2]",
        "({ f() { return 1 } }).f()",
        "a instanceof Date",
        "1 + f(x)",
        "s.localeCompare('a')",
        "list?.map(f)",
        "list.toReversed().sort()",
        "Math.log(1)",
        "Math[n](1)",
        "uuid?.()",
        "f(1).trim()",
        "n.toString(16)",
        "n.toString(...[2])",
        "JSON.parse(s, n)",
        "JSON.stringify(obj, ['a'])",
        "JSON.stringify(...[obj, ['a']])",
        "s.replace('a', String)",
        "s.replaceAll('1', Math.abs)",
        "s.replace(/a/g, 'b')",
        "s.replace('a', x => x)",
        "s.trim(x => x)",
        "(a.b?.()).c",
        "delete a.b",
        "({__proto__: a})",
        "'\\ud800'",
        "(() => { let a = 1; for (const x of list) { a += x } return a })()",
    ] {
        assert!(parsed(source).is_script(), "{source}");
    }
    for source in ["a.b", "`${a}`", "a > 1 ? b : c", "[...a]"] {
        assert!(!parsed(source).is_script(), "{source}");
    }
}

#[test]
fn a_script_is_asked_for_and_its_value_taken() {
    let mut world = World::new(json!({ "list": [1, 2], "other": 7 }));
    let expression = parsed("list.map(x => x + 1)");
    assert!(is_pending(expression.evaluate(&world)));
    let script = world.wanted();
    let code = ScriptExpression { source: "list.map(x => x + 1)".into(), chance_index: 0, as_truth: false };
    assert_eq!(script.code, ScriptCode::Expressions(vec![code]));
    assert_eq!(given(&script), json!({ "list": [1, 2] }), "no more than it names");
    assert!(is_pending(expression.evaluate(&world)), "still");
    world.answer(&[json!([2, 3])]);
    assert_eq!(*expression.evaluate(&world).unwrap(), json!([2, 3]));
    assert_eq!(world.scripts.wanted(), None);
}

#[test]
fn a_condition_asks_for_its_truth() {
    let mut world = World::new(json!({ "list": [] }));
    let expression = parsed("list.find(x => x)");
    assert!(is_pending(expression.is_truthy(&world)));
    let ScriptCode::Expressions(code) = world.wanted().code else { panic!("expressions") };
    assert!(code[0].as_truth);
    for (value, truth) in [(json!(true), true), (json!(false), false)] {
        let mut world = World::new(json!({ "list": [] }));
        assert!(is_pending(expression.is_truthy(&world)));
        world.answer(&[value]);
        assert_eq!(expression.is_truthy(&world).unwrap(), truth);
    }
}

#[test]
fn the_scripts_of_a_template_go_together() {
    let mut world = World::new(json!({ "list": [3, 1], "name": "Ada" }));
    let template =
        Template::parse("{{name}}: {{list.map(f => f)}} of {{ list.length }}, {{list.sort((a, b) => a)}}!");
    let template = template.unwrap();
    assert!(is_pending(template.evaluate(&world)));
    let script = world.wanted();
    assert_eq!(sources(&script), ["list.map(f => f)", "list.sort((a, b) => a)"]);
    assert!(is_pending(template.evaluate(&world)));
    world.answer(&[json!("x"), Value::Null]);
    assert_eq!(*template.evaluate(&world).unwrap(), json!("Ada: x of 2, !"), "null is nothing in a text");
}

#[test]
fn the_scripts_of_a_json_template_go_together() {
    let mut world = World::new(json!({ "list": [3, 1] }));
    let value =
        json!({ "a": ["{{list.map(a => a)}}", 1], "b": { "c": "n: {{list.map(b => b)}}" }, "d": "{{list}}" });
    let template = JsonTemplate::parse(&value).unwrap();
    assert!(is_pending(template.evaluate(&world)));
    let script = world.wanted();
    assert_eq!(sources(&script), ["list.map(a => a)", "list.map(b => b)"]);
    assert!(is_pending(template.evaluate(&world)));
    world.answer(&[json!({ "x": 1 }), json!([1.5])]);
    let value = template.evaluate(&world).unwrap();
    assert_eq!(*value, json!({ "a": [{ "x": 1 }, 1], "b": { "c": "n: [1.5]" }, "d": [3, 1] }));
}

#[test]
fn what_belongs_together_is_asked_for_one_after_the_other() {
    let mut world = World::new(json!({ "list": [1] }));
    let (first, second) = (parsed("list.some(x => x > 1)"), parsed("list.every(x => x > 0)"));
    let both = |world: &World| Ok::<_, EvalError>((first.is_truthy(world)?, second.is_truthy(world)?));
    assert!(is_pending(both(&world)));
    assert!(is_pending(both(&world)));
    world.answer(&[json!(false)]);
    assert!(is_pending(both(&world)));
    assert_eq!(sources(&world.wanted()), ["list.every(x => x > 0)"]);
    world.scripts = Scripts::new();
    assert!(is_pending(both(&world)));
    world.answer(&[json!(false)]);
    assert!(is_pending(both(&world)));
    world.answer(&[json!(true)]);
    assert_eq!(both(&world).unwrap(), (false, true));
}

#[test]
fn a_script_that_failed_tells_its_place() {
    let text = "Total:\n {{ list\n.map(x => x.y.z) }}";
    let template = Template::parse(text).unwrap();
    let mut world = World::new(json!({ "list": [1] }));
    assert!(is_pending(template.evaluate(&world)));
    world.fail(&[], ScriptFailure { line: Some(2), column: Some(11), ..failure("TypeError: no") });
    let error = template.evaluate(&world).unwrap_err();
    assert_eq!(error.code(), "script_error");
    assert_eq!(error.to_string(), "TypeError: no (line 3, column 11)");

    let mut world = World::new(json!({ "list": [1] }));
    let template = Template::parse("{{list.map(a)}} {{list.map(b => b)}}").unwrap();
    world.names.undefined.push("a");
    assert!(is_pending(template.evaluate(&world)));
    world.fail(&[json!(1)], failure("Error: second"));
    let error = template.evaluate(&world).unwrap_err();
    assert_eq!(error.to_string(), "Error: second (line 1, column 19)");
}

#[test]
fn an_engine_that_gives_too_little_is_an_error() {
    let mut world = World::new(json!({ "list": [1] }));
    let expression = parsed("list.map(x => x)");
    assert!(is_pending(expression.evaluate(&world)));
    world.answer(&[]);
    assert_eq!(expression.evaluate(&world).unwrap_err().code(), "script_crashed");
}

#[test]
fn without_an_engine_a_script_is_an_error() {
    let error = parsed("list.map(x => x)").evaluate(&context()).unwrap_err();
    assert_eq!(error.code(), "scripts_unavailable");
}

#[test]
fn a_script_gets_what_it_reads_and_no_more() {
    let names = json!({
        "a": { "b": { "c": [1, 2], "d": "big" }, "e": "text", "f": 1 },
        "list": [{ "x": 1 }],
        "text": "abc",
        "none": null,
    });
    for (source, wanted) in [
        ("a.b.c.map(x => x)", json!({ "a": { "b": { "c": [1, 2] } } })),
        ("a?.b?.c.map(x => x)", json!({ "a": { "b": { "c": [1, 2] } } })),
        ("(a.b).c.map(x => x)", json!({ "a": { "b": { "c": [1, 2] } } })),
        ("a.b.c.map(x => a.f + a.e.length)", json!({ "a": { "b": { "c": [1, 2] }, "f": 1, "e": "text" } })),
        ("a.b.c.map(x => a.b)", json!({ "a": { "b": { "c": [1, 2], "d": "big" } } })),
        ("a.b.hasOwnProperty('d')", json!({ "a": { "b": { "c": [1, 2], "d": "big" } } })),
        ("[1].map(x => a.missing)", json!({ "a": {} })),
        ("list[0].x.toPrecision(2)", json!({ "list": [{ "x": 1 }] })),
        ("list.length.toPrecision(2)", json!({ "list": [{ "x": 1 }] })),
        ("text.length.toPrecision(2)", json!({ "text": "abc" })),
        ("[1].map(x => none?.a)", json!({ "none": null })),
        ("[1].map(a => a.b)", json!({})),
        ("[1].map(function a() { return a.b })", json!({})),
        ("[1].map(x => { const { e } = a; return e })", given_whole(&names, "a")),
        ("Object.entries(a).map(x => x)", given_whole(&names, "a")),
        ("[1].map(x => a[text])", json!({ "a": names["a"], "text": "abc" })),
    ] {
        let mut world = World::new(names.clone());
        assert!(is_pending(parsed(source).evaluate(&world)), "{source}");
        assert_eq!(given(&world.wanted()), wanted, "{source}");
    }
}

fn given_whole(names: &Value, name: &str) -> Value {
    json!({ name: names[name] })
}

#[test]
fn of_a_group_only_the_members_are_given_that_are_named() {
    let group = || Group {
        members: [("first", json!({ "a": 1, "b": 2 }).into()), ("second", json!(2).into())].into(),
        undefined: vec!["third"],
    };
    let world = || {
        let mut world = World::new(json!({}));
        world.names.groups.insert("steps", group());
        world
    };
    for (source, wanted) in [
        ("[1].map(x => steps.first.b)", json!({ "steps": { "first": { "b": 2 } } })),
        ("[1].map(x => steps.third?.b)", json!({ "steps": {} })),
        ("Object.keys(steps).map(x => x)", json!({ "steps": { "first": { "a": 1, "b": 2 }, "second": 2 } })),
    ] {
        let mut world = world();
        assert!(is_pending(parsed(source).evaluate(&world)), "{source}");
        assert_eq!(given(&world.wanted()), wanted, "{source}");
    }
    let error = parsed("[1].map(x => steps.frist.b)").evaluate(&world()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing here is named `steps.frist` (line 1, column 14); did you mean `steps.first`?"
    );
}

#[test]
fn an_unknown_name_of_a_script_is_an_error_before_it_runs() {
    let world = World::new(json!({ "customer": 1 }));
    let error = parsed("[1].map(x => custmer)").evaluate(&world).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing here is named `custmer` (line 1, column 14); did you mean `customer`?"
    );
}

#[test]
fn a_name_without_a_value_exists_and_is_undefined() {
    let mut world = World::new(json!({}));
    world.names.undefined.push("later");
    assert!(is_pending(parsed("[1].map(x => later)").evaluate(&world)));
    assert_eq!(world.wanted().undefined, ["later".into()]);
}

#[test]
fn what_the_scope_has_wins_over_a_global_of_that_name() {
    let mut world = World::new(json!({ "Map": 1 }));
    assert!(is_pending(parsed("[1].map(x => Map + Set)").evaluate(&world)));
    let script = world.wanted();
    assert_eq!(given(&script), json!({ "Map": 1 }));
    assert_eq!(script.undefined, []);
}

#[test]
fn names_of_javascript_and_of_the_script_are_not_free() {
    let expression =
        parsed("list.reduce((sum, { price: p }) => sum + Math.max(p, floor), 0) + str(new Date(day))");
    let names: Vec<_> = expression.free_names().iter().map(|name| (&*name.name, name.span.clone())).collect();
    assert_eq!(names, [("list", 0..4), ("floor", 53..58), ("day", 79..82)]);
    let eval = parsed("[1].map(x => eval('1') + Function('1') + fetch(x))");
    let names: Vec<_> = eval.free_names().iter().map(|name| &*name.name).collect();
    assert_eq!(names, ["eval", "Function", "fetch"], "what could do harm isn't known");
}

#[test]
fn without_an_ambient_nothing_is_known_of_time_and_chance() {
    let mut world = World::new(json!({}));
    assert!(is_pending(parsed("[1].map(x => x)").evaluate(&world)));
    let script = world.wanted();
    assert_eq!((script.now_ms, script.chance), (0, ChanceSource { seed: 0, place: String::new() }));
}

#[test]
fn code_is_the_body_of_a_function() {
    let code =
        Code::parse("const n = inputs.n;\nif (!n) return null;\nawait helper();\nreturn { n };").unwrap();
    let names: Vec<_> = code.free_names().iter().map(|name| &*name.name).collect();
    assert_eq!(names, ["inputs", "helper"]);
    for (text, line, column, message) in [
        ("return 1\n + ;", 2, 4, "not JavaScript: Unexpected token"),
        ("}); evil(); (() => {", 1, 1, "not JavaScript"),
        ("const a = 1;\n  const a = 2;", 1, 7, "not JavaScript"),
        ("import fs from 'fs'", 1, 1, "a module's `import` or `export` is not supported here"),
        ("return 1\nexport const a = 1", 2, 1, "a module's `import` or `export` is not supported here"),
        ("return import('fs')", 1, 8, "`import` is not supported here"),
        ("inputs = 1", 1, 1, "an assignment to what the script was given"),
    ] {
        let error = Code::parse(text).unwrap_err();
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
    }
    assert_eq!(Code::parse(&"(".repeat(200)).unwrap_err().kind, SyntaxErrorKind::TooDeep);
    let long = format!("return '{}'", "x".repeat(flow_expr::CODE_LIMIT));
    assert_eq!(Code::parse(&long).unwrap_err().kind, SyntaxErrorKind::TooLong);
}

#[test]
fn the_longest_and_deepest_code_is_read() {
    let deep = |open: &str, close: &str| format!("return {}1{}", open.repeat(127), close.repeat(127));
    for text in [deep("(", ")"), deep("[", "]"), deep("{a:", "}"), deep("(() => ", ")()")] {
        let _ = Code::parse(&text);
    }
    for unit in ["a;", "a+", "a.", "!", "a(", "`${", "if(a)", "x=>", "-", "[", "/*", "a?b:", "async()=>", "/"]
    {
        let _ = Code::parse(&unit.repeat(flow_expr::CODE_LIMIT / unit.len()));
        let _ = Expression::parse(&unit.repeat(flow_expr::SOURCE_LIMIT / unit.len()));
    }
}
