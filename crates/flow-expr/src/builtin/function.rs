//! The functions and constants that are global, by the path to them.

use super::{Call, Outcome, Shape, flow, json, math, number, object, uri};

type OnArguments = for<'a> fn(Call<'a, '_>) -> Outcome<'a>;

/// A global function.
#[derive(Debug)]
pub(crate) struct Function {
    /// The path to it, such as `Math.max`.
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) call: OnArguments,
}

impl Function {
    /// The global name that the path begins with.
    pub(crate) fn root(&self) -> &'static str {
        root(self.name)
    }
}

fn root(path: &'static str) -> &'static str {
    path.split_once('.').map_or(path, |(root, _)| root)
}

const fn of(name: &'static str, call: OnArguments) -> Function {
    Function { name, shape: Shape::Any, call }
}

static FUNCTIONS: &[Function] = &[
    of("Array.isArray", object::is_array),
    of("Boolean", object::boolean),
    of("Date.now", flow::now),
    Function { shape: Shape::One, ..of("JSON.parse", flow::parse_json) },
    Function { shape: Shape::Json, ..of("JSON.stringify", json::stringify) },
    of("Math.abs", math::abs),
    of("Math.cbrt", math::cbrt),
    of("Math.ceil", math::ceil),
    of("Math.floor", math::floor),
    of("Math.max", math::max),
    of("Math.min", math::min),
    of("Math.pow", math::pow),
    of("Math.random", flow::random),
    of("Math.round", math::round),
    of("Math.sign", math::sign),
    of("Math.sqrt", math::sqrt),
    of("Math.trunc", math::trunc),
    of("Number", number::number),
    of("Number.isFinite", number::is_finite_number),
    of("Number.isInteger", number::is_integer),
    of("Number.isNaN", number::is_nan_number),
    of("Number.isSafeInteger", number::is_safe_integer),
    of("Number.parseFloat", number::parse::parse_float),
    of("Number.parseInt", number::parse::parse_int),
    of("Object.entries", object::entries),
    of("Object.keys", object::keys),
    of("Object.values", object::values),
    of("String", object::string),
    of("base64", flow::base64),
    of("decodeURI", uri::decode_uri),
    of("decodeURIComponent", uri::decode_component),
    of("encodeURI", uri::encode_uri),
    of("encodeURIComponent", uri::encode_component),
    of("getDate", flow::get_date),
    of("hmacSha256", flow::hmac_sha256),
    of("isFinite", number::is_finite),
    of("isNaN", number::is_nan),
    of("parseFloat", number::parse::parse_float),
    of("parseInt", number::parse::parse_int),
    Function { shape: Shape::One, ..of("parseJson", flow::parse_json) },
    of("resumeUrl", flow::resume_url),
    of("sha256", flow::sha256),
    Function { shape: Shape::One, ..of("str", json::str) },
    of("unbase64", flow::unbase64),
    of("uuid", flow::uuid),
];

static CONSTANTS: &[(&str, f64)] = &[
    ("Math.E", std::f64::consts::E),
    ("Math.LN10", std::f64::consts::LN_10),
    ("Math.LN2", std::f64::consts::LN_2),
    ("Math.LOG10E", std::f64::consts::LOG10_E),
    ("Math.LOG2E", std::f64::consts::LOG2_E),
    ("Math.PI", std::f64::consts::PI),
    ("Math.SQRT1_2", std::f64::consts::FRAC_1_SQRT_2),
    ("Math.SQRT2", std::f64::consts::SQRT_2),
    ("Number.EPSILON", f64::EPSILON),
    ("Number.MAX_SAFE_INTEGER", 9_007_199_254_740_991.0),
    ("Number.MAX_VALUE", f64::MAX),
    ("Number.MIN_SAFE_INTEGER", -9_007_199_254_740_991.0),
    // The least number of all, which isn't normal.
    ("Number.MIN_VALUE", 5e-324),
    ("Number.NEGATIVE_INFINITY", f64::NEG_INFINITY),
    ("Number.NaN", f64::NAN),
    ("Number.POSITIVE_INFINITY", f64::INFINITY),
];

/// The function at a path, if it is native.
pub(crate) fn function(path: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == path)
}

/// The constant at a path, if there is one.
pub(crate) fn constant(path: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(name, _)| *name == path).map(|(_, value)| *value)
}
