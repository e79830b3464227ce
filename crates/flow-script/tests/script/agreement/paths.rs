//! Calls, and reads of members.

use super::{
    choices::Choices,
    generate::{array, expression, items, object, operand, quoted},
    samples::KEYS,
    source::Source,
    words::{FUNCTIONS, METHODS},
};

pub(super) fn is_in(choices: &mut Choices<'_>, depth: usize) -> Source {
    let key = match choices.below(3) {
        0 => Source::same(format!("{:?}", choices.one_of(&KEYS))),
        _ => operand(choices, depth),
    };
    let owner = match choices.below(8) {
        0..=3 => Source::same(choices.one_of(&["o", "l", "k", "v"])),
        4 => array(choices, depth),
        5 | 6 => object(choices, depth),
        _ => operand(choices, depth),
    };
    Source {
        native: format!("{} in {}", key.native, owner.native),
        script: format!("isIn({}, {})", key.script, owner.script),
    }
}

pub(super) fn call(choices: &mut Choices<'_>, depth: usize) -> Source {
    // Hashes are as random as they are long, so there are few of them.
    let name = match choices.below(20) {
        0 => choices.one_of(&["sha256", "hmacSha256"]),
        _ => choices.one_of(&FUNCTIONS),
    };
    let mut out = Source::same(format!("{name}("));
    match name {
        "JSON.stringify" if choices.once_in(2) => {
            out.add(&operand(choices, depth));
            out.push(", null, ");
            out.add(&operand(choices, depth));
        }
        "JSON.parse" | "parseJson" if choices.once_in(2) => {
            out.push("str(");
            out.add(&operand(choices, depth));
            out.push(")");
        }
        "unbase64" if choices.once_in(2) => {
            out.push("base64(");
            out.add(&operand(choices, depth));
            out.push(")");
        }
        "JSON.stringify" | "JSON.parse" | "parseJson" | "str" => out.add(&operand(choices, depth)),
        _ => out.add(&items(choices, depth, 3)),
    }
    out.push(")");
    out
}

/// A value on which many methods can be called.
fn receiver(choices: &mut Choices<'_>, depth: usize, method: &str) -> Source {
    let names: &[&str] = match method {
        "flat" | "join" | "toReversed" | "with" => &["l", "k"],
        "toFixed" => &["n", "m"],
        "at" | "concat" | "includes" | "indexOf" | "lastIndexOf" | "slice" => &["s", "t", "l", "k"],
        _ => &["s", "t"],
    };
    match choices.below(6) {
        0..=2 => Source::same(choices.one_of(names)),
        3 if names.contains(&"s") => Source::same(format!("({})", quoted(choices))),
        3 if names.contains(&"l") => array(choices, depth),
        4 => {
            let mut out = Source::same(if names.contains(&"n") { "Number(" } else { "String(" });
            out.add(&operand(choices, depth));
            out.push(")");
            out
        }
        _ => operand(choices, depth),
    }
}

pub(super) fn path(choices: &mut Choices<'_>, depth: usize) -> Source {
    let method = choices.one_of(&METHODS);
    let mut out = receiver(choices, depth, method);
    method_call(choices, depth, method, &mut out);
    if choices.once_in(4) {
        let method = choices.one_of(&METHODS);
        method_call(choices, depth, method, &mut out);
    }
    out
}

fn method_call(choices: &mut Choices<'_>, depth: usize, method: &str, out: &mut Source) {
    let dot = if choices.once_in(8) { "?." } else { "." };
    let call = if choices.once_in(8) { "?.(" } else { "(" };
    match choices.below(20) {
        0 => out.push(choices.one_of(&[".toString()", "?.toString?.()", ".toString(10)", ".valueOf()"])),
        _ => {
            out.push(&format!("{dot}{method}{call}"));
            let most = if method == "repeat" || method.starts_with("pad") { 2 } else { 3 };
            out.add(&items(choices, depth, most));
            out.push(")");
        }
    }
}

/// A read of members, at the end of which a function or half of a surrogate pair may stand.
pub(super) fn read(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = match choices.below(4) {
        0 | 1 => Source::same(choices.one_of(&["o", "v", "l", "s"])),
        _ => operand(choices, depth),
    };
    if choices.once_in(3) {
        out.push(choices.one_of(&[".a", "?.b", "[0]", "['1']", "?.[1]", "?.['x y']"]));
    }
    let optional = choices.once_in(4);
    match choices.below(4) {
        0 => {
            out.push(if optional { "?." } else { "." });
            out.push(choices.one_of(&["length", "a", "b", "constructor", "__proto__", "toString", "name"]));
        }
        1 => {
            out.push(if optional { "?.[" } else { "[" });
            out.push(&format!("{:?}]", choices.one_of(&KEYS)));
        }
        _ => {
            out.push(if optional { "?.[" } else { "[" });
            out.add(&expression(choices, depth - 1));
            out.push("]");
        }
    }
    out.within("own")
}
