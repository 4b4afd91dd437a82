import { describe, expect, test } from "vitest";
import { findInterfacesOfNic, findNicOfInterface } from "../../../src/loaders/interfaces/match.js";
import { mac, uuid } from "../../support/builders/ids.js";
import { guestInterfaceRow, nicRow } from "../../support/builders/rows.js";

const vmId = uuid(1, 1);
const nic = nicRow(1, vmId);

describe("the guest's interfaces of a vNIC", () => {
  const names = (devices: Parameters<typeof findInterfacesOfNic>[1]) =>
    findInterfacesOfNic(nic, devices)?.map(({ name }) => name) ?? null;

  test("are those with its MAC, in any case, in the order in which they were reported", () => {
    const devices = [
      guestInterfaceRow(vmId, { name: "a", macAddress: mac(1).toUpperCase() }),
      guestInterfaceRow(vmId, { name: "b", macAddress: mac(2) }),
      guestInterfaceRow(vmId, { name: "c", macAddress: null }),
      guestInterfaceRow(vmId, { name: "d", macAddress: mac(1).replaceAll(":", "-") }),
    ];
    expect(names(devices)).toEqual(["a", "d"]);
  });

  test("begin with one whose address reaches beyond its link, then one with any address", () => {
    const devices = [
      guestInterfaceRow(vmId, { name: "bare slave" }),
      guestInterfaceRow(vmId, {
        name: "link-local",
        ipv4Addresses: ["169.254.1.1"],
        ipv6Addresses: ["fe80::1"],
      }),
      guestInterfaceRow(vmId, { name: "bond", ipv6Addresses: ["fe80::2", "2001:db8::1"] }),
      guestInterfaceRow(vmId, { name: "vlan", ipv4Addresses: ["10.0.0.1"] }),
    ];
    expect(names(devices)).toEqual(["bond", "vlan", "link-local", "bare slave"]);
  });

  test("are none, or not known, which is another thing", () => {
    expect(names([])).toEqual([]);
    expect(names(null)).toBeNull();
  });

  test("are none if the vNIC has no MAC, even if interfaces have none either", () => {
    expect(
      findInterfacesOfNic({ ...nic, macAddress: null }, [guestInterfaceRow(vmId, { macAddress: null })]),
    ).toEqual([]);
  });

  test("keep equal rows", () => {
    expect(names([guestInterfaceRow(vmId), guestInterfaceRow(vmId)])).toEqual(["eth0", "eth0"]);
  });
});

test("the vNIC of an interface is the first with its MAC, or null", () => {
  const nics = [nicRow(2, vmId), nic, nicRow(3, vmId, { macAddress: mac(1) })];
  expect(findNicOfInterface(guestInterfaceRow(vmId), nics)).toBe(nic);
  expect(findNicOfInterface(guestInterfaceRow(vmId, { macAddress: mac(9) }), nics)).toBeNull();
  expect(findNicOfInterface(guestInterfaceRow(vmId, { macAddress: null }), nics)).toBeNull();
});
