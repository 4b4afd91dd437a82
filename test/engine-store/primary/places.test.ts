import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../../src/model/address/cidr.js";
import { encodeEdge, ID_BYTES, Places } from "../../../src/engine-store/primary/places.js";

const anyAddress = fc.oneof(
  fc.constant(null),
  fc.ipV4(),
  fc.constantFrom("::", "::1", "::ffff:10.0.0.5", "2001:db8::5", "fe80::1", "255.255.255.255", "0.0.0.0"),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => formatAddress({ family: 6, value })),
);

/** Few ids, so that two lists share some. */
const anyId = fc.integer({ min: 0, max: 15 }).map((digit) => `${digit.toString(16).repeat(31)}f`);

const anyVms = fc
  .uniqueArray(fc.tuple(anyId, anyAddress, fc.integer({ min: 1, max: 255 })), { selector: ([id]) => id })
  .map((vms) => vms.sort(([left], [right]) => (left < right ? -1 : 1)));

type Vms = readonly (readonly [string, string | null, number])[];

function createPlaces(vms: Vms): Places {
  const places = createUnknown(vms);
  vms.forEach(([, address, digest], at) => {
    places.set(at, Buffer.alloc(16, digest), address);
  });
  return places;
}

function createUnknown(vms: Vms): Places {
  const places = new Places(vms.length);
  places.setIds(Buffer.from(vms.map(([id]) => id).join(""), "hex"), ID_BYTES, [0, vms.length]);
  return places;
}

function list(places: Places): (readonly [string, string | null, boolean])[] {
  return Array.from({ length: places.count }, (_, at) => [
    places.getId(at),
    places.getAddress(at),
    places.isFound(at),
  ]);
}

function compareAsNumbers(left: string | null, right: string | null): number {
  const [one, other] = [left, right].map((text) => (text === null ? null : parseAddress(text)));
  const families = (one?.family ?? 0) - (other?.family ?? 0);
  if (families !== 0) return families;
  return Number((one?.value ?? 0n) - (other?.value ?? 0n));
}

test("addresses come back as they were set, and compare as numbers, IPv4 before IPv6, unknown ones first; then by id", () => {
  fc.assert(
    fc.property(anyVms, (vms) => {
      const places = createPlaces(vms);
      expect(list(places)).toEqual(vms.map(([id, address]) => [id, address, true]));
      for (const [left, [leftId, leftAddress]] of vms.entries()) {
        expect(places.hasAddress(left)).toBe(leftAddress !== null);
        const edge = encodeEdge(leftAddress, leftId.replace(/^(.{8})(.{4})/, "$1-$2-").toUpperCase());
        expect(places.compareWithEdge(left, edge)).toBe(0);
        for (const [right, [rightId, rightAddress]] of vms.entries()) {
          const expected = Math.sign(compareAsNumbers(leftAddress, rightAddress));
          expect(Math.sign(places.compareAddresses(left, right))).toBe(expected);
          const withIds = expected === 0 ? Math.sign(left - right) : expected;
          expect(Math.sign(places.compare(left, right))).toBe(withIds);
          expect(Math.sign(places.compareWithEdge(left, encodeEdge(rightAddress, rightId)))).toBe(withIds);
        }
      }
    }),
  );
});

test("what was found of the same VMs is taken over, in parts of any size; what others have not found erases nothing", () => {
  fc.assert(
    fc.property(
      anyVms,
      anyVms,
      fc.boolean(),
      fc.integer({ min: 1, max: 5 }),
      (own, others, isFound, size) => {
        const places = createPlaces(own);
        const from = isFound ? createPlaces(others) : createUnknown(others);
        for (let [at, next] = [0, 0]; at < own.length; at += size) {
          next = places.takeOver(from, [at, Math.min(at + size, own.length)], next);
        }
        const found = new Map(isFound ? others.map(([id, address]) => [id, address]) : []);
        expect(list(places)).toEqual(
          own.map(([id, address]) => [id, found.has(id) ? found.get(id) : address, true]),
        );
      },
    ),
  );
});

test("one VM is taken over if it is there, and no other one changes", () => {
  fc.assert(
    fc.property(anyVms, anyVms, (own, others) => {
      const [places, from] = [createPlaces(own), createPlaces(others)];
      const expected = new Map<string, string | null>(own.map(([id, address]) => [id, address]));
      for (const [at, [id, address, digest]] of others.entries()) {
        expect(places.learn(from, at)).toBe(expected.has(id));
        if (!expected.has(id)) continue;
        expected.set(id, address);
        const place = own.findIndex(([each]) => each === id);
        expect(places.hasDigest(place, Buffer.alloc(16, digest), 0)).toBe(true);
        expect(list(places)).toEqual([...expected].map(([each, known]) => [each, known, true]));
      }
    }),
  );
});

test("the ids of two lists are joined, sorted, each once", async () => {
  await fc.assert(
    fc.asyncProperty(anyVms, anyVms, async (own, others) => {
      const ids = [...new Set([...own, ...others].map(([id]) => id))].sort();
      expect((await createPlaces(own).joinIds(createUnknown(others))).toString("hex")).toBe(ids.join(""));
    }),
  );
});
