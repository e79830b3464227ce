// Writes what Node.js makes of the expressions in the tables, with the names of context.json:
//   node with_node.mjs
// A table is a file of one expression a line, and is written beside it as JSON. An expression that throws has the
// name of the error; half of a surrogate pair is written as U+FFFD.
import { readFileSync, writeFileSync } from "node:fs";
import { sources as coercions } from "./coercions.mjs";
import { sources as edges } from "./edges.mjs";

const here = new URL(".", import.meta.url);
const read = (name) => readFileSync(new URL(name, here), "utf8");
const context = JSON.parse(read("context.json"));
const declared = { ...context, missing: undefined, a1: undefined };
const names = Object.keys(declared);

// The files have one expression a line, so those of several lines are here.
const MULTILINE = ["`line\nbreak`", "n /\n2", '"\\\ncontinued"'];

const wellFormed = (_, value) => (typeof value === "string" ? value.toWellFormed() : value);

function evaluated(source) {
  const run = new Function(...names, `return (${source}\n)`);
  try {
    const value = run(...Object.values(declared));
    return { source, json: JSON.stringify(value, wellFormed) ?? "null", truthy: !!value };
  } catch (error) {
    return { source, throws: error.name };
  }
}

const write = (table, sources) => {
  const cases = sources.map((source) => "  " + JSON.stringify(evaluated(source)));
  writeFileSync(new URL(`${table}.json`, here), `[\n${cases.join(",\n")}\n]\n`);
};

for (const [table, more] of [["expressions", MULTILINE], ["text_methods", []], ["array_methods", []], ["builtins", []]]) {
  write(table, [...read(`${table}.txt`).split("\n").filter(Boolean), ...more]);
}
write("coercions", coercions);
write("edges", edges);
