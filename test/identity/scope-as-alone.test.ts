import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createToken } from "../../src/server/identity/token-lines.js";
import { addVms, changeIps, storedVm } from "../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";

/** Whatever a viewer with a scope asks, the answer is that of a database in which there are no other VMs. */

/** Every second VM is in the scope. Each shares its MAC with VMs in and out of it, its addresses as well. */
const NUMBERS = Array.from({ length: 12 }, (_, at) => at + 1);
const isInScope = (number: number) => number % 2 === 1;
const sharedMac = (number: number) => mac(number % 3);

function createVm(number: number) {
  const shared = `10.0.0.${number % 4}`;
  const own = `10.1.0.${number}`;
  return {
    ...storedVm(number, {
      name: `${isInScope(number) ? "web" : "db"}-${Math.floor((number - 1) / 2)}`,
      ownerId: number <= 6 ? HOST_A : HOST_B,
      interfaces: [
        toGuestInterfaceOf(number, { macAddress: sharedMac(number), ipv4Addresses: [shared, own] }),
        toGuestInterfaceOf(number, {
          name: "tun0",
          macAddress: null,
          ipv4Addresses: [`10.2.0.${number % 5}`],
        }),
      ],
      nics: [
        toStoredNic(number, number, {
          macAddress: sharedMac(number),
          network: number % 5 === 0 ? null : `net-${number % 2}-${number % 3}`,
        }),
        toStoredNic(100 + number, number, {
          name: "hidden",
          macAddress: mac(500 + (number % 4)),
          network: "red",
        }),
      ],
    }),
    ips: `${shared} ${own}`,
  };
}

const folder = temporaryFolder();
const tokensFile = join(folder.path, "tokens");
const addToken = (name: string, namePatterns: string[] | null) => {
  const scope = namePatterns && { namePatterns, hostIds: [], vmIds: [] };
  const { token, line } = createToken({ name, roles: ["reader", "router"], expiresAt: null, scope });
  appendFileSync(tokensFile, `${line}\n`);
  return token;
};
const scoped = addToken("scoped", ["web-*"]);
const other = addToken("other", ["db-*"]);
const unscoped = addToken("unscoped", null);
const databases: TestDatabase[] = [];
/** One of all VMs, and one that has those in the scope alone. */
let shared: RunningGateway;
let alone: RunningGateway;
/** A time at which each VM was stored, and none had changed. */
let then: string;

async function fill(numbers: readonly number[]): Promise<TestDatabase> {
  const database = await createDatabase();
  databases.push(database);
  await database.store.registerHosts(HOSTS.slice(0, 2), INTERVAL_MS);
  for (const hostId of [HOST_A, HOST_B]) {
    const own = numbers.map(createVm).filter(({ ownerId }) => ownerId === hostId);
    await addVms(database.store, own, hostId);
  }
  if (!numbers.every(isInScope)) {
    await database.dataSource.query(KEEP_WARNINGS);
    await warn(database, 2);
  }
  return database;
}

/** The gateway asks these hosts in vain, which would end a warning. */
const KEEP_WARNINGS = `CREATE FUNCTION keep_warning() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.last_warning := coalesce(NEW.last_warning, OLD.last_warning); RETURN NEW; END';
  CREATE TRIGGER keep_warning BEFORE UPDATE ON vnic_graph_host FOR EACH ROW EXECUTE FUNCTION keep_warning()`;

/** Notes a warning at both hosts that names a VM out of the scope. */
const warn = ({ dataSource }: TestDatabase, number: number) =>
  dataSource.query("UPDATE vnic_graph_host SET last_warning = $1", [
    `VM ${id(number)}: its vNICs cannot be read`,
  ]);

beforeAll(async () => {
  const all = await fill(NUMBERS);
  const inScope = await fill(NUMBERS.filter(isInScope));
  // Clocks of JavaScript leave out the parts of a millisecond that the log has.
  const thenMs = Date.now() + 1;
  then = new Date(thenMs).toISOString();
  await eventually(() => {
    expect(Date.now()).toBeGreaterThan(thenMs);
  });
  for (const number of [1, 2, 7, 8]) {
    for (const { store } of isInScope(number) ? [all, inScope] : [all]) {
      await changeIps(store, createVm(number), `10.3.0.${number}`);
    }
  }
  const start = ({ url }: TestDatabase) =>
    startGatewayProcess({ DATABASE_URL: url, AUTH_TOKENS_FILE: tokensFile });
  shared = await start(all);
  alone = await start(inScope);
});

afterAll(async () => {
  await shared.stop();
  await alone.stop();
  for (const database of databases) await database.drop();
  folder.remove();
});

const VM =
  "id name host { id } nics { id macAddress network } guestInfo { ips networkDevices { name macAddress } primaryAddress { address } }";
const list = (selection: string) =>
  `{ totalCount pageInfo { hasNextPage hasPreviousPage } nodes { ${selection} } }`;
const each = (ask: (number: number) => string) => NUMBERS.map(ask).join(" ");

/** Questions of each root field that is about VMs. */
const QUESTIONS: Readonly<Record<string, string>> = {
  vm: each((number) => `v${number}: vm(id: "${id(number)}") { ${VM} }`),
  vms: `all: vms ${list(VM)} some: vms(first: 2, orderBy: NAME_DESC) ${list("name")} last: vms(last: 3) ${list("name")}
    byName: vms(filter: { nameContains: "-1" }) ${list("id")} byIp: vms(filter: { ip: "10.0.0.1" }) ${list("id")}
    byIds: vms(ids: [${NUMBERS.map((number) => `"${id(number)}"`).join(", ")}], orderBy: ID_ASC) ${list("id")}`,
  vmNic: each((number) => `n${number}: vmNic(id: "${id(0x10000 + number)}") { macAddress vm { name } }`),
  vmNics: [0, 1, 2].map((at) => `m${at}: vmNics(macAddress: "${mac(at)}") { id vm { ${VM} } }`).join(" "),
  find: ["10.0.0.1", "10.0.0.0/8", mac(1), "-1", "web", "db"]
    .map(
      (text, at) =>
        `f${at}: find(text: "${text}") { kind vms(first: 9) ${list("id name")} vmNics { id } hosts { id vms { id } } }`,
    )
    .join(" "),
  host: [HOST_A, HOST_B]
    .map((hostId, at) => `h${at}: host(id: "${hostId}") { name lastWarning vms(first: 20) { name } }`)
    .join(" "),
  hosts: `all: hosts { id name lastWarning vms(first: 20) { name } } own: hosts { name lastWarning }
    vms { nodes { host { lastWarning } } }`,
  guestAddresses: `all: guestAddresses ${list("address vm { name } vmNic { id } device { name }")}
    some: guestAddresses(first: 2, inCidr: "10.0.0.0/24") ${list("address")}`,
  addressConflicts: `all: addressConflicts ${list("address kind vmCount holders { vm { name } }")}
    red: addressConflicts(network: "red") ${list("address vmCount")}
    other: addressConflicts(network: "net-0-2") ${list("address vmCount")}`,
  macConflicts: `macConflicts ${list("macAddress vmCount vmNics { id vm { name } }")}`,
  drift: `drift ${list("kind vm { name } vmNic { id } device { name }")}`,
  addressHistory: [0, 1, 2, 3]
    .map(
      (
        at,
      ) => `a${at}: addressHistory(address: "10.0.0.${at}") { nodes { address deviceName macAddress vmId vm { name } } }
      b${at}: addressHistory(macAddress: "${mac(at)}") { nodes { address vmId } pageInfo { hasNextPage } }`,
    )
    .join(" "),
  guestNetworkStats: ["FAMILY", "HOST", "NETWORK", "STALE_REASON"]
    .map(
      (by) =>
        `s${by}: guestNetworkStats(by: ${by}) { groupCount leftOut rows { vms vnics addresses conflicts network family host { id } } }`,
    )
    .join(" "),
};

const PATHS = [
  "/ovirt-engine/api/vms",
  "/ovirt-engine/api/vms?follow=nics,reported_devices",
  "/ovirt-engine/api/vms?search=name%3Ddb*",
  "/ovirt-engine/api/vms?max=2",
  "/ovirt-engine/api",
  "/ovirt-engine/api/hosts",
  "/ovirt-engine/api/networks",
  ...["csv", "json", "ndjson", "ansible-inventory", "prometheus-sd", "hosts", "zone", "netbox"].map(
    (format) => `/export/${format}`,
  ),
];

/** What differs between two gateways whatever they hold: times, and what is made from them. */
const dropTimes = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\b1\d{9}\b/g, "TIME");

test("each root field that is about VMs has a question here", () => {
  const schema = buildSchema(readFileSync("schema.graphql", "utf8"), { assumeValidSDL: true });
  const fields = Object.keys(schema.getQueryType()?.getFields() ?? {}).filter(
    // Like the cursors of events, `changeCursor` counts the transactions of all gateways, and names no VM.
    (name) => !name.startsWith("_") && name !== "changeCursor",
  );
  expect(fields.sort()).toEqual(Object.keys(QUESTIONS).sort());
});

/** Questions about the past, where `THEN` is a time before the last changes, and those of a federated gateway. */
const FURTHER: Readonly<Record<string, string>> = {
  "hosts with their VMs": "hosts { lastWarning vms { name } }",
  guestHistory: each(
    (number) =>
      `v${number}: vm(id: "${id(number)}") { guestHistory { nodes { at differences { __typename summary } reportedBy { id } } pageInfo { hasNextPage } } }`,
  ),
  "guestInfo(at:)": each(
    (number) =>
      `v${number}: vm(id: "${id(number)}") { guestInfo(at: THEN) { ips networkDevices { name macAddress ipv4Addresses } } }`,
  ),
  "nics(at:)": each(
    (number) => `v${number}: vm(id: "${id(number)}") { nics(at: THEN) { id macAddress vm { name } } }`,
  ),
  "the past of a list": `vms { nodes { id guestInfo(at: THEN) { ips } nics(at: THEN) { network } guestHistory { nodes { at } } } }`,
  "addressHistory of a time": ["10.0.0.1", "10.3.0.7", "10.3.0.8"]
    .map(
      (address, at) =>
        `a${at}: addressHistory(address: "${address}", from: THEN, to: THEN) { nodes { vmId vm { name } } }
         b${at}: addressHistory(address: "${address}", from: THEN) { nodes { vmId deviceName } }`,
    )
    .join(" "),
  "_entities of VMs": `_entities(representations: [${each((number) => `{ __typename: "Vm", id: "${id(number)}" }`)}]) { ... on Vm { ${VM} guestHistory { nodes { at } } } }`,
  "_entities of vNICs": `_entities(representations: [${each((number) => `{ __typename: "VmNic", id: "${id(0x10000 + number)}" }`)}]) { ... on VmNic { macAddress vm { ${VM} } guestInterface { name } } }`,
};

test.each(Object.entries({ ...QUESTIONS, ...FURTHER }))("%s", async (_field, asked) => {
  const question = asked.replaceAll("THEN", `"${then}"`);
  const expected = (await alone.ask(unscoped, `{ ${question} }`)).text;
  expect(expected).not.toContain('"errors"');
  // Together and again, so that what is kept for one viewer would be given to another.
  for (let round = 0; round < 3; round += 1) {
    const [mine, all, others] = await Promise.all(
      [scoped, unscoped, other].map(async (token) => (await shared.ask(token, `{ ${question} }`)).text),
    );
    expect(dropTimes(mine!)).toBe(dropTimes(expected));
    expect(all).not.toBe(mine);
    expect(others).not.toBe(all);
  }
});

/** The lists that have cursors. */
const LISTS = ["vms", "guestAddresses", "addressConflicts", "macConflicts", "drift"];

test.each(LISTS)("%s behind each cursor of another viewer", async (field) => {
  const { text } = await shared.ask(unscoped, `{ ${field}(first: 100) { edges { cursor } } }`);
  const cursors = [...text.matchAll(/"cursor":"([^"]+)"/g)].map(([, cursor]) => cursor);
  expect(cursors.length).toBeGreaterThan(2);
  for (const cursor of cursors) {
    const question = `{ ${field}(first: 2, after: "${cursor}") { totalCount pageInfo { hasNextPage endCursor } edges { cursor } } }`;
    expect((await shared.ask(scoped, question)).text).toBe((await alone.ask(unscoped, question)).text);
  }
});

test.each(PATHS)("GET %s", async (path) => {
  const get = async (gateway: RunningGateway, token: string) => {
    const response = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const etag = response.headers.get("etag");
    return { status: response.status, text: dropTimes(await response.text()), etag };
  };
  const [expected, , others] = await Promise.all([
    get(alone, unscoped),
    get(shared, unscoped),
    get(shared, other),
  ]);
  for (let round = 0; round < 2; round += 1) {
    const [mine] = await Promise.all([scoped, unscoped, other].map((token) => get(shared, token)));
    expect([mine?.status, mine?.text]).toEqual([expected.status, expected.text]);
    if (mine?.etag !== null && mine?.text !== others.text) expect(mine?.etag).not.toBe(others.etag);
  }
});

test.each(['address: "10.0.0.1"', 'macAddress: "' + mac(1) + '"'])(
  "addressHistory(%s) behind each cursor of another viewer",
  async (key) => {
    const { text } = await shared.ask(unscoped, `{ addressHistory(${key}) { edges { cursor } } }`);
    const cursors = [...text.matchAll(/"cursor":"([^"]+)"/g)].map(([, cursor]) => cursor);
    expect(cursors.length).toBeGreaterThan(2);
    for (const cursor of cursors) {
      const page = await shared.ask(
        scoped,
        `{ addressHistory(${key}, after: "${cursor}") { nodes { vmId vm { name } } } }`,
      );
      expect(page.text).not.toMatch(/"errors"|"db-/);
      for (const [, vmId] of page.text.matchAll(/"vmId":"([^"]+)"/g)) expect(IDS_IN_SCOPE).toContain(vmId);
    }
  },
);

const IDS_IN_SCOPE = NUMBERS.filter(isInScope).map(id);

/** Follows the changes of VMs. */
function follow(token: string, argument: string, isEnough: (text: string) => boolean): Promise<string> {
  const events = `guestNetworkChanged${argument} { kind cursor vmId vm { ${VM} } before { name } }`;
  return subscribe(token, events, isEnough);
}

/** Reads a subscription's answers as text, until they are enough. */
async function subscribe(
  token: string,
  selection: string,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(`${shared.url}/graphql/stream`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "text/event-stream",
    },
    body: JSON.stringify({ query: `subscription { ${selection} }` }),
    signal: leaving.signal,
  });
  let text = "";
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    if (isEnough(text)) break;
  }
  leaving.abort();
  return text;
}

/** A place in the log, as subscriptions tell it. */
const CURSOR = /"cursor":"([^"]{20,})"/;
const listVmIds = (text: string) => [...text.matchAll(/"vmId":"([^"]+)"/g)].map(([, vmId]) => vmId);

test("the state that a subscription begins with", async () => {
  // What comes first of another VM would be among these.
  const text = await follow(scoped, "", (read) => listVmIds(read).length >= IDS_IN_SCOPE.length);
  expect(listVmIds(text).sort()).toEqual(IDS_IN_SCOPE);
});

test("a subscription that goes on behind a cursor of another viewer", async () => {
  const cursors = await Promise.all(
    [unscoped, other].map(async (token) => {
      // Before the last event of the state the cursor stands for the beginning.
      const state = await follow(token, "", (read) => CURSOR.test(read));
      return CURSOR.exec(state)?.[1];
    }),
  );
  // The one that it must not see comes first.
  for (const number of [4, 3]) await changeIps(databases[0]!.store, createVm(number), `10.4.0.${number}`);
  for (const cursor of cursors) {
    const text = await follow(scoped, `(after: "${cursor}")`, (read) => listVmIds(read).length >= 1);
    expect(listVmIds(text)).toEqual([id(3)]);
    expect(text).not.toContain("db-");
  }
});

test("the states of hosts", async () => {
  const selection = "hostStateChanged { kind hostId host { name lastWarning } }";
  const changes = (text: string) => [...text.matchAll(/"CHANGE"[^\n]*/g)].map(([line]) => line);
  const followed = new Set<string>();
  const follow = (viewer: typeof scoped, name: string) =>
    subscribe(viewer, selection, (read) => {
      if (read.includes(HOST_A) && read.includes(HOST_B)) followed.add(name);
      return read.includes("renamed");
    });
  const mine = follow(scoped, "mine");
  const all = follow(unscoped, "all");
  await eventually(() => {
    expect(followed.size).toBe(2);
  });
  await warn(databases[0]!, 4);
  expect(await subscribe(unscoped, selection, (read) => read.includes(id(4)))).toContain(id(4));
  await databases[0]!.dataSource.query("UPDATE vds_static SET vds_name = 'renamed' WHERE vds_id = $1", [
    HOST_A,
  ]);
  expect(await all).toContain(id(2));
  expect(await mine).not.toContain("VM ");
  expect(changes(await mine)).toHaveLength(1);
});
