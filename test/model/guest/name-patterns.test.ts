import { expect, test } from "vitest";
import { compileNamePattern, DEFAULT_IGNORED_NAMES } from "../../../src/model/guest/name-patterns.js";

test("a pattern must match the whole name, and a broken one is refused", () => {
  const pattern = compileNamePattern("a|b");
  expect(pattern.test("a")).toBe(true);
  expect(pattern.test("ab")).toBe(false);
  expect(() => compileNamePattern("a)(b")).toThrow(SyntaxError);
});

test("the default ignores the far ends of container links and nothing that looks alike", () => {
  const isIgnored = (name: string) => DEFAULT_IGNORED_NAMES.some((pattern) => pattern.test(name));
  expect(["veth0a1b", "veth1"].every(isIgnored)).toBe(true);
  expect(["my-veth", "vethernet", "eth0"].some(isIgnored)).toBe(false);
});
