import fc from "fast-check";
import { expect, test } from "vitest";
import { EncodedJson, PythonFloat, formatPythonJson } from "../../src/simulator/wire/python-json.js";

test.each([
  [{ a: [1, "x", null, true], b: {} }, '{"a": [1, "x", null, true], "b": {}}'],
  ['ü€😀\u007f\n"\\', '"\\u00fc\\u20ac\\ud83d\\ude00\\u007f\\n\\"\\\\"'],
  [{ gone: undefined, kept: [undefined] }, '{"kept": [null]}'],
  [[new PythonFloat(4460), new PythonFloat(4956.81)], "[4460.0, 4956.81]"],
  [{ done: new EncodedJson('{"a": 1}') }, '{"done": {"a": 1}}'],
  [[], "[]"],
])("writes %j as Python does", (value, text) => {
  expect(formatPythonJson(value)).toBe(text);
});

test("writes pure ASCII that means what was given", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const text = formatPythonJson(value);
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
