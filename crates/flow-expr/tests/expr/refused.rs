//! What is no expression, or is one that is not supported.

use flow_expr::{Expression, SyntaxErrorKind};

use crate::support::{parsed, refused};

#[test]
fn what_has_no_value_or_is_a_slip_is_named() {
    for (source, snippet, construct, column) in [
        ("x => x", "x => x", "a function", 1),
        ("function () { return 1 }", "function () { return 1 }", "a function", 1),
        ("async () => 1", "async () => 1", "a function", 1),
        ("class {}", "class {}", "a class", 1),
        ("a = 1", "a = 1", "an assignment (`===` compares)", 1),
        ("a.b += 1", "a.b += 1", "an assignment (`===` compares)", 1),
        ("a++", "a++", "an assignment", 1),
        ("--a", "--a", "an assignment", 1),
        ("a, b", "a, b", "a comma sequence (write one expression)", 1),
        ("this", "this", "`this`", 1),
        ("1n", "1n", "a BigInt, which JSON can't hold", 1),
        ("import('a')", "import('a')", "`import`", 1),
        ("list.map(x => import(x))", "import(x)", "`import`", 15),
        ("list.map(x => a = x)", "a", "an assignment to what the script was given", 15),
        ("f(a++)", "a", "an assignment to what the script was given", 3),
    ] {
        let error = refused(source);
        assert_eq!(error.kind, SyntaxErrorKind::Unsupported, "{source}: {error}");
        let start = format!("`{snippet}`: {construct}");
        assert!(error.message.starts_with(&start), "{source}: {error}");
        assert_eq!((error.line, error.column), (1, column), "{source}: {error}");
    }
}

#[test]
fn what_is_no_expression_is_a_syntax_error() {
    for (source, message) in [
        ("", "the expression is empty (line 1, column 1)"),
        (" \n", "the expression is empty (line 1, column 1)"),
        ("a; b", "not a JavaScript expression: Unexpected token at `;` (line 1, column 2)"),
        ("a b", "not a JavaScript expression: Unexpected token at `b` (line 1, column 3)"),
        ("a +", "not a JavaScript expression: Unexpected token at its end (line 1, column 4)"),
        ("if (a) b", "not a JavaScript expression: Unexpected token at `if` (line 1, column 1)"),
        ("var a", "not a JavaScript expression: Unexpected token at `var` (line 1, column 1)"),
        ("return a", "not a JavaScript expression: Unexpected token at `return` (line 1, column 1)"),
        ("'abc", "not a JavaScript expression: Unterminated string at `'abc` (line 1, column 1)"),
    ] {
        let error = refused(source);
        assert_eq!(error.kind, SyntaxErrorKind::Syntax, "{source}: {error}");
        assert_eq!(error.to_string(), message, "{source}");
    }
    for source in [
        "(",
        ")",
        "a)",
        "(a",
        "[1",
        "{",
        "}",
        "a.",
        ".a",
        "a..b",
        "a?.",
        "a ? b",
        "a ? b :",
        "1 +* 2",
        "a === ",
        "&& a",
        "`${a",
        "`a",
        "\"",
        "'a\nb'",
        "/* a",
        "-a ** 2",
        "a ?? b || c",
        "a || b ?? c",
        "1.a",
        "1a",
        "0x",
        "1__0",
        "{{a}}",
        "a }} b",
        "@",
        "#a",
        "a.#b",
        "\\u",
        "...a",
        "a => ",
        "'\\u{110000}'",
        "`\\u`",
        "let a = 1",
        "a!",
        "a as b",
        "<a/>",
        "const",
        "throw a",
        "super.a",
        "new.target",
        "yield a",
        "await a",
        "enum",
        "010",
        "09.5",
        "f(010)",
        "list.map(x => { let a; let a; })",
        "list.map((x, x) => x)",
        "list.map(x => { with (x) {} })",
        "list.map(x => { delete x; })",
        "list.map(x => { return })) ; (1",
        "/(/.test(a)",
        "list.map(x => { break })",
        "'\\1'",
        "'\\\\\\01'",
        "({ '\\8': 1 })",
    ] {
        let error = refused(source);
        assert_ne!(error.message, "", "{source}");
    }
}

#[test]
fn escapes_that_look_like_octal_ones_are_read() {
    for source in ["'\\0'", "'\\0a'", "'\\\\1'", "'1\\\\08'", "`\\0`"] {
        assert!(!parsed(source).is_script(), "{source}");
    }
}

#[test]
fn words_that_only_modules_reserve_are_names() {
    for source in
        ["package", "public.a", "interface", "static", "let", "of", "get", "async", "await", "yield", "type"]
    {
        let expression = parsed(source);
        assert_eq!(expression.free_names().len(), 1, "{source}");
    }
}

#[test]
fn free_names_are_every_use_in_order() {
    let expression = parsed("b.a + a[c] + typeof b + undefined + {d, [e]: f.g}.h");
    let names: Vec<_> = expression.free_names().iter().map(|name| (&*name.name, name.span.start)).collect();
    assert_eq!(names, [("b", 0), ("a", 6), ("c", 8), ("b", 20), ("d", 37), ("e", 41), ("f", 45)]);
    assert_eq!(expression.source(), "b.a + a[c] + typeof b + undefined + {d, [e]: f.g}.h");
}

#[test]
fn what_is_built_in_is_no_free_name() {
    let expression =
        parsed("Math.PI + Math.max(n, ...list) + String(s).trim() + uuid() + Number.EPSILON.toFixed(n)");
    let names: Vec<_> = expression.free_names().iter().map(|name| &*name.name).collect();
    assert_eq!(names, ["n", "list", "s", "n"]);
    // Not called, it is a name like any other.
    for (source, name) in
        [("uuid", "uuid"), ("str.trim()", "str"), ("Math.foo", "Math"), ("Date.now", "Date")]
    {
        let names: Vec<_> = parsed(source).free_names().to_vec();
        assert_eq!(names.len(), 1, "{source}");
        assert_eq!(&*names[0].name, name, "{source}");
    }
}

#[test]
fn expressions_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
    shared::<flow_expr::Template>();
    shared::<flow_expr::JsonTemplate>();
}
