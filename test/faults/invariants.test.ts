import { afterEach, beforeEach, expect, test } from "vitest";
import type { GenerationHost } from "./support/generations.js";
import { startRefreshing, type Refreshing } from "./support/refreshing.js";
import { Invariants } from "./support/invariants.js";

let all: Refreshing;
let host: GenerationHost;

beforeEach(async () => {
  all = await startRefreshing({ hosts: 2, vmsPerHost: 3 });
  host = all.fleet.hosts[0]!;
  host.next();
  await all.pass(host);
});

afterEach(() => all.stop());

test.each([
  [
    "a mixture",
    "UPDATE vm_guest_agent_interfaces SET ipv4_addresses = '10.0.1.1' WHERE ipv4_addresses = '10.0.2.1'",
    /mixed/,
  ],
  [
    "an address list of another report",
    "UPDATE vm_dynamic SET vm_ip = replace(vm_ip, '10.0.2.', '10.0.1.')",
    /mixed/,
  ],
  [
    "a lost VM",
    "DELETE FROM vm_static WHERE vm_guid = (SELECT min(vm_guid::text)::uuid FROM vm_static)",
    /2 of 3 VMs/,
  ],
  [
    "a lost interface",
    "DELETE FROM vm_guest_agent_interfaces WHERE interface_name = 'eth1'",
    /has 1 interfaces/,
  ],
  ["an owner that is none", "UPDATE vm_dynamic SET run_on_vds = NULL", /is owned by null/],
  [
    "a step back",
    "UPDATE vm_dynamic SET vm_ip = replace(replace(vm_ip, '10.0.2.', '10.0.1.'), ':2::', ':1::'); UPDATE vm_guest_agent_interfaces SET ipv4_addresses = replace(ipv4_addresses, '10.0.2.', '10.0.1.'), ipv6_addresses = replace(ipv6_addresses, ':2::', ':1::')",
    /generation 1 after 2/,
  ],
  [
    "an old report that calls itself new",
    "UPDATE vnic_graph_host SET last_success_at = now() + interval '1 day'",
    /is served as reported at/,
  ],
])("the invariants see %s", async (_, spoil, words) => {
  const { dataSource } = all.database;
  const invariants = new Invariants(dataSource, all.fleet);
  expect(await invariants.violations()).toEqual([]);
  if (spoil.includes("last_success_at")) host.next();
  await dataSource.query(spoil);
  const found = await invariants.violations();
  expect(found.join("\n")).toMatch(words);
});
