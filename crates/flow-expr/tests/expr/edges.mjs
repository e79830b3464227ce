// The expressions of the table `edges`: methods on texts and arrays that are empty, nested, or made of characters of
// two units, with arguments at their bounds and beyond. An argument that throws has a line of its own.

const TEXTS = ["''", "'😀'", "'a😀b😀'", "'é'", "'e\\u0301'", "'ßﬁ'", "'İı'", "'ΟΔΟΣ'", "' \\u00a0\\ufeffa\\u2028'", "'$&'"];
const ARRAYS = ["[]", "[[]]", "[[[1], []], 2]", "[null, undefined, NaN, -0]", "[undefined]", "['', [''], {}]", "[...'a😀']"];
const POSITIONS = ["", "undefined", "0", "-0", "1", "2", "-1", "-2", "3.9", "NaN", "Infinity", "-Infinity", "2 ** 32", "'1'", "null", "[2]", "({})"];
const RANGES = ["", "0", "1", "-1", "2, 1", "1, 2", "-2, -1", "0, undefined", "0, null", "0, NaN", "1, Infinity", "-9, 9", "'1', '3'"];
const NEEDLES = ["", "''", "'', 1", "'', 99", "'', -1", "'a'", "'😀'", "'😀', 1", "'😀', 2", "'😀', 3", "'b😀', Infinity", "'\\u0301'", "undefined", "null", "'a', NaN"];
const ITEMS = ["", "undefined", "null", "NaN", "0", "-0", "''", "'a'", "'😀', 1", "1, -1", "NaN, -9", "undefined, 0", "2, undefined", "[]", "({})"];
const SEPARATORS = ["", "undefined", "''", "'', 2", "'😀'", "'a', 0", "'b', -1", "'b', 1.9", "'$&'", "null", "'', 2 ** 32 + 1"];
const REPLACEMENTS = ["", "''", "'', ''", "'', '-'", "'', '[$`|$&|$\\']'", "'😀', '$$'", "'😀', '[$`|$\\']'", "'a', '$1$<n>$'", "'$&', '$&$&'", "undefined, 1"];
const PADS = ["", "0", "1", "5", "6, '😀'", "7, 'ab😀'", "5, ''", "4, undefined", "4, null", "3.9, 'x'", "NaN, 'x'"];

const METHODS = [
  [TEXTS, ["at", "charAt", "charCodeAt", "codePointAt"], POSITIONS],
  [TEXTS, ["slice", "substring", "substr"], RANGES],
  [TEXTS, ["includes", "startsWith", "endsWith", "indexOf", "lastIndexOf"], NEEDLES],
  [TEXTS, ["split"], SEPARATORS],
  [TEXTS, ["replace", "replaceAll"], REPLACEMENTS],
  [TEXTS, ["padStart", "padEnd"], PADS],
  [TEXTS, ["trim", "trimStart", "trimEnd", "toUpperCase", "toLowerCase", "toString", "concat"], [""]],
  [TEXTS, ["repeat"], ["", "0", "1", "3.9", "'2'", "null", "NaN", "-0.5"]],
  [ARRAYS, ["at", "flat"], POSITIONS],
  [ARRAYS, ["slice"], RANGES],
  [ARRAYS, ["includes", "indexOf", "lastIndexOf"], ITEMS],
  [ARRAYS, ["join"], SEPARATORS],
  [ARRAYS, ["concat"], ["", "undefined", "[]", "[[]], 1", "'ab', [['c']]", "null, {}"]],
  [ARRAYS, ["toReversed", "toString", "valueOf"], [""]],
];
const THROWS = [
  "''.repeat(-1)", "'a'.repeat(Infinity)", "'a'.at(hidden)", "'a'.split(hidden)", "'a'.replace(hidden, '')",
  "'a'.replace('b', hidden)", "'a'.padEnd(1, hidden)", "'a'.padEnd(2, hidden)", "'a'.concat(hidden)", "[hidden].join()",
  "[[hidden]].flat().join()", "[].join(hidden)", "[].at(hidden)", "[].flat(hidden)", "[].slice(hidden)", "[].concat(hidden)",
  "[].includes(1, hidden)", "[].indexOf(1, hidden)", "[].lastIndexOf(1, hidden)", "[1].includes(1, hidden)",
  "[1].indexOf(1, hidden)", "[1].lastIndexOf(1, hidden)", "[].with(0, 1)", "[1].with(-2, 1)", "[1].with(1, 1)",
  "[1].with(hidden, 1)", "[...null]", "[...1]", "[...{}]", "'a'.at(...{})", "(1).toFixed(101)", "(1).toFixed(-1)",
  "(1e21).toFixed(101)", "(NaN).toFixed(-1)", "''.toFixed()", "[].trim()", "({}).at(0)", "null.at(0)", "missing.at(nothing)",
];
const NUMERALS = ["'1'", "'0'.repeat(50) + '7'", "'1'.repeat(40)", "'9'.repeat(400)", "'1'.repeat(1023)", "'6691260471693686411854907068649422660527360573644'"];
const over = (values, make) => `[${values.map(make).join(", ")}]`;

export const sources = [
  ...METHODS.flatMap(([receivers, methods, args]) =>
    methods.flatMap((method) => receivers.map((receiver) => over(args, (args) => `${receiver}.${method}(${args})`))),
  ),
  ...["[1, 2].with(0, [])", "[1].with(-1)", "[[1]].with('0', undefined)", "[1, 2].with(NaN, 3)"],
  ...NUMERALS.flatMap((text) => [over([2, 4, 8, 10, 16, 32], (radix) => `parseInt(${text}, ${radix})`), `[Number(${text}), parseFloat(${text})]`]),
  ...THROWS,
];
