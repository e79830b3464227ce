//! How failures read.

use flow_expr::ScriptFailureKind as Kind;
use flow_script::Limits;

use crate::support::{assert_fails, expressions, failure, failure_of, function};

#[test]
fn whatever_is_thrown_is_told() {
    let cases = [
        ("(() => { throw new TypeError('bad') })()", "TypeError: bad"),
        ("(() => { throw new Error() })()", "Error"),
        ("(() => { throw 'text' })()", "threw \"text\""),
        ("(() => { throw { code: 5 } })()", "threw {code: 5}"),
        ("(() => { throw undefined })()", "threw undefined"),
        ("(() => { throw Object.assign(new Error('x'), { name: 'Mine' }) })()", "Mine: x"),
        ("(() => { throw new Proxy({}, { get() { throw 1 } }) })()", "threw [proxy]"),
        ("null.x", "TypeError: cannot read property 'x' of null"),
        ("({ toJSON() { throw new Error('json') } })", "Error: json"),
    ];
    for (source, message) in cases {
        let failure = failure(source);
        assert_eq!((failure.kind, failure.message.as_str()), (Kind::Threw, message), "{source}");
    }
    let rejected = failure_of(&function("await null; return Promise.reject(new Error('no'))"));
    assert_eq!((rejected.kind, rejected.message.as_str()), (Kind::Threw, "Error: no"));
}

#[test]
fn a_long_message_is_cut() {
    let failure = failure("(() => { throw new Error('é'.repeat(100000)) })()");
    assert!(failure.message.len() < 2_100 && failure.message.ends_with('…'), "{}", failure.message.len());
}

#[test]
fn an_error_that_does_harm_when_it_is_read_does_none() {
    let sources = [
        "(() => { const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); throw e })()",
        "(() => { const e = new Error('x'); Object.defineProperty(e, 'stack', { value: 'script:9999999999:1' }); throw e })()",
        "(() => { const e = new Error('x'); Object.defineProperty(e, 'name', { value: { toString() { throw 2 } } }); throw e })()",
    ];
    for source in sources {
        assert_fails(source, Kind::Threw, "Error");
    }
    let endless = "(() => { const e = new Error(); Object.defineProperty(e, 'name', { get() { for (;;); } }); throw e })()";
    let mut script = expressions(&[endless]);
    script.time_limit_ms = Some(50);
    assert_eq!(failure_of(&script).kind, Kind::TimedOut);
}

#[test]
fn what_is_too_large_to_come_out_says_so() {
    let limits = Limits { output_bytes: 100, ..Limits::default() };
    let outcome = flow_script::evaluate(&expressions(&["'x'.repeat(98)"]), &limits);
    assert_eq!(outcome.failure, None);
    for sources in [&["'x'.repeat(99)"][..], &["'x'.repeat(60)", "'x'.repeat(60)"]] {
        let outcome = flow_script::evaluate(&expressions(sources), &limits);
        assert_eq!(outcome.failure.unwrap().kind, Kind::OutputTooLarge, "{sources:?}");
    }
}

#[test]
fn no_promise_keeps_a_function_waiting() {
    for body in ["await new Promise(() => {})", "return new Promise(() => {})", "return { then() {} }"] {
        let failure = failure_of(&function(body));
        assert_eq!(failure.kind, Kind::NeverSettles, "{body}: {failure}");
    }
}
