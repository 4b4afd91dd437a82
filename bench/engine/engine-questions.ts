/** A search that no index of an engine helps. */
export const DEAR = '{ vms(first: 20, filter: { ip: "10.0.3.7" }) { nodes { id name } } }';

/** A look-up by key. */
export const CHEAP = '{ vm(id: "10000000-0000-4000-8000-000000000001") { id name } }';

/** The questions by their description. */
export const ENGINE_QUESTIONS: Readonly<Record<string, string>> = {
  "who has an IPv4 address": '{ vms(first: 20, filter: { ip: "10.0.3.7" }) { nodes { id name } } }',
  "who has an IPv6 address": '{ vms(first: 20, filter: { ip: "fe80::3e7" }) { nodes { id name } } }',
  "vNICs by MAC": '{ vmNics(macAddress: "56:6f:00:00:03:07") { id vm { name } } }',
  "VMs by part of a name": '{ vms(first: 20, filter: { nameContains: "abc1" }) { nodes { id name } } }',
  "VMs by a rare state": "{ vms(first: 20, filter: { status: [PAUSED] }) { nodes { id name } } }",
  "VMs by a common state": "{ vms(first: 20, filter: { status: [UP] }) { nodes { id name } } }",
  "VMs in a /24": '{ vms(first: 50, filter: { address: { inCidr: "10.0.7.0/24" } }) { nodes { id name } } }',
  "addresses in a /24": '{ guestAddresses(inCidr: "10.0.7.0/24", first: 50) { nodes { address } } }',
  "addresses of several VMs in a /24":
    '{ addressConflicts(within: "10.0.7.0/24") { nodes { address vmCount } } }',
  "MACs of several VMs": "{ macConflicts(first: 50) { nodes { macAddress vmCount } } }",
  "find an address": '{ find(text: "10.0.3.7") { __typename } }',
  "first page by host": "{ vms(first: 50, orderBy: HOST_ASC) { nodes { id name } } }",
  "first page by state": "{ vms(first: 50, orderBy: STATUS_ASC) { nodes { id name } } }",
  "first page by primary address": "{ vms(first: 50, orderBy: PRIMARY_ADDRESS_ASC) { nodes { id name } } }",
  "last page by name": "{ vms(last: 50) { nodes { id name } } }",
  "primary addresses of 50 VMs": "{ vms(first: 50) { nodes { guestInfo { primaryAddress { address } } } } }",
  "502 hosts with 20 VMs each": "{ hosts { name vms(first: 20) { name } } }",
  "the same with ips": "{ hosts { name vms(first: 20) { id name guestInfo { ips } } } }",
};
