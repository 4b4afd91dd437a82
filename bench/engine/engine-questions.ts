/** A search that no index of an engine helps. */
export const DEAR = '{ vms(first: 20, filter: { ip: "10.0.3.7" }) { nodes { id name } } }';

/** A look-up by key. */
export const CHEAP = '{ vm(id: "10000000-0000-4000-8000-000000000001") { id name } }';

/** What is asked, by what is told of it. */
export const ENGINE_QUESTIONS: Readonly<Record<string, string>> = {
  "who has an IPv4 address": '{ vms(first: 20, filter: { ip: "10.0.3.7" }) { nodes { id name } } }',
  "who has an IPv6 address": '{ vms(first: 20, filter: { ip: "fe80::3e7" }) { nodes { id name } } }',
  "vNICs by MAC": '{ vmNics(macAddress: "56:6f:00:00:03:07") { id vm { name } } }',
  "VMs by part of a name": '{ vms(first: 20, filter: { nameContains: "abc1" }) { nodes { id name } } }',
  "VMs by a rare state": "{ vms(first: 20, filter: { status: [PAUSED] }) { nodes { id name } } }",
  "VMs by a common state": "{ vms(first: 20, filter: { status: [UP] }) { nodes { id name } } }",
  "502 hosts with 20 VMs each": "{ hosts { name vms(first: 20) { name } } }",
  "the same with ips": "{ hosts { name vms(first: 20) { id name guestInfo { ips } } } }",
};
