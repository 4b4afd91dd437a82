import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measureBracketDepth } from "../../../src/server/graphql/request/bracket-depth.js";
import { checkHost } from "../../../src/server/admission/checks/host-header.js";
import { checkCrossSite } from "../../../src/server/admission/checks/cross-site.js";
import { measureJsonDepth } from "../../../src/server/graphql/request/json-depth.js";

describe("the depth of a document", () => {
  test.each([
    ["", 0],
    ["{ a }", 1],
    ["{ a(b: [1, [2]]) { c } }", 4],
    ['{ a(b: "{{{{") }', 2],
    ['{ a(b: "\\"{{{{") }', 2],
    ['{ a(b: """ "{{{ \\""" {{{ """) }', 2],
    ["{ a # {{{{\n }", 1],
    ["# {{{{\r{ a }", 1],
    ['{ a(b: "") { c } }', 2],
    ['{ a(b: """""") { c } }', 2],
    ['{ a(b: "unclosed {{{\n) { c } }', 2],
    ["}}}}{", -3 + 3],
  ])("%s", (document, depth) => {
    expect(measureBracketDepth(document)).toBe(depth);
  });

  test("is found in any text, without recursion", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("{", "}", "[", "(", '"', "\\", "#", "\n", "a") }),
        (text) => {
          expect(measureBracketDepth(text)).toBeGreaterThanOrEqual(0);
        },
      ),
    );
    expect(measureBracketDepth("{".repeat(1_000_000))).toBe(1_000_000);
  });
});

test("the depth of a JSON text is that of its value", () => {
  const measureDepth = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map((inner) => measureDepth(inner)))
      : 0;
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(measureJsonDepth(JSON.stringify(value))).toBe(measureDepth(value));
    }),
  );
});

describe("the name that a client calls", () => {
  test.each([
    "127.0.0.1",
    "127.0.0.1:4000",
    "localhost:4000",
    "[::1]:4000",
    "10.1.2.3",
    "GRAPH.example.org:443",
    "LocalHost",
  ])("%s is ours", (host) => {
    expect(() => {
      checkHost(host, ["graph.example.org"]);
    }).not.toThrow();
  });

  test.each([
    undefined,
    "",
    "evil.example",
    "evil.example:4000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "a@localhost",
    "localhost:x",
    "[::1",
    "graph.example.org.evil.example",
  ])("%s is not", (host) => {
    expect(() => {
      checkHost(host, ["graph.example.org"]);
    }).toThrow(expect.objectContaining({ status: 421, code: "HOST_NOT_ALLOWED" }));
  });

  test("any name is ours where the operator says so", () => {
    expect(() => {
      checkHost("anything.example", ["*"]);
    }).not.toThrow();
  });
});

describe("a request from a browser", () => {
  const rules = { allowedOrigins: ["https://portal.example"], secure: false };
  const check =
    (headers: Record<string, string>, method = "POST", given = rules) =>
    () => {
      checkCrossSite(method, { host: "127.0.0.1:4000", ...headers }, given);
    };

  test.each([
    ["no browser at all", {}],
    ["our own page", { "sec-fetch-site": "same-origin", origin: "http://127.0.0.1:4000" }],
    ["typed into the address bar", { "sec-fetch-site": "none" }],
    ["our own page behind a proxy", { "sec-fetch-site": "same-origin", origin: "https://graph.example" }],
    ["a listed origin", { "sec-fetch-site": "cross-site", origin: "https://portal.example" }],
  ])("is served: %s", (_title, headers) => {
    expect(check(headers)).not.toThrow();
    expect(check(headers, "GET")).not.toThrow();
  });

  test("over plain http to another address, GET needs a header that a page cannot send unasked", () => {
    const lan = { host: "10.0.0.1:4000" };
    const preflight = expect.objectContaining({ status: 403, code: "PREFLIGHT_REQUIRED" }) as Error;
    expect(check(lan, "GET")).toThrow(preflight);
    expect(check({ ...lan, "content-type": "text/plain" }, "GET")).toThrow(preflight);
    expect(check({ ...lan, "apollo-require-preflight": "1" }, "GET")).not.toThrow();
    expect(check({ ...lan, "x-apollo-operation-name": "a" }, "GET")).not.toThrow();
    expect(check({ ...lan, "content-type": "application/json" }, "GET")).not.toThrow();
    expect(check({ ...lan, authorization: "Bearer x" }, "GET")).not.toThrow();
    expect(check(lan, "GET", { ...rules, secure: true })).not.toThrow();
  });
});
