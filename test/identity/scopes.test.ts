import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createToken } from "../../src/server/identity/token-lines.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";
import { HOST_A, HOST_B, id } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../support/builders/stored.js";

/** Numbers and names; all have the same MAC and the same address, as clones in different networks do. */
const VMS = [
  { number: 1, name: "web-1", hostId: HOST_A },
  { number: 2, name: "web-2", hostId: HOST_B },
  { number: 3, name: "db-1", hostId: HOST_A },
  { number: 4, name: "db-2", hostId: HOST_B },
] as const;
const MAC = "56:6f:00:00:00:01";
const nicId = (number: number) => id(0x10000 + number);

const SCOPES = {
  "a name pattern": { scope: { namePatterns: ["web-*"], hostIds: [], vmIds: [] }, sees: [1, 2] },
  "a host": { scope: { namePatterns: [], hostIds: [HOST_B], vmIds: [] }, sees: [2, 4] },
  "a list of ids": { scope: { namePatterns: [], hostIds: [], vmIds: [id(3)] }, sees: [3] },
  "several of them": {
    scope: { namePatterns: ["web-1"], hostIds: [HOST_B], vmIds: [id(3)] },
    sees: [1, 2, 3, 4],
  },
  "names that no VM has": {
    scope: { namePatterns: ["%", "_eb-1", "WEB-*"], hostIds: [], vmIds: [] },
    sees: [],
  },
  "no scope": { scope: null, sees: [1, 2, 3, 4] },
} as const;

const folder = temporaryFolder();
const tokens = new Map<string, string>();
let database: TestDatabase;
let gateway: RunningGateway;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS.slice(0, 2), INTERVAL_MS);
  for (const hostId of [HOST_A, HOST_B]) {
    const own = VMS.filter((each) => each.hostId === hostId);
    await writePass(database.store, hostId, {
      newVms: own.map(({ number, name }) => vmState(number, { name, ownerId: hostId, ips: "10.1.2.3" })),
      upsertedNics: own.map(({ number }) => toStoredNic(number, number, { macAddress: MAC })),
      insertedInterfaces: own.map(({ number }) => toGuestInterfaceOf(number, { macAddress: MAC })),
    });
  }
  const tokensFile = join(folder.path, "tokens");
  for (const [name, { scope }] of Object.entries(SCOPES)) {
    const own = scope === null ? null : { ...scope };
    const { token, line } = createToken({ name, roles: ["reader", "router"], expiresAt: null, scope: own });
    appendFileSync(tokensFile, `${line}\n`);
    tokens.set(name, token);
  }
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, AUTH_TOKENS_FILE: tokensFile });
});

afterAll(async () => {
  await gateway.stop();
  await database.drop();
  folder.remove();
});

/** Every way to a VM; each gives the ids of the VMs that it shows. */
const PATHS: Readonly<Record<string, string>> = {
  "vm(id)": VMS.map(({ number }) => `v${number}: vm(id: "${id(number)}") { id }`).join(" "),
  vms: "vms { nodes { id } edges { node { id } } }",
  "vms by name": `vms(filter: { nameContains: "-" }, orderBy: NAME_DESC) { nodes { id } }`,
  "vms by address": `vms(filter: { ip: "10.1.2.3" }) { nodes { id } }`,
  "vms by host": `a: vms(filter: { hostId: "${HOST_A}" }) { nodes { id } } b: vms(filter: { hostId: "${HOST_B}" }) { nodes { id } }`,
  "vms by ids": `vms(ids: [${VMS.map(({ number }) => `"${id(number)}"`).join(", ")}]) { nodes { id } }`,
  ...Object.fromEntries(
    ["10.1.2.3", "10.0.0.0/8", MAC, "-"].map((text) => [
      `find ${text}`,
      `find(text: "${text}") { vms { nodes { id } } vmNics { vm { id } } hosts { vms { id } } }`,
    ]),
  ),
  "find ids": VMS.map(
    ({ number }) => `f${number}: find(text: "${id(number)}") { vms { nodes { id } } }
      g${number}: find(text: "${nicId(number)}") { vmNics { vm { id } } }`,
  ).join(" "),
  "a host by its id": [HOST_A, HOST_B]
    .map((each, at) => `h${at}: host(id: "${each}") { vms { id } }`)
    .join(" "),
  "vmNics by MACs": `vmNics(macAddresses: ["${MAC}"]) { vm { id } }`,
  "vms by state": "vms(filter: { status: [UP] }, orderBy: ID_ASC) { nodes { id } }",
  vmNic: VMS.map(({ number }) => `n${number}: vmNic(id: "${nicId(number)}") { vm { id } }`).join(" "),
  "vmNics by MAC": `vmNics(macAddress: "${MAC}") { vm { id } }`,
  "hosts.vms": "hosts { vms { id } }",
  "a host's back edges":
    "vms(first: 9) { nodes { host { vms(first: 9) { id host { vms(first: 9) { id } } } } } }",
  "a vNIC's back edges": "vms { nodes { nics { vm { id nics { vm { id } } } } } }",
  "a device's vNIC": "vms { nodes { guestInfo { networkDevices { vmNic { vm { id } } } } } }",
  "_entities of VMs": `_entities(representations: [${VMS.map(({ number }) => `{__typename: "Vm", id: "${id(number)}"}`).join(" ")}]) { ... on Vm { id host { vms { id } } } }`,
  "_entities of vNICs": `_entities(representations: [${VMS.map(({ number }) => `{__typename: "VmNic", id: "${nicId(number)}"}`).join(" ")}]) { ... on VmNic { vm { id } } }`,
  "_entities by MAC": `_entities(representations: [${VMS.map(({ number }) => `{__typename: "VmNic", macAddress: "${MAC}", vm: {id: "${id(number)}"}}`).join(" ")}]) { ... on VmNic { vm { id } } }`,
};

describe.each(Object.entries(SCOPES))("a token whose scope is %s", (name, { sees }) => {
  test.each(Object.entries(PATHS))("sees its own VMs and no other by %s", async (_path, selection) => {
    const { status, text, code } = await gateway.ask(tokens.get(name)!, `{ ${selection} }`);
    expect([status, code]).toEqual([200, undefined]);
    const ids = new Set([...text.matchAll(/"id":"([^"]+)"/g)].map(([, each]) => each));
    expect([...ids].sort()).toEqual(sees.map(id));
  });

  test("counts its own alone", async () => {
    const query = `{ all: vms { totalCount } byIp: vms(filter: { ip: "10.1.2.3" }) { totalCount }
      byName: vms(filter: { nameContains: "-" }) { totalCount } }`;
    const count = { totalCount: sees.length };
    expect((await gateway.ask(tokens.get(name)!, query)).data).toEqual({
      all: count,
      byIp: count,
      byName: count,
    });
  });

  test("sees and counts no other in the REST flow", async () => {
    const token = tokens.get(name)!;
    const list = await gateway.get("/ovirt-engine/api/vms", token);
    expect([
      list.status,
      VMS.filter(({ number }) => list.text.includes(id(number))).map((vm) => vm.number),
    ]).toEqual([200, sees]);
    for (const { number } of VMS) {
      const status = (sees as readonly number[]).includes(number) ? 200 : 404;
      for (const path of ["", "/nics", "/reporteddevices", `/nics/${nicId(number)}`]) {
        const answer = await gateway.get(`/ovirt-engine/api/vms/${id(number)}${path}`, token);
        expect([path, answer.status]).toEqual([path, status]);
      }
    }
  });

  test("leaves no trace of the others anywhere in the whole answer", async () => {
    const query = `{ hosts { name vms(first: 9) { name nics { id macAddress } guestInfo { ips networkDevices { name } } } } }`;
    const { text, code } = await gateway.ask(tokens.get(name)!, query);
    expect(code).toBeUndefined();
    for (const { number, name: vmName } of VMS) {
      const isSeen = (sees as readonly number[]).includes(number);
      expect([vmName, text.includes(vmName), text.includes(nicId(number))]).toEqual([vmName, isSeen, isSeen]);
    }
  });
});

test("two tokens at the same time do not share what was read", async () => {
  const names = Object.keys(SCOPES) as (keyof typeof SCOPES)[];
  const asked = Array.from({ length: 60 }, (_, at) => names[at % names.length]!);
  const counts = await Promise.all(
    asked.map(async (name) => (await gateway.ask(tokens.get(name)!, "{ vms { totalCount } }")).data),
  );
  expect(counts).toEqual(asked.map((name) => ({ vms: { totalCount: SCOPES[name].sees.length } })));
});
