import fc from "fast-check";
import { expect, test } from "vitest";
import { negotiateFormat } from "../../../src/rest/request/format.js";

test.each([
  [undefined, "xml"],
  ["", "xml"],
  ["*/*", "xml"],
  ["application/*", "xml"],
  ["application/xml", "xml"],
  ["text/xml", "xml"],
  ["application/json", "json"],
  ["APPLICATION/JSON; charset=utf-8", "json"],
  ["application/json, */*", "json"],
  ["application/json, application/xml", "json"],
  ["application/xml, application/json", "xml"],
  ["application/xml;q=0.5, application/json", "json"],
  ["application/json;q=0.5, */*;q=0.1", "json"],
  ["application/json;q=0, */*", "xml"],
  ["application/xml;q=0, text/xml;q=0, */*", "json"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml"],
  // What Java's HttpURLConnection sends unless it is told otherwise.
  ["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "xml"],
  ["*", "xml"],
  ["application/json, *;q=.2", "json"],
  ["application/json;q=0.33333, application/xml;q=.4", "xml"],
  ["application/json;q=1.5, application/xml", "json"],
  ["application/json;q=nonsense", "json"],
  ["application/json;q=", "json"],
  ["application/json;q=-1", null],
  ["application/json;q=0", null],
  ["application/json;q=.0", null],
  ["text/html", null],
  ["image/*, text/plain", null],
])("Accept: %s means %s", (accept, format) => {
  expect(negotiateFormat(accept)).toBe(format);
});

test("no header breaks it", () => {
  fc.assert(fc.property(fc.string(), (accept) => ["xml", "json", null].includes(negotiateFormat(accept))));
});
