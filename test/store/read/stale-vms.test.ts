import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StaleReason } from "../../../src/store/types.js";
import { addVms, storedVm } from "../changes/log-fixtures.js";
import { HOST_A, HOST_B, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

const VMS = 12;

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  const vms = Array.from({ length: VMS }, (_, at) =>
    storedVm(at + 1, { ownerId: at % 3 === 0 ? HOST_B : HOST_A }),
  );
  await addVms(
    database.store,
    vms.filter(({ ownerId }) => ownerId === HOST_A),
    HOST_A,
  );
  await addVms(
    database.store,
    vms.filter(({ ownerId }) => ownerId === HOST_B),
    HOST_B,
  );
});

afterAll(() => database.drop());

const REASONS: readonly StaleReason[] = [
  ...(["HOST_RECOVERING", "HOST_UNREACHABLE", "HOST_FAILED", "REFRESH_OVERDUE"] as const),
  ...(["VM_MISSING", "AGENT_ABSENT", "AGENT_SILENT", "REPORT_INVALID"] as const),
];

const anyHost = fc.constantFrom(HOST_A, HOST_B);
const anyVm = fc.integer({ min: 1, max: VMS }).map((number) => id(number));
const kinds = ["NULL", "NULL", "NULL", "NULL", "'recovering'", "'unreachable'", "'timeout'", "'rejected'"];
/** Most of these leave the host well, so that VMs are stale for reasons of their own, too. */
const anyHostChange = fc
  .tuple(
    anyHost,
    fc.constantFrom(...kinds),
    fc.constantFrom("true", "true", "true", "true", "false"),
    fc.constantFrom("now()", "now()", "now()", "now()", "now() - interval '1 day'", "NULL"),
  )
  .map(([host, kind, active, success]) => [
    `INSERT INTO vnic_graph_host (host_id, interval_ms) VALUES ('${host}', ${INTERVAL_MS}) ON CONFLICT DO NOTHING`,
    `UPDATE vnic_graph_host SET last_error_kind = ${kind}, active = ${active}, last_success_at = ${success} WHERE host_id = '${host}'`,
  ]);
const anyVmChange = fc
  .tuple(
    anyVm,
    fc.constantFrom(0, 0, 0, 1),
    fc.constantFrom("NULL", "'absent'", "'silent'", "'invalid'", "'partial'"),
  )
  .map(([vm, missed, silence]) => [
    `INSERT INTO vnic_graph_vm (vm_id) VALUES ('${vm}') ON CONFLICT DO NOTHING`,
    `UPDATE vnic_graph_vm SET missed_passes = ${missed}, silence = ${silence} WHERE vm_id = '${vm}'`,
  ]);
const anyMove = fc
  .tuple(anyVm, fc.constantFrom("NULL", `'${HOST_A}'`, `'${HOST_B}'`))
  .map(([vm, host]) => [`UPDATE vm_dynamic SET run_on_vds = ${host} WHERE vm_guid = '${vm}'`]);
const anyChange = fc.oneof(
  { weight: 3, arbitrary: anyHostChange },
  { weight: 1, arbitrary: anyHost.map((host) => [`DELETE FROM vnic_graph_host WHERE host_id = '${host}'`]) },
  { weight: 6, arbitrary: anyVmChange },
  { weight: 1, arbitrary: anyVm.map((vm) => [`DELETE FROM vnic_graph_vm WHERE vm_id = '${vm}'`]) },
  { weight: 2, arbitrary: anyMove },
);

test("a filter by staleness finds the VMs that are shown with one of its reasons, whatever made them stale", async () => {
  const { store, dataSource } = database;
  const page = { limit: 100, after: null, order: "NAME_ASC" } as const;
  const seen = new Set<string | null>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyChange, { minLength: 1, maxLength: 5 }),
      fc.subarray<StaleReason | null>([...REASONS, null]),
      async (changes, reasons) => {
        for (const statement of changes.flat()) await dataSource.query(statement);
        const all = await store.readVmsPage({ ...page, filter: {} });
        for (const { staleReason } of all) seen.add(staleReason);
        for (const asked of [reasons, REASONS] as const) {
          const expected = all
            .filter(({ staleReason }) => (asked as readonly (StaleReason | null)[]).includes(staleReason))
            .map(({ id }) => id);
          const search = { kind: "staleReason", reasons: asked } as const;
          for (const filter of [{ search }, { search: { kind: "and", parts: [search] } as const }]) {
            expect((await store.readVmsPage({ ...page, filter })).map(({ id }) => id)).toEqual(expected);
            expect(await store.countVms(filter)).toBe(expected.length);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
  // Nothing would be tested if nothing became stale.
  expect(seen.size).toBeGreaterThan(6);
});
