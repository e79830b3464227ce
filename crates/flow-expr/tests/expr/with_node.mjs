// Writes expressions.json, what Node.js makes of the expressions in expressions.txt with the names of context.json:
//   node with_node.mjs
// An expression that spans lines stands in the file as lines that end where JavaScript can't end an expression, so
// they are joined here by hand in MULTILINE.
import { readFileSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url);
const read = (name) => readFileSync(new URL(name, here), "utf8");
const context = JSON.parse(read("context.json"));
const declared = { ...context, missing: undefined, a1: undefined };

const MULTILINE = ["`line\nbreak`", "n /\n2", '"\\\ncontinued"'];
const source = read("expressions.txt");
let rest = source;
for (const text of MULTILINE) rest = rest.replace(text + "\n", "");
const sources = [...rest.split("\n").filter(Boolean), ...MULTILINE];

const names = Object.keys(declared);
const cases = sources.map((source) => {
  try {
    const value = new Function(...names, `return (${source}\n)`)(...Object.values(declared));
    const json = JSON.stringify(value) ?? "null";
    return { source, json: typeof value === "number" && !Number.isFinite(value) ? "null" : json, truthy: !!value };
  } catch (error) {
    return { source, error: error.name };
  }
});
writeFileSync(new URL("expressions.json", here), `[\n${cases.map((c) => "  " + JSON.stringify(c)).join(",\n")}\n]\n`);
