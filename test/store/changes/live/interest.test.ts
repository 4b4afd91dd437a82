import fc from "fast-check";
import { expect, test } from "vitest";
import { isInCidr, parseAddress, parseCidr } from "../../../../src/model/address/cidr.js";
import type { GuestInterest } from "../../../../src/store/changes/live/guest-event.js";
import { isVmWanted, viewChange } from "../../../../src/store/changes/live/interest.js";
import { toVersion } from "../../../../src/store/changes/versions/vm-version.js";
import { HOST_A, HOST_B, id } from "../../../support/builders/ids.js";
import { toStoredNic } from "../../../support/builders/stored.js";
import { storedVm } from "../log-fixtures.js";

const ALL: GuestInterest = {
  vmIds: null,
  namePattern: null,
  hostId: null,
  network: null,
  within: null,
  kinds: null,
};

const VM = toVersion(
  storedVm(1, {
    name: "Web",
    nics: [
      toStoredNic(1, 1, { network: "Lab-Ä" }),
      toStoredNic(1, 2, { network: "\u0394\u039F\u039A\u039F\u03A3" }),
    ],
  }),
);

test.each<[string, Partial<GuestInterest>, boolean]>([
  ["nothing in particular", {}, true],
  ["its id", { vmIds: [id(1)] }, true],
  ["another id", { vmIds: [id(2)] }, false],
  ["a pattern of its name", { namePattern: "W*" }, true],
  ["one in another case", { namePattern: "w*" }, false],
  ["its host", { hostId: HOST_A }, true],
  ["another host", { hostId: HOST_B }, false],
  ["its network", { network: "Lab-Ä" }, true],
  ["its network in another case", { network: "lab-ä" }, true],
  ["a network with the other lower case of a sigma", { network: "\u03B4\u03BF\u03BA\u03BF\u03C3" }, true],
  ["a part of its network's name", { network: "lab" }, false],
  ["a prefix of its address", { within: parseCidr("10.0.0.0/8") }, true],
  ["another prefix", { within: parseCidr("192.0.2.0/24") }, false],
  ["its network and another host", { network: "Lab-Ä", hostId: HOST_B }, false],
])("a subscriber who asks for %s hears of the VM if it meets that", (_, asked, isHeard) => {
  expect(isVmWanted(VM, { ...ALL, ...asked })).toBe(isHeard);
});

test("a prefix finds a VM exactly if one of its addresses is in it", () => {
  const octet = fc.constantFrom(0, 1, 127, 128, 255);
  const ipv4 = fc.tuple(octet, octet).map(([third, last]) => `10.0.${third}.${last}`);
  const address = fc.oneof(
    ipv4,
    ipv4.map((text) => `::ffff:${text}`),
    octet.map((last) => `2001:db8::${last.toString(16)}`),
  );
  const within = fc
    .constantFrom("10.0.0.0/24", "10.0.128.0/17", "10.0.1.128/32", "::ffff:10.0.0.0/120", "2001:db8::80/121")
    .map(parseCidr);
  fc.assert(
    fc.property(fc.array(address, { maxLength: 6 }), within, (addresses, cidr) => {
      const vm = { ...VM, ips: addresses.length === 0 ? null : addresses.join(" ") };
      const isIn = addresses.some((text) => isInCidr(parseAddress(text)!, cidr));
      expect(isVmWanted(vm, { ...ALL, within: cidr })).toBe(isIn);
    }),
  );
});

test.each<[string, keyof typeof VM, (at: number) => Partial<GuestInterest>]>([
  ["by prefix", "ips", (at) => ({ within: parseCidr(`192.0.2.${at}/32`) })],
  ["by kind of change", "interfaces", (at) => ({ namePattern: "*".repeat(at + 1) })],
])("a change is looked through once for all who ask %s", (_title, field, asked) => {
  let looks = 0;
  const count = (version: typeof VM) =>
    Object.defineProperty({ ...version }, field, {
      get: () => {
        looks += 1;
        return version[field];
      },
    });
  const change = { before: count(VM), after: count({ ...VM, status: 0 }) };
  const ask = (at: number) => viewChange(change, { ...ALL, kinds: ["VM_MOVED"], ...asked(at) }, null);
  expect(ask(0)).toBeNull();
  const once = looks;
  for (let at = 1; at < 50; at++) expect(ask(at)).toBeNull();
  expect(looks).toBe(once);
});
