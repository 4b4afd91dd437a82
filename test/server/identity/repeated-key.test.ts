import fc from "fast-check";
import { expect, test } from "vitest";
import { findRepeatedKey } from "../../../src/server/identity/repeated-key.js";

test.each([
  ['{"a":1,"a":2}', "a"],
  ['{"a":{"b":[1],"c":"b","b":[]}}', "a.b"],
  [String.raw`{"roles":[],"r\u006fles":[]}`, "roles"],
  ['[{"x":{"y":1}},{"x":{"y":1,"y":1}}]', "x.y"],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
  [String.raw`{"a\\":"\"","a\\":1}`, "a\\"],
  ['{"a":{"a":[{"a":"a"},"a","a"]},"b":{"a":1}}', null],
  ['["a","a"]', null],
  [String.raw`{"a":"{\"a\":1,\"a\":2}"}`, null],
  ["1", null],
])("%s repeats %j", (json, key) => {
  expect(findRepeatedKey(json)).toBe(key);
});

test("what was written from objects repeats none, and does once a member is written again", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (object) => {
      const json = JSON.stringify(object);
      expect(findRepeatedKey(json)).toBeNull();
      const [key = ""] = Object.keys(JSON.parse(json) as object);
      expect(findRepeatedKey(`${json.slice(0, -1)},${JSON.stringify(key)}:0}`)).toBe(key);
    }),
    { numRuns: 500 },
  );
});
