(host) => {
  const define = Object.defineProperty;
  const prototypeOf = Object.getPrototypeOf;
  const construct = Reflect.construct;
  const hidden = (object, key, value) =>
    define(object, key, { value, writable: true, configurable: true });

  // Whatever makes code of a text, shares memory, or runs code while an error is made.
  for (const kind of [function () {}, function* () {}, async function () {}, async function* () {}])
    delete prototypeOf(kind).constructor;
  for (const name of ["eval", "Function", "Atomics", "SharedArrayBuffer", "queueMicrotask"])
    delete globalThis[name];
  for (const name of ["captureStackTrace", "prepareStackTrace", "stackTraceLimit"])
    delete Error[name];
  delete JSON.rawJSON;
  delete JSON.isRawJSON;

  hidden(Math, "random", host.random);

  const RealDate = Date;
  const { now } = host;
  hidden(RealDate, "now", host.clock);
  const RunDate = new Proxy(RealDate, {
    apply: () => new RealDate(now).toString(),
    construct: (target, values, made) => construct(target, values.length ? values : [now], made),
  });
  hidden(RealDate.prototype, "constructor", RunDate);
  hidden(globalThis, "Date", RunDate);

  // `undefined`, `NaN` and `Infinity` are what they are.
  const fixed = (name) => Object.getOwnPropertyDescriptor(globalThis, name)?.configurable === false;
  const { load, assignable } = host;
  const settle = (name, value) =>
    define(globalThis, name, { value, writable: assignable, enumerable: true, configurable: true });
  host.names.forEach((name, at) => {
    // Parsed when first used.
    const get = () => {
      const value = load(at);
      settle(name, value);
      return value;
    };
    const set = assignable ? (value) => settle(name, value) : undefined;
    if (!fixed(name)) define(globalThis, name, { get, set, enumerable: true, configurable: true });
  });
  for (const name of host.missing) if (!fixed(name)) settle(name, undefined);
}
