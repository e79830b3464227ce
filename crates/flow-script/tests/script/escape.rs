//! There is no way out, and little inside.

use flow_expr::ScriptFailureKind as Kind;
use serde_json::json;

use crate::support::{assert_fails, expressions, failure_of, function, run, value, value_of};

#[test]
fn what_makes_code_of_text_isnt_there() {
    let sources = [
        "eval('1')",
        "(0, eval)('1')",
        "new Function('return 1')()",
        "globalThis.Function('return 1')()",
        "(() => {}).constructor('return 1')()",
        "Object.getPrototypeOf(() => {}).constructor('return 1')()",
        "Object.getPrototypeOf(function* () {}).constructor('yield 1')().next()",
        "(async () => {}).constructor('return 1')()",
        "(async function* () {}).constructor('return 1')()",
        "str.constructor('return 1')()",
        "console.log.constructor('return 1')()",
        "Date.constructor('return 1')()",
        "[].map.constructor('return 1')()",
        "Reflect.construct(Function, ['return 1'])()",
        "[]['filter']['constructor']('return 1')()",
        "Object.getPrototypeOf(class {}).constructor('return 1')()",
        "Object.getOwnPropertyDescriptor({ get x() {} }, 'x').get.constructor('return 1')()",
        "(function () {}).bind().constructor('return 1')()",
        "setTimeout('1')",
    ];
    for source in sources {
        let failure = failure_of(&expressions(&[source]));
        assert_eq!(failure.kind, Kind::Threw, "{source}: {failure}");
    }
}

/// The name that is added to a list here wants a reason.
#[test]
fn the_global_names_are_these() {
    let names = value("Object.getOwnPropertyNames(globalThis).sort()");
    let expected = json!([
        "AggregateError",
        "Array",
        "ArrayBuffer",
        "AsyncDisposableStack",
        "BigInt",
        "BigInt64Array",
        "BigUint64Array",
        "Boolean",
        "DataView",
        "Date",
        "DisposableStack",
        "Error",
        "EvalError",
        "Float16Array",
        "Float32Array",
        "Float64Array",
        "Infinity",
        "Int16Array",
        "Int32Array",
        "Int8Array",
        "InternalError",
        "Iterator",
        "JSON",
        "Map",
        "Math",
        "NaN",
        "Number",
        "Object",
        "Promise",
        "Proxy",
        "RangeError",
        "ReferenceError",
        "Reflect",
        "RegExp",
        "Set",
        "String",
        "SuppressedError",
        "Symbol",
        "SyntaxError",
        "TypeError",
        "URIError",
        "Uint16Array",
        "Uint32Array",
        "Uint8Array",
        "Uint8ClampedArray",
        "WeakMap",
        "WeakSet",
        "base64",
        "console",
        "decodeURI",
        "decodeURIComponent",
        "encodeURI",
        "encodeURIComponent",
        "escape",
        "getDate",
        "globalThis",
        "hmacSha256",
        "isFinite",
        "isNaN",
        "parseFloat",
        "parseInt",
        "parseJson",
        "resumeUrl",
        "sha256",
        "str",
        "unbase64",
        "undefined",
        "unescape",
        "uuid",
    ]);
    assert_eq!(names, expected);
}

#[test]
fn nothing_is_imported() {
    let failure = failure_of(&function("return (await import('fs')).default"));
    assert_eq!(failure.kind, Kind::Threw, "{failure}");
    let failure = failure_of(&function("return import.meta"));
    assert_eq!(failure.kind, Kind::Threw, "{failure}");
}

#[test]
fn errors_tell_nothing_of_the_host() {
    let source = "(() => { const seen = []; \
                  Object.defineProperty(Error, 'prepareStackTrace', { value: (e, frames) => { seen.push(frames) } }); \
                  Error.stackTraceLimit = {}; Error.stackTraceLimit = {}; \
                  try { null.x } catch (e) { e.stack } \
                  return [seen.length, typeof Error.captureStackTrace] })()";
    assert_eq!(value(source), json!([0, "undefined"]));
    let stack = value("[1].map(() => new Error('x').stack)[0]");
    let stack = stack.as_str().unwrap();
    assert!(stack.lines().all(|line| line.contains("(script:") || line.contains("(native)")), "{stack}");
    for source in ["str.toString()", "Date.toString()", "Math.random + ''", "console.log + ''"] {
        assert!(value(source).as_str().unwrap().contains("[native code]"), "{source}");
    }
}

#[test]
fn tampering_with_what_the_host_uses_hurts_only_oneself() {
    let bodies = [
        "Object.prototype.toJSON = () => 'mine'; return { a: 1 }",
        "Object.defineProperty(Object.prototype, 'then', { get() { throw new Error('then') } }); return { a: 1 }",
        "Promise.prototype.then = () => { throw new Error('then') }; return 1",
        "Object.defineProperty(Object.prototype, 'now', { get() { throw 1 } }); return Date.now() > 0",
        "Function.prototype.call = Function.prototype.apply = () => 'mine'; return str([1])",
        "Array.prototype[Symbol.iterator] = () => { throw 1 }; return sha256('').length",
        "globalThis.undefined = 1",
        "Object.freeze(globalThis); return 1",
        "Object.setPrototypeOf(globalThis, new Proxy({}, { get() { throw new Error('get') } })); return missing",
        "Symbol.prototype[Symbol.toPrimitive] = () => { throw 1 }; return 1",
    ];
    for body in bodies {
        let outcome = run(&function(body));
        assert!(outcome.values.len() == 1 || outcome.failure.is_some(), "{body}");
        assert_eq!(value_of(&function("return [1, 2].map(x => x * 2)")), json!([2, 4]), "after {body}");
    }
}

#[test]
fn a_weak_reference_or_shared_memory_isnt_there() {
    for name in
        ["WeakRef", "FinalizationRegistry", "SharedArrayBuffer", "Atomics", "WebAssembly", "setTimeout"]
    {
        assert_eq!(value(&format!("typeof {name}")), "undefined", "{name}");
        assert_fails(&format!("{name}.x"), Kind::Threw, "ReferenceError");
    }
}
