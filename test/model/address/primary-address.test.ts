import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCidr } from "../../../src/model/address/cidr.js";
import { findPrimaryAddress, findPrimaryOfAddresses } from "../../../src/model/address/primary-address.js";
import { ADDRESS_CASES, DOCKER, MACS, NICS, toInterface } from "../../support/builders/address-cases.js";

describe("the primary address of a guest", () => {
  test.each(ADDRESS_CASES)("with $title is $address", ({ guest, question, nics, address }) => {
    const found = findPrimaryAddress(guest.map(toInterface), nics ?? NICS, question);
    expect(found?.address ?? null).toBe(address);
  });

  test("names the interface, the vNIC and the reason", () => {
    const [docker, eth0, wg0] = [DOCKER, "eth0 m1 10.0.0.5", "wg0 - 10.8.0.2"].map(toInterface);
    expect(findPrimaryAddress([docker!, eth0!], NICS)).toEqual({
      address: "10.0.0.5",
      guestInterface: eth0,
      nic: NICS[0],
      reason: "global IPv4 address of eth0, which is vNIC nic1 on network ovirtmgmt",
    });
    expect(findPrimaryAddress([docker!, wg0!], NICS)).toMatchObject({
      nic: null,
      reason: "global IPv4 address of wg0, which the guest made itself; no vNIC has a better one",
    });
    // A vNIC has a better one, but not in the prefix.
    expect(findPrimaryAddress([eth0!, wg0!], NICS, { within: parseCidr("10.8.0.0/16") })).toMatchObject({
      nic: null,
      reason:
        "global IPv4 address of wg0, which the guest made itself; no vNIC has a better one of those asked for",
    });
    expect(findPrimaryOfAddresses(["127.0.0.1", "10.0.0.7"])).toEqual({
      address: "10.0.0.7",
      guestInterface: null,
      nic: null,
      reason: "global IPv4 address; the guest does not tell its interfaces",
    });
  });

  test.each([
    [["172.17.0.1", "10.0.0.7"], "10.0.0.7"],
    [["192.168.122.1", "172.17.0.1", "2001:db8::5"], "2001:db8::5"],
    [["172.17.0.1"], "172.17.0.1"],
  ])("that tells no interfaces is not docker0's, if it has another: %j", (addresses, expected) => {
    expect(findPrimaryOfAddresses(addresses)?.address).toBe(expected);
  });

  const ADDRESSES = [
    "10.0.0.5",
    "10.0.0.50",
    "100.64.0.5",
    "169.254.1.1",
    "127.0.0.1",
    "192.0.0.4",
    "2001:db8::5",
    "2001:db8::91ac:1b2c:3d4e:5f60",
    "fd00::5",
    "fe80::1",
  ];
  const anInterface = fc.record({
    name: fc.constantFrom("eth0", "eth1", "docker0", "wg0", "lo"),
    macAddress: fc.constantFrom(MACS["m1"]!, MACS["m2"]!, "02:42:00:00:00:01", null),
    ipv4Addresses: fc.subarray(ADDRESSES.filter((each) => !each.includes(":"))),
    ipv6Addresses: fc.subarray(ADDRESSES.filter((each) => each.includes(":"))),
  });

  test("stays the same when any other address goes", () => {
    fc.assert(
      fc.property(fc.array(anInterface, { maxLength: 5 }), fc.nat(), (guest, pick) => {
        const found = findPrimaryAddress(guest, NICS);
        fc.pre(found !== null);
        const others = guest.flatMap((each) =>
          [...each.ipv4Addresses, ...each.ipv6Addresses]
            .filter((address) => each !== found.guestInterface || address !== found.address)
            .map((address) => ({ each, address })),
        );
        fc.pre(others.length > 0);
        const gone = others[pick % others.length]!;
        const rest = guest.map((each) =>
          each === gone.each
            ? {
                ...each,
                ipv4Addresses: each.ipv4Addresses.filter((address) => address !== gone.address),
                ipv6Addresses: each.ipv6Addresses.filter((address) => address !== gone.address),
              }
            : each,
        );
        expect(findPrimaryAddress(rest, NICS)?.address).toBe(found.address);
      }),
    );
  });

  test("exists whatever the family and network asked for, if it exists at all", () => {
    fc.assert(
      fc.property(fc.array(anInterface, { maxLength: 5 }), (guest) => {
        const any = findPrimaryAddress(guest, NICS);
        const byFamily = ([4, 6] as const).map((family) => findPrimaryAddress(guest, NICS, { family }));
        expect(byFamily.some((each) => each !== null)).toBe(any !== null);
        expect(findPrimaryAddress(guest, NICS, { network: "storage" }) !== null).toBe(any !== null);
      }),
    );
  });
});
