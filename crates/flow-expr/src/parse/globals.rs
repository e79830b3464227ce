//! The names that every script has: JavaScript's own, and the functions of the flow language.

/// What the flow language adds to JavaScript.
const FUNCTIONS: [&str; 9] =
    ["base64", "getDate", "hmacSha256", "parseJson", "resumeUrl", "sha256", "str", "unbase64", "uuid"];

/// JavaScript's own, but those that make code of texts, share memory, or wait for what a script has not.
const JAVASCRIPT: [&str; 53] = [
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "Error",
    "EvalError",
    "Float32Array",
    "Float64Array",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
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
    "console",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "undefined",
    "unescape",
];

/// Whether a script finds the name without being given it.
pub(crate) fn is_global(name: &str) -> bool {
    FUNCTIONS.contains(&name) || JAVASCRIPT.contains(&name)
}
