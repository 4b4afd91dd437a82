import { pino } from "pino";
import pg from "pg";
import { afterEach, expect, inject, test } from "vitest";
import { loadConfig } from "../../src/config.js";
import { startGateway } from "../../src/gateway.js";
import { createEngineDatabase } from "../engine-store/engine-database.js";
import { isReady } from "../faults/support/gateway-process.js";
import { until } from "../store/until.js";
import { HOST_A, HOST_B, id } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toStoredNic, vmState } from "../support/builders/stored.js";
import { createDatabase } from "../support/databases/database.js";
import { withDatabase } from "../support/databases/postgres-server.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const [ONE, OTHER] = [id(1), id(2)];
const NIC = id(77);
const MAC = "56:6f:00:00:00:77";
const ADDRESS = "10.0.0.77";

/** Moves the vNIC with its address from one VM to another one, and lets these VMs exchange their hosts, in one transaction. */
const move = (source: string, from: string, to: string) => [
  "BEGIN",
  `UPDATE vm_interface SET vm_guid = '${to}' WHERE id = '${NIC}'`,
  "DELETE FROM vm_guest_agent_interfaces",
  `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses)
     VALUES ('${to}', 'eth7', '${MAC}', '${ADDRESS}', '')`,
  `UPDATE vm_dynamic SET vm_ip = '${ADDRESS}', run_on_vds = '${HOST_A}' WHERE vm_guid = '${to}'`,
  `UPDATE vm_dynamic SET vm_ip = NULL, run_on_vds = '${HOST_B}' WHERE vm_guid = '${from}'`,
  ...(source === "hosts"
    ? ["DELETE FROM vnic_graph_address", `INSERT INTO vnic_graph_address VALUES ('${to}', '${ADDRESS}')`]
    : []),
  "COMMIT",
];

async function openOwn(): Promise<string> {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(database.store, HOST_A, {
    newVms: [vmState(1, { ips: "" }), vmState(2, { ips: "" })],
    upsertedNics: [{ ...toStoredNic(77, 1, { macAddress: MAC }), id: NIC }],
    interfaceOrders: [ONE, OTHER].map((vmId) => ({ vmId, names: ["eth7"] })),
  });
  return database.url;
}

async function openEngine(): Promise<string> {
  const engine = await createEngineDatabase();
  cleanups.push(() => engine.drop());
  await engine.asEngine(
    ...[HOST_A, HOST_B].flatMap((host, at) => [
      `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${host}', 'h${at}', 'h${at}', 54321)`,
      `INSERT INTO vds_dynamic (vds_id, status) VALUES ('${host}', 3)`,
    ]),
    ...[ONE, OTHER].flatMap((vm) => [
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES ('${vm}', '${vm}', 'VM', '${vm}')`,
      `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, guest_agent_nics_hash) VALUES ('${vm}', 1, '${HOST_A}', 1)`,
    ]),
    `INSERT INTO vm_interface (id, vm_guid, name, mac_addr) VALUES ('${NIC}', '${ONE}', 'nic1', '${MAC}')`,
  );
  return engine.url;
}

interface Vm {
  readonly id: string;
  readonly host: { readonly id: string };
  readonly guestInfo: {
    readonly ips: readonly string[] | null;
    readonly networkDevices: readonly { readonly name: string }[] | null;
  };
  readonly nics: readonly { readonly id: string }[] | null;
}

const VM = "id host { id } guestInfo { ips networkDevices { name } } nics { id }";

/** Questions, and how many of the VMs of an answer have the vNIC. */
const QUESTIONS: readonly (readonly [string, number])[] = [
  [`{ vms(first: 10) { nodes { ${VM} } } }`, 1],
  [`{ a: vm(id: "${ONE}") { ${VM} } b: vm(id: "${OTHER}") { ${VM} } }`, 1],
  [`{ vms(ids: ["${ONE}", "${OTHER}"]) { nodes { ${VM} } } }`, 1],
  [`{ hosts { vms { ${VM} } } }`, 1],
  [`{ hosts { vms { ${VM} } } vms(first: 10) { nodes { ${VM} } } }`, 2],
  [`{ vmNics(macAddress: "${MAC}") { vm { ${VM} } } }`, 1],
  [`{ vms(first: 10, filter: { ip: "${ADDRESS}" }) { nodes { ${VM} } } }`, 1],
  [`{ find(text: "${ADDRESS}") { vms(first: 5) { nodes { ${VM} } } } }`, 1],
];

/** A VM as oVirt's API has it. */
interface RestVm {
  readonly id: string;
  readonly host: { readonly id: string };
  readonly nics?: { readonly nic?: Vm["nics"] };
  readonly reported_devices?: {
    readonly reported_device?: readonly {
      readonly name: string;
      readonly ips: { readonly ip: readonly { readonly address: string }[] };
    }[];
  };
}

function toVm({ id: vmId, host, nics, reported_devices: reported }: RestVm): Vm {
  const devices = reported?.reported_device ?? [];
  const ips = devices.flatMap((each) => each.ips.ip.map(({ address }) => address));
  return { id: vmId, host, guestInfo: { ips, networkDevices: devices }, nics: nics?.nic ?? [] };
}

/** Lists the VMs of an answer, wherever they are in it. */
function listVms(value: unknown): Vm[] {
  if (typeof value !== "object" || value === null) return [];
  if ("guestInfo" in value) return [value as unknown as Vm];
  return Object.values(value).flatMap(listVms);
}

/** Says what of the vNIC a VM shows; one state has all of it, or nothing. */
function describe({ host, guestInfo, nics }: Vm): string {
  const signs = [
    host.id === HOST_A,
    guestInfo.ips?.includes(ADDRESS) === true,
    (guestInfo.networkDevices ?? []).length > 0,
    (nics ?? []).length > 0,
  ];
  return signs.every(Boolean) ? "all" : signs.some(Boolean) ? `mixed ${signs.join()}` : "nothing";
}

test.each([
  ["hosts", openOwn],
  ["engine", openEngine],
] as const)(
  "SOURCE=%s: whatever is asked, a vNIC that moves between VMs and hosts is at one of them, with its address",
  async (source, open) => {
    const url = await open();
    const writer = new pg.Client({
      connectionString: withDatabase(inject("databaseAdminUrl"), new URL(url).pathname.slice(1)),
    });
    await writer.connect();
    cleanups.push(() => writer.end());
    const write = async (statements: readonly string[]) => {
      for (const each of statements) await writer.query(each);
    };
    await write(move(source, OTHER, ONE));
    const log: string[] = [];
    const gateway = await startGateway({
      config: loadConfig({ PORT: "0", DATABASE_URL: url, SOURCE: source, REFRESH_INTERVAL: "off" }),
      log: pino({ base: null }, { write: (line: string) => void log.push(line) }),
      announce: () => undefined,
    });
    cleanups.push(() => gateway.stop());
    if (source === "engine") await until(() => isReady(gateway.url));
    const seen: string[] = [];
    const ask = async (query: string, holders: number) => {
      const answer = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      const body = (await answer.json()) as { data?: unknown; errors?: unknown };
      const found = listVms(body.data).map(describe);
      // A busy machine may refuse a question. That is no state.
      if (/"(?:OVERLOADED|DEADLINE_EXCEEDED)"/.test(JSON.stringify(body.errors ?? ""))) return;
      const isRight =
        found.filter((each) => each === "all").length === holders &&
        !found.some((each) => each.startsWith("mixed"));
      seen.push(
        isRight ? "right" : `${query.slice(0, 60)}: ${found.join("; ")} ${JSON.stringify(body.errors ?? "")}`,
      );
    };
    const askRest = async () => {
      const answer = await fetch(`${gateway.url}/ovirt-engine/api/vms?follow=nics,reported_devices`, {
        headers: { accept: "application/json" },
      });
      if (answer.status === 503) return;
      const { vm } = (await answer.json()) as { vm: RestVm[] };
      const found = vm.map((each) => describe(toVm(each)));
      seen.push(found.toSorted().join() === "all,nothing" ? "right" : `REST: ${found.join("; ")}`);
    };
    const state = { isWriting: true };
    const moving = (async () => {
      for (let round = 0; state.isWriting; round += 1)
        await write(round % 2 === 0 ? move(source, ONE, OTHER) : move(source, OTHER, ONE));
    })();
    try {
      for (let round = 0; round < 40; round += 1) {
        await Promise.all([askRest(), ...QUESTIONS.map(([query, holders]) => ask(query, holders))]);
      }
    } finally {
      state.isWriting = false;
      await moving;
    }
    expect([...new Set(seen)]).toEqual(["right"]);
  },
);
