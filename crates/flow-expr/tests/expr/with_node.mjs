// Writes expressions.json, what Node.js makes of the expressions in expressions.txt with the names of context.json:
//   node with_node.mjs
import { readFileSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url);
const read = (name) => readFileSync(new URL(name, here), "utf8");
const context = JSON.parse(read("context.json"));
const declared = { ...context, missing: undefined, a1: undefined };

// The file has one expression a line, so those of several lines are here.
const MULTILINE = ["`line\nbreak`", "n /\n2", '"\\\ncontinued"'];
const sources = [...read("expressions.txt").split("\n").filter(Boolean), ...MULTILINE];

const names = Object.keys(declared);
const cases = sources.map((source) => {
  const value = new Function(...names, `return (${source}\n)`)(...Object.values(declared));
  return { source, json: JSON.stringify(value) ?? "null", truthy: !!value };
});
writeFileSync(new URL("expressions.json", here), `[\n${cases.map((c) => "  " + JSON.stringify(c)).join(",\n")}\n]\n`);
