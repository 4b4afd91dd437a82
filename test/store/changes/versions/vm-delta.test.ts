import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHANGE_KIND, listKinds } from "../../../../src/store/changes/kinds.js";
import { createDelta, undoDelta } from "../../../../src/store/changes/versions/vm-delta.js";
import type { VmVersion } from "../../../../src/store/changes/versions/vm-version.js";
import { toGuestInterfaceOf } from "../../../support/builders/stored.js";
import { anyVersion, plainVersion } from "../../../support/builders/versions.js";

describe("a change in the log", () => {
  test("takes any version of a VM back to any version before it, through JSON", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, fc.boolean(), (before, after, isFull) => {
        const change = createDelta(before, after, isFull);
        if (change === null) {
          expect(after).toEqual(before);
          return;
        }
        const delta = JSON.parse(JSON.stringify(change.delta)) as typeof change.delta;
        expect(undoDelta(after, delta)).toEqual(before);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of a VM that is new goes back to none", () => {
    fc.assert(
      fc.property(anyVersion, (after) => {
        const change = createDelta(null, after, false);
        expect(listKinds(change?.kinds ?? 0)).toEqual(["NEW"]);
        expect(undoDelta(after, change!.delta)).toBeNull();
      }),
    );
  });

  test("of one address keeps the two addresses and the interface's place, and nothing else", () => {
    const before = plainVersion();
    const after = {
      ...before,
      ips: "10.9.9.9",
      interfaces: [toGuestInterfaceOf(1, { ipv4Addresses: ["10.9.9.9"] })],
    };
    expect(createDelta(before, after, false)).toEqual({
      kinds: CHANGE_KIND.ADDRESSES | CHANGE_KIND.INTERFACES,
      delta: { upd: [0, "4", ["10.1.2.3", "10.9.9.9"]] },
    });
  });

  test("of one address among many keeps these two", () => {
    const many = Array.from({ length: 20 }, (_, at) => `10.0.0.${at}`);
    const withAddresses = (ipv4Addresses: readonly string[]) => ({
      ...plainVersion(),
      ips: ipv4Addresses.join(" "),
      interfaces: [toGuestInterfaceOf(1, { ipv4Addresses: [...ipv4Addresses] })],
    });
    const [before, after] = [withAddresses(many), withAddresses(many.with(7, "10.9.9.9"))];
    const { delta } = createDelta(before, after, false)!;
    expect(delta).toEqual({ upd: [0, "4", [7, ["10.0.0.7"], ["10.9.9.9"]]] });
    expect(undoDelta(after, delta)).toEqual(before);
  });

  test("is taken back as well where an earlier release wrote it", () => {
    const before = plainVersion();
    const after = {
      ...before,
      ips: "10.9.9.9",
      interfaces: [toGuestInterfaceOf(1, { ipv4Addresses: ["10.9.9.9"] })],
    };
    const older = { upd: [[0, "eth0", { 4: [["10.1.2.3"], ["10.9.9.9"]] }]] };
    expect(undoDelta(after, older)).toEqual(before);
    const oldList = { ifs: [0, before.interfaces, after.interfaces] as const };
    expect(undoDelta(after, oldList)).toEqual(before);
  });

  test("says of what kinds it is", () => {
    const before = plainVersion();
    const listKindsOf = (values: Partial<VmVersion>) =>
      listKinds(createDelta(before, { ...before, ...values }, false)?.kinds ?? 0);
    expect(listKindsOf({ name: "other" })).toEqual(["NAME"]);
    expect(listKindsOf({ status: 0, hostId: null })).toEqual(["STATUS", "HOST"]);
    expect(listKindsOf({ fqdn: "b.test" })).toEqual(["FQDN"]);
    expect(listKindsOf({ silence: "silent" })).toEqual(["STALENESS"]);
    expect(listKindsOf({ isMissing: true })).toEqual(["STALENESS"]);
    expect(listKindsOf({ staleDetail: "inet: not a list" })).toEqual(["STALENESS"]);
    expect(listKindsOf({ nics: null })).toEqual(["NICS"]);
    expect(listKindsOf({ ips: null, interfaces: [] })).toEqual(["ADDRESSES", "INTERFACES"]);
    expect(listKindsOf({})).toEqual([]);
  });

  test("from before a field of interfaces existed gives that field as not known", () => {
    const before = plainVersion();
    const change = createDelta(before, { ...before, interfaces: [] }, false)!;
    const [start, [old], fresh] = change.delta.ifs!;
    const older = Object.fromEntries(Object.entries(old!).filter(([field]) => field !== "ipv6Addresses"));
    const delta = { ...change.delta, ifs: [start, [older], fresh] } as unknown as typeof change.delta;
    expect(undoDelta({ ...before, interfaces: [] }, delta)?.interfaces[0]?.ipv6Addresses).toEqual([]);
  });
});
