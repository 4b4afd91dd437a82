import { expect, test } from "vitest";
import { diffNics, toNics } from "../../../src/refresher/plan/nics.js";
import { VM, VM2 } from "../../support/builders/ids.js";
import { reportedNic } from "../../support/builders/reported.js";
import { storedNic } from "../../support/builders/stored.js";

test("a vNIC keeps the id that the engine gave it", () => {
  expect(toNics(VM, [reportedNic({ macAddr: "52-54-00-00-00-01" })])).toEqual([storedNic()]);
});

test("a vNIC without id gets one from VM and MAC, which stays whatever its place and device name", () => {
  const first = reportedNic({ id: null, macAddr: "52:54:00:00:00:0A", name: "vnet1" });
  const second = reportedNic({ id: null, macAddr: "52:54:00:00:00:0b", name: "vnet2" });
  const [madeFirst, madeSecond] = toNics(VM, [first, second]);
  expect(madeFirst?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(madeFirst?.id).not.toBe(madeSecond?.id);
  const swapped = toNics(VM, [second, { ...first, name: "vnet9", macAddr: "52-54-00-00-00-0a" }]);
  expect(swapped.map(({ id }) => id)).toEqual([madeSecond?.id, madeFirst?.id]);
  expect(toNics(VM2, [first])[0]?.id).not.toBe(madeFirst?.id);
});

test("two vNICs with one MAC and no id are two, and one id twice is one", () => {
  const same = reportedNic({ id: null });
  expect(new Set(toNics(VM, [same, same]).map(({ id }) => id)).size).toBe(2);
  expect(toNics(VM, [reportedNic(), reportedNic({ name: "other" })])).toEqual([storedNic()]);
});

test("what a host leaves out is null or made up by position, and too long is cut", () => {
  const [bare, long] = toNics(VM, [
    reportedNic({ id: null, name: null, macAddr: null, network: null }),
    reportedNic({ name: "n".repeat(60), macAddr: Array(20).fill("ab").join(":") }),
  ]);
  expect(bare).toMatchObject({ name: "nic1", macAddress: null, network: null });
  expect(long).toMatchObject({ name: "n".repeat(50), macAddress: null });
});

test("only what differs is written", () => {
  const other = storedNic({ id: VM2 });
  expect(diffNics([storedNic(), other], [storedNic(), other])).toEqual({ upserted: [], deleted: [] });
  expect(diffNics([storedNic(), other], [storedNic({ linked: false })])).toEqual({
    upserted: [storedNic({ linked: false })],
    deleted: [other],
  });
});
