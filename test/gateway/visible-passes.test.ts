import { expect, test } from "vitest";
import { createVisibleChanges } from "../../src/gateway/visible-passes.js";

const failure = { kind: "timeout", message: "no answer" } as const;
const pass = (id: string, changedVms: number, fails = false) => ({
  host: { id },
  changedVms,
  failure: fails ? failure : null,
});

test("a pass is visible if it changed a VM, if it failed, and if its host fails no more", () => {
  const isVisible = createVisibleChanges();
  expect(isVisible(pass("a", 0))).toBe(false);
  expect(isVisible(pass("a", 1))).toBe(true);
  expect(isVisible(pass("a", 0, true))).toBe(true);
  expect(isVisible(pass("b", 0))).toBe(false);
  expect(isVisible(pass("a", 0))).toBe(true);
  expect(isVisible(pass("a", 0))).toBe(false);
});
