//! Random calculations with numbers, and texts that depend on them.

use super::{choices::Choices, source::Source};

/// A calculation, to the last bit and with the sign of zero.
pub(super) fn calculation(choices: &mut Choices<'_>) -> Source {
    let formula = choices.one_of(&[
        "n ** m",
        "Math.pow(m, n)",
        "n ** (m % 30)",
        "Math.cbrt(n)",
        "Math.sqrt(n)",
        "Math.round(n)",
        "Math.round(n * 2) / 2",
        "Math.sign(n)",
        "Math.trunc(n)",
        "Math.ceil(n)",
        "Math.floor(n)",
        "n % m",
        "n * m",
        "n / m",
        "n - m",
        "n + m",
        "n % 1",
        "n >>> m",
        "n << m",
        "n >> m",
        "n & m",
        "~n ^ m",
        "Math.max(n, m, -0)",
        "Math.min(n, m, 0)",
        "Math.abs(n)",
        "Number(s)",
        "parseFloat(s)",
        "parseInt(s)",
        "parseInt(s, n)",
        "parseInt(s, m)",
        "Number.parseFloat(n)",
        "parseInt(n)",
        "Number(String(n))",
    ]);
    let text = choices.one_of(&[
        "String(_)",
        "(_).toFixed()",
        "(_).toFixed(2)",
        "(_).toFixed(20)",
        "(_).toFixed(m % 101)",
        "`${[_]}`",
        "JSON.stringify(_)",
        "s.slice(_)",
        "s.at(_)",
        "l.at(_)",
        "s.padEnd((_) % 99, t)",
    ]);
    let radix = 2 + choices.below(35);
    let formula = formula.replace("s, m", &format!("s, {radix}"));
    // JSON tells neither NaN from Infinity nor 0 from -0.
    Source::same(format!("[{formula}, String(1 / ({formula})), {}]", text.replace('_', &formula)))
}
