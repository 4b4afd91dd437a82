import { expect, test } from "vitest";
import { findConflictKind } from "../../../src/model/address/conflict-kind.js";
import { toInterface } from "../../support/builders/address-cases.js";

/** The interfaces of each VM, the one with the address first; an empty list: the guest does not tell its interfaces. */
function findKind(address: string, vms: readonly (readonly string[])[]): string {
  const holders = vms.map((texts) => {
    const interfaces = texts.map(toInterface);
    return { device: interfaces[0] ?? null, interfaces };
  });
  return findConflictKind(address, holders);
}

test.each<[what: string, address: string, vms: string[][], kind: string]>([
  ["two clones", "10.0.0.5", [["eth0 m1 10.0.0.5"], ["eth0 m2 10.0.0.5"]], "DUPLICATE"],
  ["guests that tell no interfaces", "10.0.0.5", [[], []], "DUPLICATE"],
  [
    "keepalived on two, while both are masters",
    "10.0.0.1",
    [["eth0 m1 10.0.0.11 10.0.0.1"], ["eth0 m2 10.0.0.12 10.0.0.1"]],
    "VIRTUAL_ROUTER",
  ],
  [
    "clones with two addresses",
    "10.0.0.6",
    [["eth0 m1 10.0.0.5 10.0.0.6"], ["eth0 m2 10.0.0.5 10.0.0.6"]],
    "DUPLICATE",
  ],
  [
    "keepalived with two virtual addresses, in either order",
    "10.0.0.2",
    [["eth0 m1 10.0.0.11 10.0.0.1 10.0.0.2"], ["eth0 m2 10.0.0.12 10.0.0.2 10.0.0.1"]],
    "VIRTUAL_ROUTER",
  ],
  [
    "VRRP with virtual MACs",
    "10.0.0.1",
    [["vrrp.51 00:00:5e:00:01:33 10.0.0.1"], ["vrrp.51 00:00:5e:00:01:33 10.0.0.1"]],
    "VIRTUAL_ROUTER",
  ],
  [
    "a second address with a label, which pacemaker and keepalived may give it",
    "10.0.0.1",
    [
      ["eth0:vip m1 10.0.0.1", "eth0 m1 10.0.0.11"],
      ["eth0:1 m2 10.0.0.1", "eth0 m2 10.0.0.12"],
    ],
    "VIRTUAL_ROUTER",
  ],
  [
    "servers behind LVS, on lo:0",
    "10.0.0.100",
    [
      ["lo:0 - 10.0.0.100", "eth0 m1 10.0.0.11"],
      ["lo:0 - 10.0.0.100", "eth0 m2 10.0.0.12"],
    ],
    "VIRTUAL_ROUTER",
  ],
  ["one has it in the usual way", "10.0.0.1", [["eth0 m1 10.0.0.1"], ["carp0 - 10.0.0.1"]], "VIRTUAL_ROUTER"],
  // Kernels list an IPv6 address that was added later first.
  [
    "keepalived in IPv6, the virtual address first",
    "2001:db8::1",
    [["eth0 m1 2001:db8::1 2001:db8::11 fe80::1"], ["eth0 m2 2001:db8::1 2001:db8::12 fe80::2"]],
    "VIRTUAL_ROUTER",
  ],
  [
    "keepalived in IPv6, the virtual address last",
    "2001:db8::1",
    [["eth0 m1 2001:db8::11 2001:db8::1"], ["eth0 m2 2001:db8::12 2001:db8::1"]],
    "VIRTUAL_ROUTER",
  ],
  [
    "clones with an address set by hand, behind those that each makes from its MAC and makes up",
    "2001:db8::5",
    [
      ["eth0 m1 2001:db8::546f:aaff:fe00:1 2001:db8::1:2:3:4 2001:db8::5"],
      ["eth0 m2 2001:db8::546f:aaff:fe00:2 2001:db8::5:6:7:8 2001:db8::5"],
    ],
    "DUPLICATE",
  ],
  [
    "clones with two addresses set by hand",
    "2001:db8::6",
    [["eth0 m1 2001:db8::5 2001:db8::6"], ["eth0 m2 2001:db8::5 2001:db8::6"]],
    "DUPLICATE",
  ],
  [
    "clones with an address of another prefix",
    "2001:db8::5",
    [["eth0 m1 fd00::11 2001:db8::5"], ["eth0 m2 fd00::12 2001:db8::5"]],
    "DUPLICATE",
  ],
  [
    "all routers of a prefix",
    "2001:db8:7::",
    [["eth0 m1 2001:db8:7:: fe80::1"], ["eth0 m2 2001:db8:7:: fe80::1"]],
    "VIRTUAL_ROUTER",
  ],
  [
    "servers behind a load balancer, which has the address itself",
    "10.0.0.100",
    [
      ["lo - 10.0.0.100", "eth0 m1 10.0.0.21"],
      ["dummy0 3e:9a:11:22:33:44 10.0.0.100", "eth0 m1 10.0.0.22"],
      ["eth0 m1 10.0.0.20 10.0.0.100"],
    ],
    "VIRTUAL_ROUTER",
  ],
  [
    "clones of a routed host, which is reached by this address alone",
    "10.1.1.6",
    [
      ["lo - 10.1.1.6", "docker0 - 172.17.0.1", "eth0 m1 fe80::1"],
      ["dummy0 3e:9a:11:22:33:44 10.1.1.6", "eth0 m1 fe80::2"],
    ],
    "DUPLICATE",
  ],
])("%s", (_, address, vms, kind) => {
  expect(findKind(address, vms)).toBe(kind);
});
