//! Strings with `{{ }}` parts.

use flow_expr::{SyntaxErrorKind, Template};
use serde_json::{Value, json};

use crate::support::{context, rendered, template};

#[test]
fn a_lone_part_keeps_its_type() {
    let scope = context();
    for (text, expected) in [
        ("{{n}}", json!(3)),
        ("{{ n }}", json!(3)),
        ("{{\n n\n}}", json!(3)),
        ("{{list}}", json!([1, "two", null, [3, [4]], {"five": 5}])),
        ("{{missing}}", json!(null)),
        ("{{nil}}", json!(null)),
        ("{{1/0}}", json!(null)),
        ("{{ {a:{b:1}} }}", json!({"a": {"b": 1}})),
        ("{{{a:{b:1}}}}", json!({"a": {"b": 1}})),
        ("{{{n}}}", json!({"n": 3})),
        ("{{ [{a:1}] }}", json!([{"a": 1}])),
        ("{{ '}}' }}", json!("}}")),
        ("{{ \"{{ }}\" }}", json!("{{ }}")),
        ("{{ `}}${ {a: `}}`}.a }}}` }}", json!("}}}}}}")),
        ("{{ n /* }} */ }}", json!(3)),
        ("{{ n // }}\n }}", json!(3)),
        ("{{ n / 2 / 1 }}", json!(1.5)),
        ("{{ 'it\\'s }}' }}", json!("it's }}")),
    ] {
        assert_eq!(*template(text).evaluate(&scope).unwrap(), expected, "{text}");
    }
}

#[test]
fn other_templates_are_text() {
    let scope = context();
    for (text, expected) in [
        ("", ""),
        ("plain", "plain"),
        (" {{n}}", " 3"),
        ("{{n}} ", "3 "),
        ("{{n}}{{n}}", "33"),
        ("a{{s}}b", "ahellob"),
        ("<{{nil}}{{missing}}{{1/0}}{{NaN}}>", "<>"),
        ("{{yes}} {{half}} {{whole}} {{big}} {{huge}}", "true 0.5 1 9007199254740993 1e+21"),
        (
            r#"v={{ {n: whole, t: "a\"\n\u0001\\", l: [1.0, nil, missing]} }}"#,
            r#"v={"n":1,"t":"a\"\n\u0001\\","l":[1,null,null]}"#,
        ),
        ("{{customer.address}}.", r#"{"city":"Brno"}."#),
        (r"\{{n}}", "{{n}}"),
        (r"\{{ and {{n}}", "{{ and 3"),
        (r"\\{{n}}", r"\{{n}}"),
        (r#"{{"\\"}}{{n}}"#, r"\3"),
        (r"a\b {{n}}", r"a\b 3"),
        ("} }} }}} { {n}", "} }} }}} { {n}"),
        ("{{n}}}}", "3}}"),
        ("é😀{{accent}}😀", "é😀é😀"),
    ] {
        assert_eq!(*template(text).evaluate(&scope).unwrap(), Value::from(expected), "{text}");
        assert_eq!(rendered(text, &scope), expected, "{text}");
    }
}

#[test]
fn a_lone_part_can_be_shown_as_text() {
    let scope = context();
    assert_eq!(rendered("{{ nested }}", &scope), "[[1,2],[3]]");
    assert_eq!(rendered("{{ nil }}", &scope), "");
    assert_eq!(rendered("{{ s }}", &scope), "hello");
}

#[test]
fn free_names_have_their_places_in_the_whole_text() {
    let text = "é {{ a.b + `${c}` }} {{ {d, e: f[g]} }} {{ undefined }}";
    let template = template(text);
    let names: Vec<&str> = template.free_names().map(|name| &*name.name).collect();
    assert_eq!(names, ["a", "c", "d", "f", "g"]);
    for name in template.free_names() {
        assert_eq!(&text[name.span.clone()], &*name.name);
    }
}

#[test]
fn only_texts_without_parts_are_constant() {
    for (text, constant) in [("", true), ("a", true), (r"\{{a}}", true), ("{{1}}", false), ("a{{1}}", false)]
    {
        assert_eq!(template(text).is_constant(), constant, "{text}");
    }
}

#[test]
fn faults_have_their_places_in_the_whole_text() {
    for (text, offset, message) in [
        ("a {{ n", 2, r"`{{` is not closed by `}}`; write `\{{` for a literal `{{` (line 1, column 3)"),
        (
            "a {{ 'n }}",
            2,
            r"`{{` is not closed by `}}`, because the string in it does not end; write `\{{` for a literal `{{` (line 1, column 3)",
        ),
        (
            "{{ n // }}",
            0,
            r"`{{` is not closed by `}}`, because the comment in it does not end; write `\{{` for a literal `{{` (line 1, column 1)",
        ),
        ("{{ {a: 1 }}", 0, r"`{{` is not closed by `}}`; write `\{{` for a literal `{{` (line 1, column 1)"),
        ("é\né {{}}", 8, "the expression is empty (line 2, column 5)"),
        ("{{  }}", 2, "the expression is empty (line 1, column 3)"),
        (
            "é\n{{ n }} é {{ n + }}",
            21,
            "not a JavaScript expression: Unexpected token at its end (line 2, column 18)",
        ),
        ("x {{ n n }}", 7, "not a JavaScript expression: Unexpected token at `n` (line 1, column 8)"),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
        assert_eq!(error.offset, offset, "{text}");
        assert_eq!(error.kind, SyntaxErrorKind::Syntax, "{text}");
    }
}
