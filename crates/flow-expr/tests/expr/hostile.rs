//! Inputs made to break the parser or the evaluator. Each must be answered, in time, on a small stack.

use std::{
    thread,
    time::{Duration, Instant},
};

use flow_expr::{Expression, NESTING_LIMIT, SOURCE_LIMIT, SyntaxErrorKind, Template};
use serde_json::json;

use crate::support::{Names, context, eval, refused};

/// The stack of a thread of the server.
const STACK: usize = 2 * 1024 * 1024;

fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(test).expect("a thread starts");
    thread.join().expect("the test passes on its thread");
}

fn filled(part: &str) -> String {
    part.repeat(SOURCE_LIMIT / part.len())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "measures how long the answer takes")]
fn endless_repetition_is_answered() {
    const PARTS: &[&str] = &[
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "!",
        "~",
        "-",
        "- ",
        "+",
        "+ ",
        "--",
        "a?",
        "a?b:",
        "a?b:(",
        "a**",
        "a=",
        "a=>",
        "()=>",
        "a=>{",
        "`${",
        "`",
        "'",
        "\"",
        "/",
        "/*",
        "//\n",
        "/a",
        "a/",
        "...",
        "[...",
        "({a:",
        "{a:",
        "({[",
        "a[",
        "a.",
        "a?.",
        "a?.[",
        "a(",
        "f(a,",
        "new ",
        "new a(",
        "typeof ",
        "void ",
        "await ",
        "yield ",
        "delete ",
        "async ",
        "async a=>",
        "async(",
        "function(){",
        "function f(a=",
        "()=>{if(a)",
        "if(a)",
        "if(a);else ",
        "class extends ",
        "class{a=",
        "class{[",
        "class{static{",
        "(a,",
        "(a=",
        "(a=(",
        "({a=",
        "[a=",
        "(a=>",
        "((a)=>",
        "(a)?(",
        "a?(b)=>(",
        "a,",
        "a;",
        "1",
        "1.",
        "1e",
        "0x",
        "\\u",
        "\\",
        "#",
        "@",
        "<",
        "<a>",
        "<!--",
        "-->",
        "a<",
        "a<b>(",
        "a&&",
        "a||",
        "a??",
        "a+",
        "a-",
        "a===",
        "a in ",
        "in ",
        "a instanceof ",
        "import(",
        "import ",
        "super.",
        "this.",
        "é",
        "😀",
        "\u{2028}",
        "\n",
        "\t",
        "\0",
        "${",
        "a||b&&c|d^e&f==g<h<<i+j*(",
        "a||b&&c|d^e&f==g<h<<i+j*!(",
        "()=>{do ",
        "()=>{a:",
        "()=>{for(;;)",
        "()=>{while(a)",
        "()=>{with(a)",
        "()=>{try{",
        "()=>{switch(a){case ",
        "()=>{let a=",
        "()=>{let[a=",
        "()=>{let{a=",
        "({get a(){",
        "({async*a(){",
        "function*(){yield ",
        "async()=>{await ",
        "a`${",
        "`${a}",
        "a`",
        "!(",
        "-(",
        "typeof(",
        "a?.b(",
        "a.trim().",
        "a?.at(",
        "Math.max(",
        "Math.max(a,",
        "str(",
        "a.at(...",
        "a.concat(a).",
        "a&",
        "a>>>",
    ];
    on_small_stack(|| {
        let scope = context();
        for part in PARTS {
            let start = Instant::now();
            for source in [
                filled(part),
                format!("()=>{{{}", filled(part)),
                format!("{}a", part.repeat(NESTING_LIMIT / 3)),
            ] {
                if let Ok(expression) = Expression::parse(&source) {
                    let _ = expression.evaluate(&scope);
                }
                let _ = Template::parse(&format!("{{{{ {source} }}}}"));
            }
            assert!(start.elapsed() < Duration::from_secs(5), "{part} takes {:?}", start.elapsed());
        }
    });
}

/// Texts that a scanner which doesn't parse takes for a string or a regular expression, so that it sees no brackets.
#[test]
fn hidden_nesting_is_answered() {
    on_small_stack(|| {
        for hide in [
            "await /",
            "yield /",
            "x => {} /'/",
            "({f(){ {} /'/",
            "a /'/ b /",
            "<!-- `\n",
            "<!-- '\n",
            "-->'\n",
            "a\n--> `\n",
            "#!`\n",
        ] {
            for open in ["(", "[", "({a:", "!", "typeof\u{feff}", "typeof\u{a0}", "a?b:", "`${"] {
                let _ = Expression::parse(&format!(
                    "{hide}{}",
                    open.repeat((SOURCE_LIMIT - hide.len()) / open.len())
                ));
            }
        }
    });
}

#[test]
fn length_and_nesting_are_limited() {
    on_small_stack(|| {
        let long = refused(&"a".repeat(SOURCE_LIMIT + 1));
        assert_eq!(long.kind, SyntaxErrorKind::TooLong);
        assert_eq!(
            long.to_string(),
            "the expression has 16385 bytes, and 16384 are allowed; compute parts of it in steps of their own \
             (line 1, column 1)"
        );
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("!", ""),
            ("- ", ""),
            ("a?b:", ""),
            ("a**", ""),
            ("`${", "}`"),
            ("({a:", "})"),
            ("a[", "]"),
        ] {
            let nested = |levels| format!("{}a{}", open.repeat(levels), close.repeat(levels));
            let error = refused(&nested(2600));
            assert_eq!(error.kind, SyntaxErrorKind::TooDeep, "{open}: {error}");
            assert!(
                error.to_string().starts_with("the expression is nested more than 128 levels deep"),
                "{error}"
            );
            let scope = Names::of(json!({"a": 1, "b": 2}));
            if let Err(error) = eval(&nested(60), &scope) {
                assert_eq!(error.code(), "type_error", "{open}: {error}");
            }
        }
    });
}

#[test]
fn the_deepest_that_is_allowed_is_evaluated() {
    on_small_stack(|| {
        let scope = Names::of(json!({"a": 1}));
        let levels = NESTING_LIMIT - 1;
        let nested = |open: &str, close: &str| format!("{}a{}", open.repeat(levels), close.repeat(levels));
        eval(&nested("!", ""), &scope).unwrap();
        eval(&nested("[", "]"), &scope).unwrap();
        eval(&nested("a?a:", ""), &scope).unwrap();
        eval(&nested("`${", "}`"), &scope).unwrap();
        eval(&nested("Math.max(", ")"), &scope).unwrap();
        eval(&nested("String(", ")"), &scope).unwrap();
        eval(&nested("'a'.concat(", ")"), &scope).unwrap();
    });
}

#[test]
fn long_flat_chains_are_no_nesting() {
    on_small_stack(|| {
        let scope = Names::of(json!({"a": 1, "o": {"a": null}}));
        let parts = |part: &str, by: &str| vec![part; 3000].join(by);
        assert_eq!(*eval(&parts("a", "+"), &scope).unwrap(), json!(3000));
        assert_eq!(*eval(&parts("a", "&&"), &scope).unwrap(), json!(1));
        assert_eq!(eval(&format!("[{}]", parts("a", ",")), &scope).unwrap().as_array().unwrap().len(), 3000);
        assert_eq!(*eval(&format!("o?.{}", parts("a", "?.")), &scope).unwrap(), json!(null));
        assert_eq!(*eval(&format!("a{}", "?.[a]".repeat(3000)), &scope).unwrap(), json!(null));
    });
}

#[test]
fn long_chains_of_calls_are_no_nesting() {
    on_small_stack(|| {
        let scope = context();
        assert_eq!(*eval(&format!("s{}", ".trim()".repeat(2000)), &scope).unwrap(), json!("hello"));
        assert_eq!(*eval(&format!("s{}", "?.at?.(0)".repeat(1500)), &scope).unwrap(), json!("h"));
        assert_eq!(*eval(&format!("list{}.length", ".concat()".repeat(1500)), &scope).unwrap(), json!(5));
    });
}

#[test]
#[expect(clippy::disallowed_methods, reason = "measures how long the answer takes")]
fn calls_that_would_make_too_much_are_refused() {
    let scope = Names::of(json!({
        "text": "ab".repeat(1 << 19),
        "commas": ",".repeat(1 << 20),
        "brackets": "[".repeat(100_000),
        "list": vec![0; 1 << 19],
        "texts": vec!["x".repeat(1 << 10); 1 << 10],
    }));
    for source in [
        "'a'.repeat(1e9)",
        "'a'.repeat(2 ** 53)",
        "'ab'.repeat(2 ** 31).length",
        "text.repeat(17)",
        "'x'.padStart(1e9)",
        "'x'.padEnd(2 ** 53 - 1, 'ab')",
        "'x'.padEnd(Infinity)",
        "text.replaceAll('', text)",
        "text.replaceAll('a', \"$'\")",
        "text.replaceAll('a', '$`')",
        "text.replaceAll('', '$`')",
        "text.replaceAll('a', '-'.repeat(100))",
        "text.replace('a', text.repeat(10)).replace('b', '$`$`$`' + \"$'$'\")",
        "text.concat(...texts, ...texts, ...texts).repeat(9)",
        "texts.join(text)",
        "list.join('-'.repeat(100))",
        "texts.concat(texts, texts).join('').concat(text.repeat(13))",
        "Array.isArray([list, list, list, list, list].flat())",
        "list.concat(list, list, list)",
        "text.split('').concat(text.split('')).length",
        "(text + text + text).split('').length",
        "JSON.parse('[' + commas + commas + ']')",
        "JSON.stringify([texts, texts, texts, texts, texts, texts, texts, texts], null, 10).repeat(3)",
        "encodeURIComponent(commas + commas + commas + commas + commas)",
        "base64(text.repeat(9))",
        "list.toReversed().toReversed().toReversed().toReversed().toReversed()",
        "Object.entries(list)",
    ] {
        let start = Instant::now();
        match eval(source, &scope) {
            Err(error) => assert_eq!(error.code(), "output_too_large", "{source}: {error}"),
            Ok(_) => panic!("{source} is accepted"),
        }
        assert!(start.elapsed() < Duration::from_secs(3), "{source} takes {:?}", start.elapsed());
    }
    assert_eq!(eval("JSON.parse(brackets)", &scope).unwrap_err().code(), "invalid_json");
    assert_eq!(*eval("''.repeat(2 ** 40)", &scope).unwrap(), json!(""));
    // Looking costs nothing, and takes time in proportion.
    let looks = vec!["text.indexOf('abb') + text.lastIndexOf('aa') + list.indexOf(1)"; 50].join(" + ");
    let start = Instant::now();
    assert_eq!(*eval(&looks, &scope).unwrap(), json!(-150));
    let bad = "'a'.repeat(1 << 20).includes('a'.repeat(1 << 19) + 'b')";
    assert_eq!(*eval(bad, &scope).unwrap(), json!(false));
    assert!(start.elapsed() < Duration::from_secs(5), "takes {:?}", start.elapsed());
}

#[test]
fn long_names_and_keys_are_cut_in_messages() {
    let scope = context();
    let name = "n".repeat(10_000);
    for source in
        [format!("nil['{name}']"), format!("{name}.a"), format!("nil.{name}"), format!("[...[{name}]]")]
    {
        let _ = eval(&source, &scope).unwrap_err();
    }
    assert!(refused(&format!("{name} = 1")).to_string().len() < 400);
}
