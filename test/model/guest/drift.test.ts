import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSameMac } from "../../../src/model/address/mac.js";
import { guessDeviceType } from "../../../src/model/guest/device-type.js";
import { formatDriftKey, listDrift, MOST_DRIFT, type Comparison } from "../../../src/model/guest/drift.js";
import {
  findMissingInterfaces,
  type NamedInterface,
  type NamedNic,
} from "../../../src/model/guest/missing-interface.js";
import { mac, uuid } from "../../support/builders/ids.js";

const UP = { status: 1, ips: ["10.0.0.1"] };
const nic = (number: number, macAddress: string | null = mac(number)) => ({
  id: uuid(2, number),
  name: `nic${number}`,
  macAddress,
});

/** The plain definition: each vNIC is compared with each interface, for each vNIC anew. */
function explainPlainly(
  asked: NamedNic,
  interfaces: readonly NamedInterface[],
  nics: readonly NamedNic[],
): { reason: string; probable: NamedInterface | null } | null {
  const isShown = (each: NamedNic) =>
    interfaces.some(({ macAddress }) => isSameMac(macAddress, each.macAddress));
  const isPlain = ({ name }: NamedInterface) =>
    name !== null && guessDeviceType(name) === null && !/^(?:lo|tap|wg|vrrp)/.test(name);
  const byName = (left: { name: string | null }, right: { name: string | null }) => {
    const [one, other] = [left.name ?? "", right.name ?? ""];
    return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
  };
  if (isShown(asked)) return null;
  const position = nics
    .filter((each) => !isShown(each))
    .sort(byName)
    .findIndex(({ id }) => id === asked.id);
  const bonds = interfaces.filter(({ name }) => guessDeviceType(name) === "BOND");
  const members = bonds
    .filter((bond, at) => bonds.findIndex((each) => isSameMac(each.macAddress, bond.macAddress)) === at)
    .flatMap((bond) => {
      const all = interfaces
        .filter((each) => isPlain(each) && isSameMac(each.macAddress, bond.macAddress))
        .sort(byName);
      const cards = all.filter(({ name }) => /^e/.test(name ?? ""));
      const bare = all.filter(
        ({ ipv4Addresses = [], ipv6Addresses = [] }) => ipv4Addresses.length + ipv6Addresses.length === 0,
      );
      const isNic = nics.some((of) => isSameMac(of.macAddress, bond.macAddress));
      return (cards.length > 0 ? cards : bare).slice(isNic ? 1 : 0);
    });
  const member = members[position];
  if (member !== undefined) return { reason: "BOND_MEMBER", probable: member };
  const strangers = interfaces
    .filter((each) => each.macAddress !== null && isPlain(each))
    .filter((each) => !bonds.some((bond) => isSameMac(bond.macAddress, each.macAddress)))
    .filter((each) => !nics.some((of) => isSameMac(of.macAddress, each.macAddress)))
    .sort(byName);
  const probable = strangers[position - members.length] ?? null;
  return { reason: probable === null ? "NOT_REPORTED" : "MAC_DIFFERS", probable };
}

const anyMac = fc.option(
  fc
    .integer({ min: 1, max: 6 })
    .chain((number) =>
      fc.constantFrom(
        mac(number),
        mac(number).toUpperCase(),
        mac(number).replaceAll(":", "-"),
        `no ${number}`,
      ),
    ),
);
const anyName = fc.option(
  fc.constantFrom(
    "eth0",
    "eth1",
    "eth10",
    "ens3",
    "bond0",
    "bond1",
    "team0",
    "br0",
    "docker0",
    "lan",
    "storage",
    "eth0.5",
    "lo",
    "tap0",
    "wg0",
  ),
);
const anyAddresses = fc.constantFrom([], [], ["10.0.0.1"]);
const anyInterfaces = fc.array(
  fc.record({ name: anyName, macAddress: anyMac, ipv4Addresses: anyAddresses, ipv6Addresses: anyAddresses }),
  { maxLength: 12 },
);
const anyNics = fc
  .array(fc.record({ name: fc.constantFrom("nic1", "nic2", "nic10"), macAddress: anyMac }), { maxLength: 6 })
  .map((nics) => nics.map((each, number) => ({ ...each, id: uuid(2, number) })));

test("why each vNIC is missing is what the plain definition says", () => {
  fc.assert(
    fc.property(anyInterfaces, anyNics, (interfaces, nics) => {
      const comparison = findMissingInterfaces(UP, interfaces, nics);
      for (const each of nics) expect(comparison.find(each)).toEqual(explainPlainly(each, interfaces, nics));
    }),
    { numRuns: 2_000 },
  );
});

test("what does not fit is the vNICs that are missing, and each interface once that is no vNIC", () => {
  fc.assert(
    fc.property(anyInterfaces, anyNics, (interfaces, nics) => {
      const items = listDrift({ ...UP, interfaces, nics });
      const explained = nics.map((each) => ({ id: each.id, ...explainPlainly(each, interfaces, nics) }));
      const missing = explained.filter(({ reason }) => reason === "NOT_REPORTED" || reason === "MAC_DIFFERS");
      expect(items.filter(({ nicId }) => nicId !== null)).toEqual(
        missing.map(({ id, reason, probable }) => ({
          kind: reason === "NOT_REPORTED" ? "NIC_NOT_SHOWN" : "NIC_MAC_DIFFERS",
          nicId: id,
          device: probable,
        })),
      );
      const strange = interfaces.filter(
        (device) =>
          device.name !== "lo" &&
          !explained.some(
            ({ reason, probable }) =>
              reason === "BOND_MEMBER" && isSameMac(probable?.macAddress ?? null, device.macAddress),
          ) &&
          !explained.some(({ probable }) => probable === device) &&
          !nics.some((each) => isSameMac(each.macAddress, device.macAddress)),
      );
      const key = (device: NamedInterface | null) => formatDriftKey({ nicId: null, device });
      expect(items.filter(({ nicId }) => nicId === null).map(({ device }) => key(device))).toEqual([
        ...new Set(strange.map(key)),
      ]);
    }),
    { numRuns: 2_000 },
  );
});

describe("a guest with very many interfaces", () => {
  /** Makes a comparison whose MACs and names count how often they are read. */
  function countReads(interfaceCount: number, nicCount: number) {
    const reads = { count: 0 };
    const counted = <Value extends object>(value: Value): Value =>
      new Proxy(value, {
        get: (target, key, receiver) => {
          reads.count += 1;
          return Reflect.get(target, key, receiver) as unknown;
        },
      });
    const interfaces = Array.from({ length: interfaceCount }, (_, number) =>
      counted({ name: `veth${number}`, macAddress: mac(1_000 + number) }),
    );
    const nics = Array.from({ length: nicCount }, (_, number) => counted(nic(number)));
    return { reads, comparison: { ...UP, interfaces, nics } satisfies Comparison };
  }

  test("is compared with its vNICs in so many steps as there are of both, not as many as their product", () => {
    const { reads, comparison } = countReads(10_000, 100);
    listDrift(comparison);
    expect(reads.count).toBeLessThan(20 * (10_000 + 100));
    expect(reads.count).toBeGreaterThan(10_000);
  });

  test("whose interfaces all look like vNICs is, too", () => {
    const { reads, comparison } = countReads(0, 1_000);
    const interfaces = Array.from({ length: 10_000 }, (_, number) => ({
      name: number % 2 === 0 ? "eth0" : `bond${number}`,
      macAddress: mac(5_000 + (number % 4_000)),
    }));
    const missing = findMissingInterfaces(UP, interfaces, comparison.nics);
    expect(comparison.nics.map((each) => missing.find(each)?.reason)).not.toContain(undefined);
    expect(reads.count).toBeLessThan(40 * 1_000);
  });

  test("has the vNICs first and containers last of what is kept, the same in any order of its report", () => {
    const nics = Array.from({ length: 10 }, (_, number) => nic(number));
    const interfaces = [
      ...Array.from({ length: 10_000 }, (_, number) => ({
        name: `veth${number}`,
        macAddress: mac(1_000 + number),
      })),
      { name: "wg0", macAddress: null },
    ];
    const items = listDrift({ ...UP, interfaces, nics });
    expect(items).toHaveLength(MOST_DRIFT);
    const count = (wanted: string) => items.filter(({ kind }) => kind === wanted).length;
    expect([count("NIC_NOT_SHOWN"), count("DEVICE_VPN")]).toEqual([10, 1]);
    const sort = (all: typeof items) => all.map(formatDriftKey).sort();
    const reversed = listDrift({ ...UP, interfaces: interfaces.toReversed(), nics });
    expect(sort(reversed)).toEqual(sort(items));
  });
});
