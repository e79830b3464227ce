//! What `console` is told.

use flow_expr::{ScriptFailureKind as Kind, ScriptLog, ScriptLogLevel as Level};

use crate::support::{function, run};

fn lines(body: &str) -> Vec<ScriptLog> {
    let outcome = run(&function(body));
    assert_eq!(outcome.failure, None, "{body}");
    outcome.logs
}

fn line(values: &str) -> String {
    let mut lines = lines(&format!("console.log({values})"));
    assert_eq!(lines.len(), 1, "{values}");
    lines.remove(0).message
}

#[test]
fn each_method_has_its_level() {
    let body = "console.log('a'); console.info('b'); console.debug('c'); console.trace('d'); console.warn('e'); \
                console.error('f')";
    let expected = [
        (Level::Info, "a"),
        (Level::Info, "b"),
        (Level::Debug, "c"),
        (Level::Debug, "d"),
        (Level::Warn, "e"),
        (Level::Error, "f"),
    ];
    let expected = expected.map(|(level, message)| ScriptLog { level, message: message.to_owned() });
    assert_eq!(lines(body), expected);
}

#[test]
fn values_are_readable() {
    let cases = [
        ("'text', 1, true, null, undefined", "text 1 true null undefined"),
        ("{ a: [1, 'x', { b: null }] }", "{a: [1, \"x\", {b: null}]}"),
        ("10n, Symbol(), () => 1, NaN, -0", "10n [symbol] [function] NaN 0"),
        ("new TypeError('bad')", "TypeError: bad"),
        ("[new Error()]", "[Error]"),
        ("new Date(0)", "\"1970-01-01T00:00:00.000Z\""),
        ("(() => { const a = { n: 1 }; a.self = a; return a })()", "{n: 1, self: [circular]}"),
        ("{ get x() { throw 1 } }", "{[unreadable]"),
        ("[[[[[[[1]]]]]]]", "[[[[[[…]]]]]]"),
        ("Promise.resolve(1), new Proxy({}, {})", "[promise] [proxy]"),
        ("'\\ud800'", "\u{fffd}"),
        ("", ""),
    ];
    for (values, expected) in cases {
        assert_eq!(line(values), expected, "{values}");
    }
}

#[test]
fn what_is_too_much_is_cut_with_a_word() {
    let many = lines("for (let i = 0; i < 5000; i++) console.log(i)");
    assert_eq!(many.len(), 1_001);
    assert_eq!(many[999].message, "999");
    assert_eq!(many[1_000].level, Level::Warn);
    assert!(many[1_000].message.contains("the rest was cut"));

    let long = lines("console.log('é'.repeat(50000)); console.log('after')");
    assert_eq!((long.len(), long[0].message.len()), (2, 64 << 10));
    assert!(long[1].message.contains("the rest was cut"));

    let wide = lines("console.log(new Array(1e6).fill({ a: 1 }))");
    assert_eq!(wide.len(), 2);
}

#[test]
fn lines_before_a_failure_are_kept() {
    let outcome = run(&function("console.log('here'); nothing()"));
    assert_eq!(outcome.failure.map(|failure| failure.kind), Some(Kind::Threw));
    assert_eq!(outcome.logs[0].message, "here");
}

#[test]
fn a_value_that_writes_lines_while_it_is_shown_stops() {
    let outcome = run(&function("const a = { get x() { console.log(a); return 1 } }; console.log(a)"));
    let kinds = outcome.failure.map(|failure| failure.kind);
    assert!(matches!(kinds, None | Some(Kind::OutOfMemory)), "{kinds:?}");
    assert!(outcome.logs.len() <= 1_001);
}
