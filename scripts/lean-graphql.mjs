/**
 * What the bundle changes in graphql-js, so that it allocates less for each field that it executes. The answers are the same:
 * test/scripts/lean-graphql.test.ts executes operations with both.
 */
import { readFileSync } from "node:fs";

/** Texts that stand in a file once, and what takes their place. */
const CHANGES = [
  {
    // Object.create(null) makes a hash table. An object of a class is none; this class has nothing to inherit either.
    file: "graphql/execution/execute.js",
    from: "function executeFields(",
    to: "function Selected() {}\nSelected.prototype = Object.create(null);\nfunction executeFields(",
  },
  {
    file: "graphql/execution/execute.js",
    from: "const results = Object.create(null);",
    to: "const results = new Selected();",
  },
  {
    // Array.from walks over an array by an iterator.
    file: "graphql/execution/execute.js",
    from: "const completedResults = Array.from(result, (item, index) => {",
    to: "const completedResults = (Array.isArray(result) ? result : [...result]).map((item, index) => {",
  },
  {
    // Each field got two hash tables for its arguments. Most have none.
    file: "graphql/execution/values.js",
    from: "const coercedValues = Object.create(null); // FIXME",
    to: "if (def.args.length === 0) return {};\n  const coercedValues = Object.create(null); // FIXME",
  },
  {
    // Only promises have to be awaited, and the object is not used before they are.
    file: "graphql/jsutils/promiseForObject.js",
    from: "return Promise.all(Object.values(object)).then(",
    to: `const keys = Object.keys(object).filter((key) => typeof object[key]?.then === "function");
  return Promise.all(keys.map((key) => object[key])).then((values) => {
    for (let at = 0; at < keys.length; at += 1) object[keys[at]] = values[at];
    return object;
  });
  // What follows is never reached, and left out of the bundle.
  Promise.all(Object.values(object)).then(`,
  },
];

/** An esbuild plugin that makes these changes. Throws if a text is not there once, or a file is not in the bundle. */
export const leanGraphql = {
  name: "lean graphql",
  setup({ onLoad, onEnd }) {
    const missing = new Set(CHANGES.map((change) => change.file));
    for (const file of [...missing]) {
      onLoad({ filter: new RegExp(`[\\\\/]${file.split("/").join("[\\\\/]")}$`) }, ({ path }) => {
        let contents = readFileSync(path, "utf8");
        for (const { from, to } of CHANGES.filter((change) => change.file === file)) {
          if (contents.split(from).length !== 2) throw new Error(`${path}: not there once: ${from}`);
          contents = contents.replace(from, () => to);
        }
        missing.delete(file);
        return { contents };
      });
    }
    onEnd(({ errors }) => {
      if (errors.length === 0 && missing.size > 0)
        throw new Error(`not in the bundle: ${[...missing].join(", ")}`);
    });
  },
};
