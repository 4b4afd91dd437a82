import { expect, test } from "vitest";
import { askForData, askForErrors } from "./support/ask.js";
import { mac, uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { guestInterfaceRow, nicRow, vmRow } from "../support/builders/rows.js";

function storeWithGuest() {
  const store = createMemoryReadStore();
  const vm = vmRow(1, { ips: ["172.17.0.1", "10.0.0.5", "10.0.2.5", "2001:db8::5"] });
  store.vms.push(
    vm,
    vmRow(2, { interfacesKnown: false, ips: null }),
    vmRow(3, { interfacesKnown: false, ips: ["10.0.0.7"] }),
  );
  store.nics.push(nicRow(1, vm.id, { network: "red" }), nicRow(2, vm.id, { network: "blue" }));
  store.interfaces.push(
    guestInterfaceRow(vm.id, {
      name: "docker0",
      macAddress: "02:42:00:00:00:01",
      ipv4Addresses: ["172.17.0.1"],
    }),
    guestInterfaceRow(vm.id, {
      name: "eth0",
      macAddress: mac(1),
      ipv4Addresses: ["10.0.0.5"],
      ipv6Addresses: ["2001:db8::5"],
    }),
    guestInterfaceRow(vm.id, { name: "eth1", macAddress: mac(2), ipv4Addresses: ["10.0.2.5"] }),
  );
  return store;
}

const GUEST = (number: number, field: string) =>
  `{ vm(id: "${uuid(1, number)}") { guestInfo { ${field} } } }`;

test("a guest has one address to reach it by, with its device, its vNIC and the reason", async () => {
  const question = GUEST(1, "primaryAddress { address reason device { name } vmNic { network } }");
  expect(await askForData(storeWithGuest(), question)).toEqual({
    vm: {
      guestInfo: {
        primaryAddress: {
          address: "10.0.0.5",
          reason: "global IPv4 address of eth0, which is vNIC nic1 on network red",
          device: { name: "eth0" },
          vmNic: { network: "red" },
        },
      },
    },
  });
});

test.each([
  ["family: IPV6", "2001:db8::5"],
  ['network: "blue"', "10.0.2.5"],
  ['within: "10.0.2.0/24"', "10.0.2.5"],
  ['within: "::ffff:10.0.2.0/120"', "10.0.2.5"],
  ["family: null, network: null, within: null", "10.0.0.5"],
])("the address can be asked for by %s", async (argument, address) => {
  const data = await askForData(storeWithGuest(), GUEST(1, `primaryAddress(${argument}) { address }`));
  expect(data).toEqual({ vm: { guestInfo: { primaryAddress: { address } } } });
});

test.each([
  ['family: IPV6, within: "10.0.2.0/24"', false],
  ['family: IPV6, within: "::ffff:10.0.2.0/120"', false],
  ['family: IPV4, within: "fd00::/8"', false],
  ['family: IPV4, within: "::/0"', true],
  ['family: IPV6, within: "::/0"', true],
  ['family: IPV4, within: "::ffff:10.0.2.0/120"', true],
])(
  "a prefix that has no address of the family is refused, of the guest's and of a vNIC's: %s",
  async (argument, isGood) => {
    const question = `{ vm(id: "${uuid(1, 1)}") {
    guestInfo { primaryAddress(${argument}) { address } } nics { primaryAddress(${argument}) { address } } } }`;
    if (isGood) {
      expect(await askForData(storeWithGuest(), question)).toBeTruthy();
      return;
    }
    const errors = await askForErrors(storeWithGuest(), question);
    expect(errors.length).toBeGreaterThan(1);
    for (const error of errors)
      expect(error).toMatch(/^BAD_USER_INPUT: within: the prefix has no address of this family/);
  },
);

test("a guest that is not known has none; one that reports addresses only has one without a device", async () => {
  const field = "primaryAddress { address device { name } vmNic { id } }";
  expect(await askForData(storeWithGuest(), GUEST(2, field))).toEqual({
    vm: { guestInfo: { primaryAddress: null } },
  });
  expect(await askForData(storeWithGuest(), GUEST(3, field))).toEqual({
    vm: { guestInfo: { primaryAddress: { address: "10.0.0.7", device: null, vmNic: null } } },
  });
});

test("each vNIC has its own", async () => {
  const question = `{ vm(id: "${uuid(1, 1)}") { nics { network primaryAddress { address } v6: primaryAddress(family: IPV6) { address } } } }`;
  expect(await askForData(storeWithGuest(), question)).toEqual({
    vm: {
      nics: [
        { network: "red", primaryAddress: { address: "10.0.0.5" }, v6: { address: "2001:db8::5" } },
        { network: "blue", primaryAddress: { address: "10.0.2.5" }, v6: null },
      ],
    },
  });
});

test("the addresses of a page of VMs cost one read of each kind", async () => {
  const store = storeWithGuest();
  await askForData(
    store,
    "{ vms { nodes { guestInfo { primaryAddress { address } } nics { primaryAddress { address } } } } }",
  );
  expect(store.calls.toSorted()).toEqual(["readGuestInterfacesByVms", "readNicsByVms", "readVmsPage"]);
});

test.each([
  ["10.0.0.1/8", "has bits behind its length; the network is 10.0.0.0/8"],
  ["10.0.0.0/33", "has a length over 32, the most for IPv4"],
  ["2001:db8::/129", "has a length over 128, the most for IPv6"],
  ["10.0.0.0", "is not a prefix; write it like 10.0.0.0/8 or 2001:db8::/32"],
  ["x/8", "is not a prefix"],
])("a prefix %s is refused with what was expected", async (prefix, reason) => {
  const [error, ...others] = await askForErrors(
    storeWithGuest(),
    GUEST(1, `primaryAddress(within: "${prefix}") { address }`),
  );
  expect(error).toContain(`"${prefix}" ${reason}`);
  expect(others).toEqual([]);
});
