// The expressions of the table `coercions`: every operator and conversion on every kind of value. What JSON can't tell
// apart is told by text (NaN from null) and by a division (-0 from 0).

// By the names of context.json, where there is one.
const VALUES = [
  "missing", "nil", "yes", "no", "zero", "(-0)", "n", "half", "neg", "NaN", "Infinity", "huge", "empty", "digits",
  "spaces", "'0x1f'", "emoji", "none", "one", "nested", "bare",
];
// Other powers are an approximation that is each engine's own.
const EXPONENTS = ["missing", "nil", "yes", "(-0)", "NaN", "Infinity", "empty", "none", "emoji", "bare"];
const ARITHMETIC = ["-", "*", "/", "%"];
const WITH_TEXT = ["+", "&", "|", "^", "<<", ">>", ">>>", "===", "!==", "==", "!=", "<", "<=", ">", ">="];
const CONVERSIONS = [
  "String(_)", "Number(_)", "Boolean(_)", "`${_}`", "[_].join()", "typeof _", "!_", "+_", "1 / +_", "1 / -_", "~_",
  "void _", "_ ?? 'nullish'", "_ || 'falsy'", "_ && 'truthy'", "_ ? 'yes' : 'no'", "isNaN(_)", "isFinite(_)",
  "Number.isInteger(_)", "Array.isArray(_)", "parseInt(_)", "parseFloat(_)", "JSON.stringify(_)", "Math.round(_)",
  "1 / Math.round(_)", "Math.trunc(_)", "1 / Math.trunc(_)", "Math.sign(_)", "Math.max(_, 1)", "Math.min(_, -1)",
  "Math.sqrt(_)", "encodeURIComponent(_)", "_?.length", "_?.[0]", "_?.at?.(-1)", "_?.slice?.(1)",
  "_?.concat?.(_)", "_?.includes?.(_)", "_?.indexOf?.('')", "_?.toString()", "_?.valueOf() === _", "'abcdef'.at(_)",
  "'abcdef'.slice(_)", "'abcdef'.substring(_, 3)", "'abcdef'.substr(_, 2)", "'a1b1'.split(_)", "'ab'.padEnd(4, _)",
  "'1,2'.replace(',', _)", "'truefalsenull3'.indexOf(_)", "'abc'.charAt(_)", "'abc'.codePointAt(_)", "list.at(_)",
  "list.slice(_)", "list.slice(0, _)", "list.indexOf(_)", "list.includes(_)", "list.join(_)", "nested.flat(_)",
  "nested.concat(_)", "[_, 7].flat()", "list[_]", "obj[_]", "s[_]", "({ [_]: 1 })",
];
const KEYS = ["missing", "nil", "zero", "(-0)", "half", "neg", "NaN", "'length'", "'0'", "'00'", "'a'", "empty", "one", "bare"];
const OWNERS = ["list", "none", "obj", "bare", "keyed", "hidden"];
const NO_OWNERS = ["s", "empty", "n", "yes", "nil", "missing"];

const over = (values, make) => `[${values.map(make).join(", ")}]`;

export const sources = [
  ...VALUES.flatMap((left) => [
    ...ARITHMETIC.map((op) => `${over(VALUES, (right) => `${left} ${op} ${right}`)}.join()`),
    ...ARITHMETIC.map((op) => `${over(VALUES, (right) => `1 / (${left} ${op} ${right})`)}.join()`),
    `${over(EXPONENTS, (right) => `${left} ** ${right}`)}.join()`,
    `${over(EXPONENTS, (right) => `1 / ${left} ** ${right}`)}.join()`,
    ...WITH_TEXT.map((op) => `${over(VALUES, (right) => `${left} ${op} ${right}`)}.join()`),
  ]),
  ...CONVERSIONS.map((conversion) => over(VALUES, (value) => conversion.replaceAll("_", value))),
  ...OWNERS.map((owner) => over(KEYS, (key) => `${key} in ${owner}`)),
  // An object whose own `toString` is none has no text and no number.
  ...[...ARITHMETIC, "**", ...WITH_TEXT].flatMap((op) => [`hidden ${op} n`, `s ${op} hidden`, `nil ${op} hidden`, `hidden ${op} hidden`]),
  ...CONVERSIONS.map((conversion) => conversion.replaceAll("_", "hidden")),
  ...NO_OWNERS.map((owner) => `'length' in ${owner}`),
  "hidden in obj", "hidden in s",
];
