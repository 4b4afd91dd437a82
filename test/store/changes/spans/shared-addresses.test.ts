import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createHostLink } from "../../../../src/refresher/host-link.js";
import { formatCursor, parseCursor } from "../../../../src/store/changes/cursor.js";
import { readRecentVms } from "../../../../src/store/changes/spans/recent-vms.js";
import { advanceAddressIndex } from "../../../../src/store/changes/spans/span-indexer.js";
import { runInTransaction } from "../../../../src/store/postgres/sql.js";
import { createReader } from "../../../../src/store/read/reader.js";
import type { ReportedVm } from "../../../../src/vdsm/records/types.js";
import { FakeHost } from "../../../refresher/fake-host.js";
import { HOST_A, HOST_B, HOST_C, id, mac } from "../../../support/builders/ids.js";
import { configuredHost } from "../../../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../../../support/builders/reported.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { runPass } from "../../../support/passes/run-pass.js";
import { readPlainly } from "../../read/plain-conflicts.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 8 });
});
afterAll(() => database.drop());

const HOSTS = [HOST_A, HOST_B, HOST_C];

beforeEach(async () => {
  await database.dataSource.query("TRUNCATE vm_static, vds_static, vnic_graph_change CASCADE");
  await database.store.registerHosts(
    HOSTS.map((hostId, at) => configuredHost(hostId, at + 1)),
    null,
  );
  await followToEnd();
});

const anInterface = fc.record({
  name: fc.constantFrom("eth0", "docker0"),
  /** Whether it has the MAC of the VM's vNIC. */
  isNic: fc.boolean(),
  inet: fc.subarray(["10.0.0.1", "10.0.0.2", "172.17.0.1"]),
});

/** What a host reports of one of its two VMs from now on. */
const news = fc.record({
  vm: fc.nat({ max: 1 }),
  isGone: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  interfaces: fc.option(fc.array(anInterface, { maxLength: 3 })),
  network: fc.constantFrom("red", "blue", null),
});
type News = typeof news extends fc.Arbitrary<infer Value> ? Value : never;

/** The hosts report at the same time, while gateways follow the log by few changes and somebody asks. */
const round = fc.record({
  news: fc.tuple(...HOSTS.map(() => fc.option(news))),
  steps: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
});

test("conflicts are what the plain statement finds in each state of the database, whatever passes and steps run meanwhile", async () => {
  const seen = { fast: 0, conflicts: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 6, maxLength: 12, size: "max" }), async (rounds) => {
      const hosts = HOSTS.map((hostId, number) => createReportingHost(hostId, number));
      for (const { news: told, steps } of rounds) {
        await Promise.all([
          ...hosts.map((host, at) => host.report(told[at] ?? null)),
          ...steps.map((changes) => advanceAddressIndex(database.dataSource, { vms: 1, changes })),
          ...[1, 2].map(() => compare(seen)),
        ]);
        await compare(seen);
      }
      await followToEnd();
      expect((await compare(seen)).recent).toEqual([]);
    }),
    { numRuns: 25 },
  );
  expect(seen.fast).toBeGreaterThan(200);
  expect(seen.conflicts).toBeGreaterThan(50);
});

test("an address is shared from the commit of the second pass on, also if its change came before those that were followed", async () => {
  const [first, second, third] = HOSTS.map((hostId, number) => createReportingHost(hostId, number));
  const told = (inet: string[]): News => ({
    vm: 0,
    isGone: false,
    interfaces: [{ name: "eth0", isNic: true, inet }],
    network: "red",
  });
  await second!.report(told([]));
  const holder = database.dataSource.createQueryRunner();
  await holder.query(
    `CREATE FUNCTION wait_before_commit() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
     CREATE CONSTRAINT TRIGGER wait_before_commit AFTER INSERT ON vnic_graph_address DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW WHEN (NEW.vm_id = '${vmId(1, 0)}') EXECUTE FUNCTION wait_before_commit()`,
  );
  await holder.query("SELECT pg_advisory_lock(4711)");
  const pass = second!.report(told(["10.0.0.1"]));
  const isWaiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted";
  await expect.poll(() => database.dataSource.query<unknown[]>(isWaiting)).toHaveLength(1);
  await first!.report(told(["10.0.0.1"]));
  await third!.report(told(["10.0.0.2"]));
  await followToEnd();
  const seen = { fast: 0, conflicts: 0 };
  expect(await compare(seen)).toEqual({ recent: [], found: [] });
  await holder.query("SELECT pg_advisory_unlock(4711)");
  await pass;
  await holder.query("DROP FUNCTION wait_before_commit CASCADE");
  await holder.release();
  expect(await compare(seen)).toMatchObject({ recent: [vmId(1, 0)], found: [{ address: "10.0.0.1" }] });
  await followToEnd();
  expect(await compare(seen)).toMatchObject({ recent: [], found: [{ address: "10.0.0.1" }] });
  expect(await readStored()).toEqual(["10.0.0.1"]);
  await first!.report(told(["10.0.0.3"]));
  await followToEnd();
  expect(await compare(seen)).toEqual({ recent: [], found: [] });
  expect(await readStored()).toEqual([]);
});

/** What an earlier release does: it writes its cursor, and does not know the table. */
async function moveCursor(): Promise<string> {
  const [index] = await database.dataSource.query<[{ cursor: string }]>(
    "SELECT cursor FROM vnic_graph_address_index",
  );
  return `UPDATE vnic_graph_address_index SET cursor = '${formatCursor({ ...parseCursor(index.cursor), lastTx: 0n })}'`;
}

test.each([
  ["somebody edits a VM by hand", () => "UPDATE vm_guest_agent_interfaces SET interface_name = 'eth1'"],
  ["a release without the table moves the cursor", moveCursor],
  ["the index is begun anew", () => "UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false"],
])("all addresses are looked at after %s, until the table is made anew", async (_, breakTable) => {
  const hosts = HOSTS.map((hostId, number) => createReportingHost(hostId, number));
  const inside: News = {
    vm: 0,
    isGone: false,
    interfaces: [{ name: "docker0", isNic: false, inet: ["10.0.0.1"] }],
    network: null,
  };
  for (const host of hosts) await host.report(inside);
  await followToEnd();
  const seen = { fast: 0, conflicts: 0 };
  expect(await compare(seen)).toEqual({ recent: [], found: [] });
  await database.dataSource.query(await breakTable());
  expect((await compare(seen)).recent).toBeNull();
  await followToEnd();
  expect((await compare(seen)).recent).toEqual([]);
});

/** A host with two VMs. */
function createReportingHost(hostId: string, number: number) {
  const host = new FakeHost();
  const link = createHostLink(configuredHost(hostId, number + 1), host);
  const vms = new Map<string, ReportedVm>();
  const networks = new Map<string, string | null>();
  let hash = 0;
  host.nics = (vm) => [
    reportedNic({
      id: vm.replace("-4000-", "-4001-"),
      macAddr: macOf(vm),
      network: networks.get(vm) ?? null,
    }),
  ];
  return {
    report: async (told: News | null): Promise<void> => {
      if (told !== null) {
        const vm = vmId(number, told.vm);
        networks.set(vm, told.network);
        hash += 1;
        if (told.isGone) vms.delete(vm);
        else vms.set(vm, createReport(vm, told, String(hash)));
      }
      host.report = { vms: [...vms.values()], rejected: [] };
      const { outcome } = await runPass(database.store, link);
      expect(outcome).toBe("done");
    },
  };
}

function createReport(vm: string, { interfaces }: News, hash: string): ReportedVm {
  const netIfaces =
    interfaces?.map(({ name, isNic, inet }, at) =>
      reportedInterface({ name, hw: isNic ? macOf(vm) : mac(0x900 + at), inet, inet6: [] }),
    ) ?? null;
  return reportedVm({ vmId: vm, vmName: vm, hash, netIfaces, guestIPs: null });
}

function vmId(host: number, vm: number): string {
  return id(0x10 * (host + 1) + vm);
}

function macOf(vm: string): string {
  return mac(Number.parseInt(vm.slice(-4), 16));
}

async function followToEnd(): Promise<void> {
  for (let step = "more"; step !== "current";) {
    step = await advanceAddressIndex(database.dataSource, { vms: 10, changes: 3 });
  }
}

/** Compares both ways to read in one state of the database. */
function compare(seen: { fast: number; conflicts: number }) {
  return runInTransaction(
    database.dataSource,
    async (state) => {
      const recent = await readRecentVms(state);
      const question = { within: null, network: null, after: null, limit: 100 };
      const reads = createReader(state, null);
      const found = await reads.readAddressConflicts(question);
      expect(found).toEqual(await readPlainly(state, question, null));
      expect(await reads.countAddressConflicts(question)).toBe(found.length);
      if (recent !== null) seen.fast += 1;
      seen.conflicts += found.length;
      return { recent, found };
    },
    "REPEATABLE READ",
  );
}

async function readStored(): Promise<string[]> {
  const rows = await database.dataSource.query<{ address: string }[]>(
    "SELECT host(address) AS address FROM vnic_graph_shared_address ORDER BY 1",
  );
  return rows.map(({ address }) => address);
}
