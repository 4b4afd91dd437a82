import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFilterTextReader } from "../../../../src/graph/arguments/filters/read-filter-text.js";
import { buildTypeGraph } from "../../../../src/graph/schema.js";
import type { ReadStore } from "../../../../src/store/types.js";
import { createDatabase } from "../../../support/databases/database.js";
import { HOST_A, HOST_B } from "../../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../../support/builders/passes.js";
import { toGuestInterfaceOf, vmChange, vmState } from "../../../support/builders/stored.js";
import { askForData, askForErrors } from "../../support/ask.js";
import { createTwoSources, type TwoSources } from "../../support/two-sources.js";

let both: TwoSources;

beforeAll(async () => {
  both = await createTwoSources();
});

afterAll(() => both.drop());

async function findNamesBy(store: ReadStore, filter: string): Promise<string[]> {
  const data = await askForData(store, `{ vms(filter: ${filter}) { totalCount nodes { name } } }`);
  const { totalCount, nodes } = (data as { vms: { totalCount: number; nodes: { name: string }[] } }).vms;
  expect(totalCount).toBe(nodes.length);
  return nodes.map(({ name }) => name).toSorted();
}

const VM_OF_WEB = vmState(1).id;

const ALL = ["Db", "mapped", "mute", "web"];

describe.each(["own", "engine"] as const)("VMs of the source %s are found by", (source) => {
  test.each([
    ['{address: {eq: "10.0.1.5"}}', ["web"]],
    ['{address: {eq: "::ffff:10.0.1.5"}}', ["web"]],
    ['{address: {eq: "10.0.3.5"}}', ["mapped"]],
    ['{address: {eq: "2001:DB8:0::5"}}', ["web"]],
    ['{address: {inCidr: "10.0.0.0/8"}}', ["Db", "mapped", "web"]],
    ['{address: {inCidr: "10.0.2.0/23"}}', ["Db", "mapped"]],
    ['{address: {inCidr: "::ffff:10.0.2.0/119"}}', ["Db", "mapped"]],
    ['{address: {inCidr: "10.0.1.5/32"}}', ["web"]],
    ['{address: {inCidr: "10.0.1.4/32"}}', []],
    ['{address: {inCidr: "0.0.0.0/0"}}', ["Db", "mapped", "web"]],
    ['{address: {inCidr: "2001:db8::/32"}}', ["web"]],
    ['{address: {inCidr: "2001:db8::5/128"}}', ["web"]],
    ['{address: {inCidr: "fd00::/8"}}', ["Db"]],
    ['{address: {inCidr: "::/0"}}', ["Db", "mapped", "web"]],
    ['{address: {inCidr: "::/0", family: IPV4}}', ["mapped"]],
    ['{address: {inCidr: "::/8", family: IPV4}}', ["mapped"]],
    ['{address: {inCidr: "::/0", eq: "10.0.3.5"}}', ["mapped"]],
    ['{address: {inCidr: "::/0", eq: "::ffff:10.0.1.5"}}', []],
    ['{address: {inCidr: "::/0", anyOf: ["10.0.1.5", "10.0.3.5", "fd00::5"]}}', ["Db", "mapped"]],
    ['{address: {inCidr: "::ffff:10.0.1.0/120", eq: "10.0.1.5"}}', ["web"]],
    ["{address: {family: IPV4}}", ["Db", "mapped", "web"]],
    ["{address: {family: IPV6}}", ["Db", "web"]],
    ['{address: {family: IPV6, inCidr: "2000::/3"}}', ["web"]],
    ['{address: {family: IPV6, inCidr: "::/8"}}', []],
    ['{address: {anyOf: ["10.0.1.5", "fd00::5"]}}', ["Db", "web"]],
    [
      '{address: {anyOf: ["10.0.1.5", "10.9.9.1", "10.9.9.2", "10.9.9.3", "10.9.9.4", "fd00::5", "10.0.3.5"]}}',
      ["Db", "mapped", "web"],
    ],
    ['{address: {anyOf: ["10.0.1.5", "fd00::5"], inCidr: "10.0.0.0/8"}}', ["web"]],
    ['{address: {anyOf: ["10.0.1.5", "fd00::5"], family: IPV6}}', ["Db"]],
    ["{address: {anyOf: []}}", []],
    ["{hasAddress: true}", ["Db", "mapped", "web"]],
    ["{hasAddress: false}", ["mute"]],
    ['{name: {eq: "DB"}}', ["Db"]],
    ['{name: {contains: "E"}}', ["mapped", "mute", "web"]],
    ['{name: {startsWith: "m", contains: "a"}}', ["mapped"]],
    ['{fqdn: {startsWith: "WEB."}}', ["web"]],
    ['{host: {eq: "host-a"}}', ALL],
    ['{host: {contains: "192.0.2"}}', ALL],
    ['{guestMacAddress: "56-6F-00-00-00-02"}', ["Db"]],
    ['{nicMacAddress: "566f.0000.0003"}', ["mapped"]],
    ['{interfaceName: {eq: "ETH1"}}', ["web"]],
    ['{interfaceName: {startsWith: "WG", contains: "7"}}', ["web"]],
    ['{interfaceName: {startsWith: "wg", contains: "th"}}', []],
    ['{host: {startsWith: "192", contains: ".10"}}', ALL],
    ['{host: {startsWith: "host", contains: ".10"}}', []],
    ['{network: {eq: "red"}}', ["mapped", "web"]],
    ['{network: {eq: "RED", startsWith: "re", contains: "ed"}}', ["mapped", "web"]],
    ["{stale: true}", ["mute"]],
    ["{stale: false}", ["Db", "mapped", "web"]],
    ["{staleReason: [AGENT_ABSENT, HOST_FAILED]}", ["mute"]],
    ["{staleReason: []}", []],
    ['{or: [{name: {eq: "web"}}, {ip: "10.0.2.5"}, {status: [DOWN]}]}', ["Db", "web"]],
    ['{and: [{network: {eq: "red"}}, {not: {nameContains: "WEB"}}]}', ["mapped"]],
    ['{not: {fqdn: {contains: "example"}}}', ["mapped", "mute"]],
    [`{not: {hostId: "${HOST_A}"}}`, []],
    [`{id: "${VM_OF_WEB.toUpperCase()}"}`, ["web"]],
    [`{or: [{id: "${VM_OF_WEB}"}, {nameContains: "mut"}]}`, ["mute", "web"]],
    [`{not: {id: "${VM_OF_WEB}"}}`, ["Db", "mapped", "mute"]],
    [`{id: "${HOST_A}"}`, []],
    ["{or: []}", []],
    ["{and: []}", ALL],
    ["{not: {}}", []],
    ["{address: null, name: null, and: null, or: null, not: null, stale: null}", ALL],
  ])("%s", async (filter, names) => {
    expect(await findNamesBy(both.sources[source], filter)).toEqual(names);
  });

  test("a filter in two statements, however many conditions it has", async () => {
    const ask = () =>
      findNamesBy(
        both.sources[source],
        '{or: [{address: {inCidr: "10.0.1.0/24"}}, {guestMacAddress: "56:6f:00:00:00:02"}, {network: {eq: "x"}}]}',
      );
    both.countStatements();
    expect(await ask()).toEqual(["Db", "web"]);
    expect(both.countStatements()).toBe(2);
  });
});

test("addresses that change are found anew, and those that are gone no more", async () => {
  const other = await createDatabase();
  try {
    const { store } = other;
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const before = vmState(1, { ips: "10.0.0.1 fd00::1" });
    await writePass(store, HOST_A, {
      newVms: [before],
      insertedInterfaces: [
        toGuestInterfaceOf(1, { ipv4Addresses: ["10.0.0.1"], ipv6Addresses: ["fd00::1"] }),
      ],
    });
    await writePass(store, HOST_A, {
      changedVms: [vmChange(before, { ips: "10.0.9.1 fd00::1" })],
      updatedInterfaces: [
        {
          before: toGuestInterfaceOf(1, { ipv4Addresses: ["10.0.0.1"], ipv6Addresses: ["fd00::1"] }),
          after: toGuestInterfaceOf(1, { ipv4Addresses: ["10.0.9.1"], ipv6Addresses: ["fd00::1"] }),
        },
      ],
    });
    expect(await findNamesBy(store, '{address: {inCidr: "10.0.0.0/24"}}')).toEqual([]);
    expect(await findNamesBy(store, '{address: {inCidr: "10.0.9.0/24"}}')).toEqual(["vm-0001"]);
    const kept: unknown = await other.dataSource.query(
      "SELECT host(address) AS address FROM vnic_graph_address ORDER BY 1",
    );
    expect(kept).toEqual([{ address: "10.0.9.1" }, { address: "fd00::1" }]);
  } finally {
    await other.drop();
  }
});

test.each([
  ['{address: {eq: "10.0.1.5", family: IPV6}}', "address.family: 10.0.1.5 is not of this family"],
  ['{address: {eq: "10.0.1.5", inCidr: "10.0.2.0/24"}}', "address.inCidr: 10.0.1.5 is not in this prefix"],
  [
    '{address: {anyOf: ["10.0.1.5", "10.0.1.6"], inCidr: "10.0.2.0/24"}}',
    "address.inCidr: none of anyOf is in this prefix",
  ],
  ['{name: {eq: "web", startsWith: "db"}}', 'name.startsWith: "web" does not have this'],
  ['{not: {fqdn: {eq: "web", contains: "db"}}}', 'fqdn.contains: "web" does not have this'],
  ['{address: {inCidr: "10.0.0.0/8", family: IPV6}}', "address.family: the prefix is not of this family"],
  ['{address: {anyOf: ["10.0.1.5"], family: IPV6}}', "address.family: none of anyOf is of this family"],
  ['{address: {inCidr: "2001:db8:1::/48"}, not: {address: {inCidr: "2001:db8::/32"}}}', "not: it excludes"],
  ['{address: {eq: "2001:db8::5"}, not: {address: {family: IPV6}}}', "not: it excludes"],
  ['{address: {inCidr: "2000::/3"}, not: {address: {family: IPV6}}}', "not: it excludes"],
  ['{address: {inCidr: "::/0", family: IPV4}, not: {address: {inCidr: "::/0"}}}', "not: it excludes"],
  ['{address: {inCidr: "2001:db8::/32", family: IPV4}}', "address.family: the prefix is not of this family"],
  ['{address: {inCidr: "2001:db8::/32", eq: "10.0.1.5"}}', "address.inCidr: 10.0.1.5 is not in this prefix"],
  ['{address: {inCidr: "::ffff:10.0.0.0/104"}, not: {address: {inCidr: "10.0.0.0/8"}}}', "not: it excludes"],
  ['{address: {eq: "10.0.1.5", anyOf: ["10.0.1.6"]}}', "address.anyOf: 10.0.1.5 is not among these"],
  [
    '{address: {inCidr: "10.0.0.1/8"}}',
    'filter.address.inCidr: "10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8',
  ],
  [
    '{stale: true, or: [{ip: "10.0.0.1"}, {not: {address: {anyOf: ["10.0.0.2", "010.0.0.3"]}}}], status: [UP]}',
    'filter.or.not.address.anyOf: "010.0.0.3" is not a valid IP address',
  ],
  [
    '{address #note\n :#{(\n{inCidr: #c\n "10.0.0.1/8"}}',
    'filter.address.inCidr: "10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8',
  ],
  ['{guestMacAddress: "x"}', 'filter.guestMacAddress: "x" is not a valid MAC address'],
  [
    `{status: [${Array.from({ length: 501 }, () => "UP").join(" ")}]}`,
    "status: has 501 values; at most 500 are allowed",
  ],
  ["{stale: false, staleReason: [AGENT_ABSENT]}", "staleReason: asked for beside stale: false"],
  ['{hasAddress: false, ip: "10.0.0.1"}', "hasAddress: false, beside an address"],
  ['{and: [{hasAddress: false}, {and: [{ip: "10.0.0.1"}]}]}', "hasAddress: false, beside an address"],
  ['{ip: "10.0.0.1", and: [{not: {hasAddress: true}}]}', "hasAddress: false, beside an address"],
  [
    '{or: [{stale: true}, {hasAddress: false, address: {eq: "::1"}}]}',
    "hasAddress: false, beside an address",
  ],
  ["{or: [{stale: true}, {stale: false, staleReason: [AGENT_ABSENT]}]}", "staleReason: asked for beside"],
  ["{not: {stale: false, staleReason: [AGENT_ABSENT]}}", "staleReason: asked for beside stale: false"],
  ["{and: [{stale: false}, {staleReason: [AGENT_ABSENT]}]}", "stale, staleReason: nothing is left of it"],
  ["{not: {stale: true}, staleReason: [AGENT_ABSENT]}", "stale, staleReason: nothing is left of it"],
  ["{stale: false, and: [{not: {not: {stale: true}}}]}", "stale, staleReason: nothing is left of it"],
  ["{staleReason: [HOST_FAILED], and: [{staleReason: [VM_MISSING]}]}", "staleReason: nothing is left"],
  ["{staleReason: [HOST_FAILED], not: {staleReason: [HOST_FAILED]}}", "staleReason: nothing is left"],
  ["{status: [UP, PAUSED], and: [{status: [DOWN]}]}", "status: nothing is left of it"],
  ["{status: [UP], not: {status: [UP]}}", "status: nothing is left of it"],
  ['{status: [UP], not: {or: [{nameContains: "a"}, {status: [UP, DOWN]}]}}', "status: nothing is left"],
  [`{hostId: "${HOST_A}", and: [{hostId: "${HOST_B}"}]}`, "hostId: nothing is left of it"],
  [`{id: "${HOST_A}", and: [{id: "${HOST_B}"}]}`, "id: nothing is left of it"],
  ['{id: "7"}', 'id: "7" is not a UUID'],
  [`{hostId: "${HOST_A}", not: {hostId: "${HOST_A}"}}`, "hostId: nothing is left of it"],
  ['{name: {eq: "a"}, and: [{name: {eq: "b"}}]}', "name: nothing is left of it"],
  ['{name: {eq: "a", startsWith: "a"}, not: {name: {eq: "A"}}}', "name: nothing is left of it"],
  ['{fqdn: {eq: "a"}, and: [{and: [{fqdn: {eq: "b"}}]}]}', "fqdn: nothing is left of it"],
  ['{name: {eq: "web"}, nameContains: "db"}', "name: nothing is left of it"],
  ['{name: {eq: "web"}, not: {nameContains: "E"}}', "name: nothing is left of it"],
  ['{name: {startsWith: "we"}, and: [{name: {startsWith: "DB"}}]}', "name: nothing is left of it"],
  ['{fqdn: {eq: "web.example"}, and: [{fqdn: {startsWith: "db"}}]}', "fqdn: nothing is left of it"],
  [
    '{host: {eq: "host-a"}, and: [{host: {eq: "192.0.2.10"}}, {host: {eq: "host-b"}}]}',
    "host: nothing is left of it",
  ],
  ['{ip: "10.0.0.1", not: {ip: "10.0.0.1"}}', "not: it excludes what is asked for beside it"],
  ['{network: {eq: "a"}, and: [{not: {or: [{network: {eq: "a"}}]}}]}', "not: it excludes what is asked for"],
  [
    '{address: {inCidr: "10.0.0.0/8"}, not: {address: {inCidr: "10.0.0.0/8"}}}',
    "not: it excludes what is asked",
  ],
  ['{ip: "10.0.1.5", not: {address: {eq: "10.0.1.5"}}}', "not: it excludes what is asked for"],
  [
    '{address: {eq: "10.0.1.5"}, not: {address: {inCidr: "10.0.0.0/8"}}}',
    "not: it excludes what is asked for",
  ],
  [
    '{address: {anyOf: ["10.0.1.5", "fd00::5"]}, not: {address: {anyOf: ["fd00::5", "::ffff:10.0.1.5"]}}}',
    "not: it excludes",
  ],
  [
    '{address: {inCidr: "10.0.0.0/16"}, not: {address: {inCidr: "10.0.0.0/8"}}}',
    "not: it excludes what is asked",
  ],
  ['{nameContains: "web", not: {name: {contains: "EB"}}}', "not: it excludes what is asked for"],
  ['{name: {startsWith: "we"}, not: {nameContains: "W"}}', "not: it excludes what is asked for"],
  ['{network: {eq: "Red"}, not: {network: {startsWith: "RE"}}}', "not: it excludes what is asked for"],
  [
    '{interfaceName: {contains: "eth1"}, not: {interfaceName: {contains: "TH"}}}',
    "not: it excludes what is asked for",
  ],
  ["{onTwoHosts: true, and: [{onTwoHosts: false}]}", "onTwoHosts: nothing is left of it"],
  ["{onTwoHosts: true, not: {onTwoHosts: true}}", "onTwoHosts: nothing is left of it"],
  [
    '{ip: "10.0.0.1", not: {or: [{hasAddress: true}, {stale: true}]}}',
    "hasAddress: false, beside an address",
  ],
  [
    "{not: {not: {not: {not: {not: {stale: true}}}}}}",
    "filter: and, or, not must not be nested deeper than 5 levels",
  ],
  [
    `{or: [${Array.from({ length: 51 }, () => "{stale: true}").join(" ")}]}`,
    "filter: more than 50 conditions",
  ],
  [
    `{or: [${Array.from({ length: 501 }, () => "{}").join(" ")}]}`,
    "or: has 501 values; at most 500 are allowed",
  ],
  [
    `{address: {anyOf: [${Array.from({ length: 501 }, () => '"10.0.0.1"').join(" ")}]}}`,
    "address.anyOf: has 501 values",
  ],
  ['{name: {eq: "a\\u0000b"}}', "name.eq: must not contain a NUL character"],
])("a filter that cannot hold or be read is refused with its field: %s", async (filter, message) => {
  both.countStatements();
  const errors = await askForErrors(both.sources.own, `{ vms(filter: ${filter}) { totalCount } }`);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(message);
  expect(errors[0]).toMatch(/^BAD_USER_INPUT: /);
  expect(both.countStatements()).toBe(0);
});

test("who is not current is looked for as who is stale, which an index finds", () => {
  const read = createFilterTextReader(buildTypeGraph);
  expect(read('{"not": {"stale": false}}', [])).toEqual(read('{"stale": true}', []));
  expect(read('{"not": {"stale": true}}', [])).toEqual(read('{"stale": false}', []));
});

test.each([[`{id: "${HOST_B}"}`], [`{not: {or: [{id: "${HOST_A}"}, {id: "${HOST_B}"}]}}`]])(
  "a filter that leaves none of the ids of `vms(ids:)` is refused: %s",
  async (filter) => {
    both.countStatements();
    const ids = filter.startsWith("{id") ? [HOST_A, VM_OF_WEB] : [HOST_A, HOST_B];
    const errors = await askForErrors(
      both.sources.own,
      `{ vms(ids: ${JSON.stringify(ids)}, filter: ${filter}) { totalCount } }`,
    );
    expect(errors).toEqual([expect.stringMatching(/^BAD_USER_INPUT: id: nothing is left of it/)]);
    expect(both.countStatements()).toBe(0);
  },
);

test.each([
  ["{not: {status: [UP], and: [{status: [DOWN]}]}}", ALL],
  ['{address: {inCidr: "::/0"}, not: {address: {inCidr: "10.0.0.0/8"}}}', []],
  ['{address: {inCidr: "::/0"}, not: {address: {family: IPV4}}}', []],
  [`{or: [{hostId: "${HOST_A}", and: [{hostId: "${HOST_B}"}]}, {name: {eq: "web"}}]}`, ["web"]],
  [`{or: [{hostId: "${HOST_A}", not: {hostId: "${HOST_A}"}}, {name: {eq: "web"}}]}`, ["web"]],
  ["{not: {stale: true, and: [{stale: false}]}}", ALL],
  ['{or: [{name: {eq: "web"}}, {stale: true, and: [{stale: false}]}]}', ["web"]],
  ['{or: [{name: {eq: "web"}}, {onTwoHosts: true, and: [{onTwoHosts: false}]}]}', ["web"]],
  ['{or: [{name: {eq: "web"}}, {ip: "10.0.0.1", not: {or: [{hasAddress: true}, {stale: true}]}}]}', ["web"]],
  ["{not: {and: [{stale: true}, {staleReason: [HOST_FAILED]}]}}", ALL],
  ["{status: [UP, PAUSED], and: [{status: [PAUSED, UP]}]}", ALL],
  ['{name: {eq: "WEB"}, and: [{name: {eq: "web"}}], not: {name: {eq: "db"}}}', ["web"]],
  ['{name: {eq: "web"}, not: {name: {startsWith: "web.", eq: "web.b"}}}', ["web"]],
  ['{ip: "10.0.1.5", not: {ip: "10.0.1.6"}}', ["web"]],
  ['{address: {eq: "10.0.3.5"}, not: {ip: "10.0.3.5"}}', ["mapped"]],
  ['{address: {eq: "10.0.3.5"}, not: {address: {inCidr: "fd00::/8"}}}', ["mapped"]],
  ['{address: {inCidr: "10.0.0.0/8"}, not: {address: {inCidr: "10.0.2.0/24"}}}', ["mapped", "web"]],
  ['{address: {anyOf: ["10.0.1.5", "fd00::5"]}, not: {address: {eq: "fd00::5"}}}', ["web"]],
  ['{network: {eq: "red"}, not: {network: {eq: "blue"}}}', ["mapped", "web"]],
  ['{nameContains: "e", not: {name: {contains: "eb"}}}', ["mapped", "mute"]],
  ['{name: {eq: "web"}, nameContains: "EB", and: [{name: {startsWith: "W"}}]}', ["web"]],
  ['{name: {startsWith: "W"}, and: [{name: {startsWith: "we"}}]}', ["web"]],
  ['{or: [{name: {eq: "web"}}, {name: {eq: "web"}, nameContains: "db"}]}', ["web"]],
  ['{host: {eq: "host-a"}, and: [{host: {eq: "192.0.2.10"}}, {host: {eq: "HOST-A"}}]}', ALL],
  ['{or: [{name: {eq: "a"}, and: [{name: {eq: "b"}}]}, {name: {eq: "web"}}]}', ["web"]],
  ["{stale: true, not: {staleReason: [HOST_FAILED]}}", ["mute"]],
])(
  "a filter that can hold is answered, whatever its alternatives or its NOT hold: %s",
  async (filter, names) => {
    expect(await findNamesBy(both.sources.own, filter)).toEqual(names);
  },
);

test.each([
  "{stale: false, staleReason: []}",
  "{stale: false, and: [{staleReason: []}]}",
  "{status: [], and: [{status: [DOWN]}]}",
  "{status: [], not: {status: []}}",
  '{status: [], name: {eq: "a"}, not: {name: {eq: "a"}}}',
  '{or: [], name: {eq: "a"}, and: [{name: {eq: "b"}}]}',
  "{hasAddress: false, address: {anyOf: []}}",
  '{address: {eq: "10.0.1.5", anyOf: []}}',
  '{address: {inCidr: "10.0.0.0/8", anyOf: []}}',
  "{stale: false, or: [{staleReason: [HOST_FAILED]}, {staleReason: [VM_MISSING]}]}",
  '{address: {eq: "10.0.1.5"}, and: [{address: {eq: "10.0.2.5"}}]}',
])("beside an empty list, or where no alternative fits, the answer is empty: %s", async (filter) => {
  expect(await findNamesBy(both.sources.own, filter)).toEqual([]);
});
