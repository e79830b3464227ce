//! Random expressions that are evaluated natively.
//!
//! Where only what is documented sets JavaScript apart, its text calls a function of `harness.js` that says so; else
//! both texts are the same.

use super::{
    choices::Choices,
    paths::{call, is_in, path, read},
    samples::KEYS,
    source::Source,
    value::{NAMES, text},
    words::{BINARY, CONSTANTS, LITERALS, SHORT},
};

/// Any expression.
pub(super) fn any(choices: &mut Choices<'_>) -> Source {
    let depth = 1 + choices.below(4);
    expression(choices, depth)
}

/// An expression of that many levels at most.
pub(super) fn expression(choices: &mut Choices<'_>, depth: usize) -> Source {
    if depth == 0 {
        return leaf(choices);
    }
    match choices.below(20) {
        0 => leaf(choices),
        1..=3 => binary(choices, depth),
        4 => unary(choices, depth),
        5 => logical(choices, depth),
        6 => choice(choices, depth),
        7 => template(choices, depth),
        8 | 9 => array(choices, depth),
        10 => object(choices, depth),
        11 => is_in(choices, depth),
        12 | 13 => call(choices, depth),
        14 => read(choices, depth),
        _ => path(choices, depth),
    }
}

fn leaf(choices: &mut Choices<'_>) -> Source {
    match choices.below(8) {
        0..=3 => Source::same(choices.one_of(&NAMES)),
        4 | 5 => Source::same(choices.one_of(&LITERALS)),
        6 => Source::same(quoted(choices)),
        _ => Source::same(choices.one_of(&CONSTANTS)),
    }
}

pub(super) fn quoted(choices: &mut Choices<'_>) -> String {
    serde_json::to_string(&text(choices)).expect("a text is JSON")
}

/// An operand: in parentheses if it isn't short.
pub(super) fn operand(choices: &mut Choices<'_>, depth: usize) -> Source {
    let inner = expression(choices, depth - 1);
    if inner.native.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !inner.native.starts_with(|c: char| c.is_ascii_digit())
    {
        return inner;
    }
    let mut out = Source::same("(");
    out.add(&inner);
    out.push(")");
    out
}

fn binary(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = operand(choices, depth);
    for _ in 0..=choices.below(2) {
        let op = choices.one_of(&BINARY);
        out.push(&format!(" {op} "));
        out.add(&operand(choices, depth));
    }
    out
}

fn unary(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = Source::same(choices.one_of(&["!", "-", "+", "~", "typeof ", "void "]));
    out.add(&operand(choices, depth));
    out
}

fn logical(choices: &mut Choices<'_>, depth: usize) -> Source {
    let ops: &[&str] = if choices.once_in(3) { &["??"] } else { &["||", "&&"] };
    let mut out = operand(choices, depth);
    for _ in 0..=choices.below(2) {
        let op = choices.one_of(ops);
        out.push(&format!(" {op} "));
        out.add(&operand(choices, depth));
    }
    out
}

fn choice(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = operand(choices, depth);
    out.push(" ? ");
    out.add(&operand(choices, depth));
    out.push(" : ");
    out.add(&operand(choices, depth));
    out
}

fn template(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = Source::same("`");
    for _ in 0..=choices.below(2) {
        out.push(choices.one_of(&["", "a", "é😀", "\\n", " "]));
        out.push("${");
        out.add(&expression(choices, depth - 1));
        out.push("}");
    }
    out.push("`");
    out
}

/// Elements of an array, or arguments.
pub(super) fn items(choices: &mut Choices<'_>, depth: usize, most: usize) -> Source {
    let mut out = Source::default();
    for at in 0..choices.below(most + 1) {
        if at > 0 {
            out.push(", ");
        }
        match choices.below(12) {
            // What can be spread, and what mostly can't.
            9 => out.push(choices.one_of(&["...l", "...k", "...s", "...'a😀'", "...[]"])),
            10 if choices.once_in(3) => {
                out.push("...");
                out.add(&operand(choices, depth));
            }
            4..=8 => out.push(choices.one_of(&SHORT)),
            _ => out.add(&operand(choices, depth)),
        }
    }
    out
}

pub(super) fn array(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = Source::same("[");
    out.add(&items(choices, depth, 4));
    out.push("]");
    out
}

pub(super) fn object(choices: &mut Choices<'_>, depth: usize) -> Source {
    let mut out = Source::same("({ ");
    for _ in 0..choices.below(4) {
        match choices.below(5) {
            0 => out.push(
                choices.one_of(&["a: ", "b: ", "'x y': ", "1: ", "0: ", "1e21: ", "0x10: ", "length: "]),
            ),
            1 => {
                out.push("[");
                out.add(&expression(choices, depth - 1));
                out.push("]: ");
            }
            2 => {
                out.push(&format!("[{:?}]: ", choices.one_of(&KEYS)));
            }
            3 => {
                out.push("...");
                out.add(&operand(choices, depth).within("members"));
                out.push(", ");
                continue;
            }
            _ => {
                out.push(choices.one_of(&NAMES));
                out.push(", ");
                continue;
            }
        }
        out.add(&operand(choices, depth));
        out.push(", ");
    }
    out.push("})");
    out
}
