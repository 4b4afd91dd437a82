import { expect, test } from "vitest";
import { mergeHosts, type Host } from "../../portal/src/hosts/merge-hosts.js";

const host = (more: Partial<Host> = {}): Host => ({
  ...{ id: "a", name: "a", address: "a:54321", status: "UP", polled: true },
  ...{ lastSuccessAt: "2026-11-27T10:00:00.000Z", lastError: null, lastWarning: null },
  ...more,
});

test("a failure that was read between two events, and had ended at the next one, is not shown for ever", () => {
  const read = [host({ status: "NON_RESPONSIVE", lastError: "connection refused" })];
  expect(mergeHosts(read, new Map([["a", host()]]))).toEqual([host()]);
});

test("the later time of a host's last answer counts, whoever told it", () => {
  const later = "2026-11-27T10:05:00.000Z";
  const [known] = mergeHosts([host({ lastSuccessAt: later })], new Map([["a", host()]]));
  expect(known?.lastSuccessAt).toBe(later);
  const [told] = mergeHosts([host()], new Map([["a", host({ lastSuccessAt: later })]]));
  expect(told?.lastSuccessAt).toBe(later);
  const [never] = mergeHosts([], new Map([["a", host({ lastSuccessAt: null })]]));
  expect(never?.lastSuccessAt).toBeNull();
});

test("hosts are in the order of their names; one that came is among them, and one that is gone is not", () => {
  const read = [host({ id: "b", name: "b" }), host({ id: "d", name: "d" })];
  const told = new Map([
    ["c", host({ id: "c", name: "c" })],
    ["d", null],
  ]);
  expect(mergeHosts(read, told).map(({ name }) => name)).toEqual(["b", "c"]);
});
