//! No text of an author is anything but the inside of a function.

use flow_expr::ScriptFailureKind as Kind;

use crate::support::{expressions, failure_of, function, run, value, value_of};

#[test]
fn nothing_closes_the_brackets_around_it() {
    let escapes = [
        "1) ; evil(",
        "1 ); evil(); (1",
        "1]; evil(); [1",
        "1)}); evil(); (function(){return(1",
        "1]}); evil(); (function(){return[1",
        "1)})\nvar evil\n(function(){return(1",
        "1}",
        "1; 2",
        "1 /*",
        "`${1",
        "'",
        "/",
        "",
        "  ",
        "// only a comment",
        "return 1",
        "let x = 1",
        "x = 1",
        "1 <!-- /* \n), console.log('out'), ( */ 1",
        "function(){",
        "1,",
        "1 \u{0} 2",
        "...[1]",
        "a:1",
        "1) + (2",
        "1] + [2",
        "a) => (a",
        "`)`) + (`]`",
        "/[)]/) || (1",
        "\n--> )\n",
    ];
    for text in escapes {
        let outcome = run(&expressions(&[text]));
        let failure =
            outcome.failure.unwrap_or_else(|| panic!("{text:?} has the value {:?}", outcome.values));
        assert_eq!(failure.kind, Kind::Threw, "{text:?}: {failure}");
        assert!(!failure.message.contains("evil is not defined"), "{text:?}: {failure}");
        assert_eq!(outcome.logs, [], "{text:?}");
    }
}

#[test]
fn nothing_closes_the_function_around_it() {
    let escapes = [
        "}",
        "} evil(); {",
        "}); evil(); (async()=>{",
        "})(), console.log('out'), (async()=>{",
        "}, console.log('out'), async()=>{",
        "}}); evil(); (function(){async function body(){",
        "} console.log('out'); async function body2(){",
        "}\n[evil()]\n{",
        "}); return(async()=>{",
        "}(console.log('out')), async()=>{",
        "}\n(console.log('out')), async()=>{",
        "}\n`${console.log('out')}`, async()=>{",
        "}\n+console.log('out'), async()=>{",
        "}\n/1/g.test(console.log('out')), async()=>{",
        "}, function(){",
        "};{",
        "}async()=>{",
        "}\n--> {\nconsole.log('out')\n{",
        "return 1 /*",
        "return `${1",
        "import x from 'y'",
        "export default 1",
        "yield 1",
        "with ({}) {}",
        "undeclared = 1",
        "super.x",
        "\u{0}",
    ];
    for text in escapes {
        let outcome = run(&function(text));
        let failure =
            outcome.failure.unwrap_or_else(|| panic!("{text:?} has the value {:?}", outcome.values));
        assert_eq!(failure.kind, Kind::Threw, "{text:?}: {failure}");
        assert!(!failure.message.contains("evil is not defined"), "{text:?}: {failure}");
        assert_eq!(outcome.logs, [], "{text:?}");
    }
}

#[test]
fn what_only_looks_odd_is_fine() {
    let cases = [
        ("(1)\n", 1),
        ("1 // a comment", 1),
        ("/* ) */ 1", 1),
        ("[')', ']'].length", 2),
        ("/[)\\]]/.source.length", 5),
        ("(2, 1)", 1),
        ("\n\n1", 1),
        ("`${[1, 2].map(x => `${x})`)}`.length", 5),
        ("((a, b) => a + b)(1, 2)", 3),
    ];
    for (source, expected) in cases {
        assert_eq!(value(source), expected, "{source:?}");
    }
    assert_eq!(value_of(&function("/* } */ return '}' + `}`.length")), "}1");
}

#[test]
fn errors_have_their_place_in_the_authors_text() {
    let place = |source: &str| {
        let failure = failure_of(&expressions(&[source]));
        (failure.line, failure.column)
    };
    assert_eq!(place("nothing.x"), (Some(1), Some(1)));
    assert_eq!(place("[1].map(x =>\n  x.y.z)").0, Some(2));
    assert_eq!(place("'é😀' + nothing"), (Some(1), Some(8)));
    assert_eq!(place("1 +"), (Some(1), Some(4)));
    assert_eq!(place("[1,\n 2 2]").0, Some(2));
    assert_eq!(place("'a' + JSON.parse('{')").0, Some(1));
    assert_eq!(place("(() => { throw 1 })()"), (None, None));
    assert_eq!(place("0,\nnew Date(Symbol())").0, Some(2));

    let failure = failure_of(&function("const a = 1\n\n  throw new RangeError('no: ' + a)"));
    assert_eq!(failure.line, Some(3));
    assert_eq!(failure.message, "RangeError: no: 1");
    let failure = failure_of(&function("const a = 1\nconst a = 2\n"));
    assert_eq!(failure.line, Some(2), "{failure}");
    assert!(failure.message.starts_with("SyntaxError: "), "{failure}");
}
