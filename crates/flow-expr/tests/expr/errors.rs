//! What evaluation errors say.

use serde_json::json;

use crate::support::{Names, context, eval, parsed, template};

#[test]
fn errors_quote_the_text_and_say_what_to_do() {
    let scope = context();
    for (source, code, message) in [
        (
            "customer.nothing.name",
            "type_error",
            "cannot read `name` of undefined (`customer.nothing` is undefined); write `?.` after `customer.nothing` \
             to get undefined instead (line 1, column 1)",
        ),
        (
            "1 +\n nil[0]",
            "type_error",
            "cannot read `0` of null (`nil` is null); write `?.` after `nil` to get undefined instead (line 2, column 2)",
        ),
        (
            "(nil?.a).b",
            "type_error",
            "cannot read `b` of undefined (`nil?.a` is undefined); write `?.` after `nil?.a` to get undefined instead \
             (line 1, column 2)",
        ),
        (
            "customer?.nothing.name",
            "type_error",
            "cannot read `name` of undefined (`customer?.nothing` is undefined); write `?.` after `customer?.nothing` \
             to get undefined instead (line 1, column 1)",
        ),
        (
            "custmer.name",
            "unknown_name",
            "nothing here is named `custmer` (line 1, column 1); did you mean `customer`?",
        ),
        (
            "Customer",
            "unknown_name",
            "nothing here is named `Customer` (line 1, column 1); did you mean `customer`?",
        ),
        (
            "s + entirelyElsewhere",
            "unknown_name",
            "nothing here is named `entirelyElsewhere` (line 1, column 5)",
        ),
        ("typo?.a", "unknown_name", "nothing here is named `typo` (line 1, column 1)"),
        ("typeof undeclared.a", "unknown_name", "nothing here is named `undeclared` (line 1, column 8)"),
        (
            "'a' + hidden",
            "type_error",
            "cannot use an object of `'a' + hidden` as text or number, because its own member `toString` is no \
             function; use one of its members (line 1, column 1)",
        ),
        (
            "[...n]",
            "type_error",
            "cannot spread `n` into an array, because it is neither an array nor a text; write `...(n ?? [])` if it \
             may be missing (line 1, column 5)",
        ),
    ] {
        let error = eval(source, &scope).expect_err(source);
        assert_eq!(error.code(), code, "{source}");
        assert_eq!(error.to_string(), message, "{source}");
    }
}

#[test]
fn what_javascript_throws_is_an_error() {
    let scope = context();
    for source in [
        "nil.a",
        "missing.a",
        "missing[0]",
        "missing[s]",
        "nil.length",
        "undefined.a",
        "null.a",
        "[][0].a",
        "({}).a.b",
        "missing.a?.b",
        "hidden + 1",
        "+hidden",
        "`${hidden}`",
        "hidden == 1",
        "hidden < 1",
        "[hidden] + ''",
        "obj[hidden]",
        "({[hidden]: 1})",
        "[...nil]",
        "[...missing]",
        "[...obj]",
        "[...yes]",
        "({toString: 1}) + ''",
    ] {
        assert_eq!(eval(source, &scope).expect_err(source).code(), "type_error", "{source}");
    }
}

#[test]
fn positions_in_a_template_count_from_its_start() {
    let error = template("é\n{{n}} {{ nil.a }}").render_text(&context()).unwrap_err();
    let place = error.place();
    assert_eq!((place.line, place.column, place.offset), (2, 10, 12));
}

#[test]
fn output_is_limited() {
    let scope = Names::of(json!({
        "text": "x".repeat(1 << 20),
        "list": vec![0; 1 << 19],
        "object": {"text": "y".repeat(1 << 20)},
    }));
    let many = |part: &str, by: &str| vec![part; 40].join(by);
    for source in [
        many("text", " + "),
        format!("`{}`", many("${text}", "")),
        format!("[{}]", many("object", ",")),
        format!("[{}]", many("...list", ",")),
        format!("[{}]", many("list", ",")),
        many("list", " + "),
        many("(list == '')", "|| "),
    ] {
        let error = eval(&source, &scope).expect_err(&source[..20]);
        assert_eq!(error.code(), "output_too_large");
    }
    let error = template(&many("{{text}}", " ")).render_text(&scope).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`text` makes more than 16 MiB of output (line 1, column 147); pass large values on whole, or take the part \
         that is needed"
    );
    assert_eq!(eval(&["text"; 15].join(" + "), &scope).unwrap().as_str().map(str::len), Some(15 << 20));
    // What is only looked at costs nothing.
    assert_eq!(*eval(&many("text.length", " + "), &scope).unwrap(), json!(40 << 20));
    assert_eq!(*eval(&format!("[{}].length", many("object", ",")), &scope).unwrap(), json!(40));
    assert_eq!(parsed(&many("text === object.text", " || ")).is_truthy(&scope), Ok(false));
    // A chain pays for its length, not for each of its links.
    let chain = format!("({} + {}).length", many("text", " + ").split_at(10 * 7 - 3).0, many("'a'", " + "));
    assert_eq!(*eval(&chain, &scope).unwrap(), json!((10 << 20) + 40));
}
