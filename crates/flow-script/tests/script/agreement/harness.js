// Evaluates each case, a function of its variables, and tells what it came to. What is documented to be otherwise in
// the native evaluator is done here as it does it, and nothing else.
((cases) => {
  const whole = (value) => (typeof value === "string" ? value.toWellFormed() : value);

  // Half of a surrogate pair reads as U+FFFD: what a call gives is repaired, so that no further call sees a half.
  const repaired = (value) => {
    if (Array.isArray(value)) value.forEach((item, at) => (value[at] = repaired(item)));
    return whole(value);
  };
  const repair = (owner, name, repaired) => {
    const original = owner[name];
    owner[name] = function (...values) {
      return repaired(original.apply(this, values));
    };
  };
  for (const name of ["at", "charAt", "padEnd", "padStart", "replaceAll", "slice", "substr", "substring"])
    repair(String.prototype, name, whole);
  repair(String.prototype, "split", repaired);
  repair(JSON, "stringify", whole);
  for (const name of ["entries", "values"]) {
    const original = Object[name];
    Object[name] = (value) => (typeof value === "string" ? repaired(original(value)) : original(value));
  }

  // What an object gets of a text that is spread in it: QuickJS, against ECMA-262, adds nothing.
  const members = (value) => (typeof value === "string" ? { ...value.split("") } : value);

  // `JSON.parse` reads what `parseJson` does.
  JSON.parse = parseJson;

  // A property is an own property.
  for (const kind of [Object, Array, String, Number, Boolean]) delete kind.prototype.constructor;
  delete Object.prototype.__proto__;
  const own = (value) => (typeof value === "function" ? undefined : whole(value));
  const isIn = (key, owner) => {
    if (typeof owner !== "object" || owner === null) throw new TypeError("no object");
    return Object.hasOwn(owner, key);
  };

  // QuickJS allows fewer repetitions than ECMA-262 does, even of nothing.
  const { repeat } = String.prototype;
  String.prototype.repeat = function (count) {
    return repeat.call(this, this === "" && count > 1 && count < Infinity ? 1 : count);
  };

  const { stringify } = JSON;
  const text = (value) => {
    if (value === undefined || value === null || (typeof value === "number" && !isFinite(value))) return "";
    return typeof value === "string" ? value : stringify(value);
  };
  return cases(members, own, isIn).map((evaluate, at) => {
    try {
      const value = evaluate(variables[at]);
      return { value, truth: !!value, text: text(value) };
    } catch (error) {
      return { error: error instanceof Error ? error.name : "none" };
    }
  });
})
