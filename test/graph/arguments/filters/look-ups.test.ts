import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOST_A, HOST_B, id, uuid } from "../../../support/builders/ids.js";
import { createMemoryReadStore } from "../../../support/builders/memory-read-store.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../../support/builders/passes.js";
import { vmState } from "../../../support/builders/stored.js";
import { askForData, askForErrors } from "../../support/ask.js";
import { createTwoSources, guestMac, type TwoSources } from "../../support/two-sources.js";

let both: TwoSources;

beforeAll(async () => {
  both = await createTwoSources();
  // Names that may be MACs.
  const renames = [
    `UPDATE vm_static SET vm_name = '202611290001' WHERE vm_guid = '${id(4)}'`,
    `UPDATE vm_dynamic SET vm_fqdn = '202611-290001' WHERE vm_guid = '${id(4)}'`,
  ];
  for (const rename of renames)
    await Promise.all([both.database.dataSource.query(rename), both.engine.asEngine(rename)]);
  const { store } = both.database;
  await store.registerHosts([...HOSTS, ...TWINS], INTERVAL_MS);
  await writePass(store, HOST_A, { newVms: ODD_VMS.map((values, at) => vmState(at + 5, values)) });
  await both.engine.asEngine(
    ...TWINS.map(
      ({ id: hostId, name, host, port }) =>
        `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${hostId}', '${name}', '${host}', ${port})`,
    ),
    ...ODD_VMS.flatMap(({ name, fqdn }, at) => [
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES ('${id(at + 5)}', '${name}', 'VM', '${id(at + 5)}')`,
      `INSERT INTO vm_dynamic (vm_guid, status, vm_fqdn) VALUES ('${id(at + 5)}', 1, '${fqdn}')`,
    ]),
  );
});

afterAll(() => both.drop());

/** The first VM's id without dashes. */
const PLAIN_ID = id(1).replaceAll("-", "");

/** VMs whose names have what may also stand behind a name, and one that is called as another one's id. */
const ODD_VMS = [
  { name: "odd:22", fqdn: "odd.test." },
  { name: "odd", fqdn: "odd.test" },
  { name: PLAIN_ID, fqdn: "" },
];

/** Two hosts at one address, and two at one name. Their ports differ. */
const TWINS = ["127.0.0.1", "::ffff:127.0.0.1", "pair.test", "pair.test"].map((host, at) => ({
  id: uuid(at + 1, 0),
  name: `twin-${at + 1}`,
  host,
  port: 35_273 + at,
}));

/** The vNIC of a VM has an id of its own in each source. */
const NIC_IDS = {
  own: (number: number) => id(0x10000 + number),
  engine: (number: number) => id(128 + number),
};

const FOUND = `kind vms { totalCount nodes { name } } vmNics { vm { name } } hosts { id }`;

async function ask(source: "own" | "engine", query: string): Promise<Record<string, unknown>> {
  return (await askForData(both.sources[source], query)) as Record<string, unknown>;
}

describe.each(["own", "engine"] as const)("in the source %s", (source) => {
  const shown = (
    kind: string,
    names: readonly string[],
    nicsOf: readonly string[],
    hosts: readonly string[],
  ) => ({
    kind,
    vms: { totalCount: names.length, nodes: names.map((name) => ({ name })) },
    vmNics: nicsOf.map((name) => ({ vm: { name } })),
    hosts: hosts.map((each) => ({ id: each })),
  });

  test.each([
    ["10.0.1.5", shown("ADDRESS", ["web"], [], [])],
    [" ::FFFF:10.0.3.5 ", shown("ADDRESS", ["mapped"], [], [])],
    ["10.0.3.5", shown("ADDRESS", ["mapped"], [], [])],
    ["::ffff:a00:105", shown("ADDRESS", ["web"], [], [])],
    ["2001:DB8:0::5", shown("ADDRESS", ["web"], [], [])],
    ["[2001:db8::5]", shown("ADDRESS", ["web"], [], [])],
    ["10.0.1.5:22", shown("ADDRESS", ["web"], [], [])],
    ["https://10.0.1.5:8443/", shown("ADDRESS", ["web"], [], [])],
    ["ssh://root@10.0.1.5:22", shown("ADDRESS", ["web"], [], [])],
    ["https://[2001:db8::5]:8443/ovirt-engine/?x=1#vms", shown("ADDRESS", ["web"], [], [])],
    [`{${id(1).toUpperCase()}}`, shown("ID", ["web"], [], [])],
    [`urn:uuid:${id(1)}`, shown("ID", ["web"], [], [])],
    [PLAIN_ID, shown("ID", [PLAIN_ID, "web"], [], [])],
    [`{${PLAIN_ID}}`, shown("ID", ["web"], [], [])],
    [`URN:UUID:${PLAIN_ID}`, shown("ID", ["web"], [], [])],
    [HOST_A.replaceAll("-", "").toUpperCase(), shown("ID", [], [], [HOST_A])],
    [NIC_IDS[source](2).replaceAll("-", ""), shown("ID", [], ["Db"], [])],
    ["0000-0000-0000-4000-8000-0000-0000-0001", shown("ID", ["web"], [], [])],
    ["[2001:db8::5]:443", shown("ADDRESS", ["web"], [], [])],
    ["2001:db8::5%eth0", shown("ADDRESS", ["web"], [], [])],
    ["'10.0.1.5',", shown("ADDRESS", ["web"], [], [])],
    ["web*", shown("NAME", ["web"], [], [])],
    ["*", shown("NAME", [], [], [])],
    ["web:22", shown("NAME", ["web"], [], [])],
    // The beginnings of a MAC and of an address.
    ["56:22", shown("NAME", [], [], [])],
    ["2001:22", shown("NAME", [], [], [])],
    ["web.", shown("NAME", ["web"], [], [])],
    ["we.", shown("NAME", [], [], [])],
    ["WEB.example.", shown("NAME", ["web"], [], [])],
    ["web.example.:22", shown("NAME", ["web"], [], [])],
    ["http://web.example/", shown("NAME", ["web"], [], [])],
    ["https://me@web.example.:8443/ovirt-engine/?x=1#vms", shown("NAME", ["web"], [], [])],
    ["https://", shown("NAME", [], [], [])],
    ["..", shown("NAME", [], [], [])],
    ["odd:22", shown("NAME", ["odd", "odd:22"], [], [])],
    ["odd:2", shown("NAME", ["odd", "odd:22"], [], [])],
    ["odd.test.", shown("NAME", ["odd", "odd:22"], [], [])],
    ["127.0.0.1", shown("ADDRESS", [], [], [uuid(1, 0), uuid(2, 0)])],
    ["127.0.0.1:35273", shown("ADDRESS", [], [], [uuid(1, 0)])],
    ["https://[::ffff:127.0.0.1]:35274/", shown("ADDRESS", [], [], [uuid(2, 0)])],
    ["127.0.0.1:22", shown("ADDRESS", [], [], [uuid(1, 0), uuid(2, 0)])],
    ["twin-1:22", shown("NAME", [], [], [uuid(1, 0)])],
    ["pair.test.", shown("NAME", [], [], [uuid(3, 0), uuid(4, 0)])],
    ["pair.tes.", shown("NAME", [], [], [])],
    ["pair.test:22", shown("NAME", [], [], [uuid(3, 0), uuid(4, 0)])],
    ["https://PAIR.test.:35276/api", shown("NAME", [], [], [uuid(4, 0)])],
    ["192.0.2.10", shown("ADDRESS", [], [], [HOST_A])],
    ["::ffff:192.0.2.10", shown("ADDRESS", [], [], [HOST_A])],
    ["10.0.0.0/8", shown("CIDR", ["Db", "mapped", "web"], [], [])],
    ["fd00::/8", shown("CIDR", ["Db"], [], [])],
    ["[fd00::]/8", shown("CIDR", ["Db"], [], [])],
    [guestMac(2).toUpperCase().replaceAll(":", "-"), shown("MAC", ["Db"], ["Db"], [])],
    ["566f00000003", shown("MAC", ["mapped"], ["mapped"], [])],
    ["202611290001", shown("MAC", ["202611290001"], [], [])],
    ["202611-290001", shown("MAC", ["202611290001"], [], [])],
    ["2026-1129-0001", shown("MAC", [], [], [])],
    ["20:26:11:29:00:01", shown("MAC", [], [], [])],
    ["2026112900", shown("NAME", ["202611290001"], [], [])],
    ["566F-0000-0003", shown("MAC", ["mapped"], ["mapped"], [])],
    ["566f00-000003", shown("MAC", ["mapped"], ["mapped"], [])],
    ["56 6f 00 00 00 03", shown("MAC", ["mapped"], ["mapped"], [])],
    [id(1), shown("ID", ["web"], [], [])],
    [HOST_A.toUpperCase(), shown("ID", [], [], [HOST_A])],
    [NIC_IDS[source](2), shown("ID", [], ["Db"], [])],
    ["B.Example", shown("NAME", ["Db", "web"], [], [])],
    ["host-A", shown("NAME", [], [], [HOST_A])],
    ["10.0.1", shown("NAME", [], [], [])],
    ["a/8", shown("NAME", [], [], [])],
  ])("a text leads to what it may mean: %s", async (text, answer) => {
    expect(await ask(source, `{ find(text: "${text}") { ${FOUND} } }`)).toEqual({ find: answer });
  });

  test.each([
    ["10.0.1.5", 3],
    ["10.0.0.0/8", 2],
    [guestMac(1), 3],
    [id(1), 4],
    [PLAIN_ID, 4],
    ["web", 3],
    ["https://web.example.:8443/", 3],
    ["127.0.0.1:35273", 3],
  ])("all that %s leads to costs a statement for each list that may hold it", async (text, statements) => {
    both.countStatements();
    await ask(source, `{ find(text: "${text}") { ${FOUND.replace("vm { name }", "name")} } }`);
    expect(both.countStatements()).toBe(statements);
  });

  test("VMs are looked up by many ids in one statement, in any order, unknown ones left out", async () => {
    const ids = [id(3), id(1).toUpperCase(), id(77), id(3)];
    both.countStatements();
    expect(
      await ask(source, `{ vms(ids: ${JSON.stringify(ids)}, orderBy: NAME_DESC) { nodes { name } } }`),
    ).toEqual({
      vms: { nodes: [{ name: "web" }, { name: "mapped" }] },
    });
    expect(both.countStatements()).toBe(1);
    const query = `{ vms(ids: ${JSON.stringify(ids)}, filter: {nameContains: "w"}) { totalCount nodes { name } } none: vms(ids: []) { totalCount nodes { name } } }`;
    expect(await ask(source, query)).toEqual({
      vms: { totalCount: 1, nodes: [{ name: "web" }] },
      none: { totalCount: 0, nodes: [] },
    });
  });

  test("vNICs are looked up by many MACs in one statement", async () => {
    const macs = [guestMac(3), guestMac(1).toUpperCase(), guestMac(3), "56:6f:00:00:00:77"];
    both.countStatements();
    const { vmNics } = await ask(source, `{ vmNics(macAddresses: ${JSON.stringify(macs)}) { macAddress } }`);
    expect(new Set((vmNics as { macAddress: string }[]).map(({ macAddress }) => macAddress))).toEqual(
      new Set([guestMac(1), guestMac(3)]),
    );
    expect(vmNics).toHaveLength(2);
    expect(both.countStatements()).toBe(1);
    expect(await ask(source, "{ vmNics(macAddresses: []) { id } }")).toEqual({ vmNics: [] });
  });

  test("a host is looked up by its id in one statement", async () => {
    both.countStatements();
    expect(
      await ask(
        source,
        `{ host(id: "${HOST_A.toUpperCase()}") { name } none: host(id: "${id(9)}") { name } }`,
      ),
    ).toEqual({
      host: { name: "host-a" },
      none: null,
    });
    expect(both.countStatements()).toBe(1);
  });
});

test("more ids than a page holds by default are all there", async () => {
  const ids = Array.from({ length: 60 }, (_, number) => id(number + 1));
  const store = createMemoryReadStore();
  await askForData(store, `{ vms(ids: ${JSON.stringify(ids)}) { nodes { id } } }`);
  expect(store.asked).toEqual([{ limit: 61, after: null, filter: { ids }, order: "NAME_ASC" }]);
});

test.each([
  [
    'find(text: "10.0.0.1/8") { kind }',
    'text: "10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8',
  ],
  ['find(text: "10.0.0.0/33") { kind }', 'text: "10.0.0.0/33" has a length over 32'],
  [
    'find(text: "10.0.0.0/255.0.0.0") { kind }',
    'text: "10.0.0.0/255.0.0.0" is not a prefix; write it like 10.0.0.0/8',
  ],
  ['find(text: "2001:db8::/129") { kind }', 'text: "2001:db8::/129" has a length over 128'],
  [
    'find(text: "  ") { kind }',
    "text: is blank; an address, a prefix, a MAC, an id or a part of a name was expected",
  ],
  ...["", String.raw`\"\"`, "' '", "``,"].map((text) => [
    `find(text: "${text}") { kind }`,
    "text: is blank; an address, a prefix, a MAC, an id or a part of a name was expected",
  ]),
  ['find(text: "a\\u0000") { kind }', "text: must not contain a NUL character"],
  [`find(text: "${"x".repeat(300)}") { kind }`, "text: 300 characters are too many"],
  ["vmNics { id }", "macAddresses: give either macAddress or macAddresses, not neither"],
  [
    `vmNics(macAddress: "${guestMac(1)}", macAddresses: []) { id }`,
    "macAddresses: give either macAddress or macAddresses, not both",
  ],
  [
    `vmNics(macAddresses: [${Array.from({ length: 10_000 }, () => `"${guestMac(1)}"`).join(",")}]) { id }`,
    "macAddresses: has 10000 values; at most 500 are allowed",
  ],
  [
    `vms(ids: [${Array.from({ length: 10_000 }, () => `"${id(1)}"`).join(",")}]) { totalCount }`,
    "ids: has 10000 values; at most 500 are allowed",
  ],
  [`vms(ids: ["${id(1)}", "x"]) { totalCount }`, 'ids: "x" is not a UUID'],
  [`host(id: "${HOST_B}x") { id }`, 'x" is not a UUID'],
])(
  "a look-up that cannot be is refused with its argument, without a statement: %.60s",
  async (field, message) => {
    const store = createMemoryReadStore();
    const errors = await askForErrors(store, `{ ${field} }`);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^BAD_USER_INPUT: /);
    expect(errors[0]).toContain(message);
    expect(store.calls).toEqual([]);
  },
);
