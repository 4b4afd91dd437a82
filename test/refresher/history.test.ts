import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHostLink } from "../../src/refresher/host-link.js";
import { refreshHost } from "../../src/refresher/pass.js";
import { createChangeLog } from "../../src/store/changes/change-log.js";
import { toVersion, type VmVersion } from "../../src/store/changes/vm-version.js";
import type { ReportedVm } from "../../src/vdsm/records/types.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { FakeHost } from "./fake-host.js";
import { HOST_A, HOST_B } from "../support/builders/ids.js";
import { configuredHost, IGNORED_NAMES } from "../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../support/builders/reported.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 3 });
});
afterAll(() => database.drop());

const VM_IDS = [1, 2, 3].map((number) => `00000000-0000-4000-8000-00000000000${number}`);

const eth = (name: string, inet: string[], hw = "52:54:00:00:00:01") => reportedInterface({ name, hw, inet });
const reported = fc.oneof(
  fc.record({ status: fc.constantFrom("Up", "Paused", "Down", "Migration Source", "Migration Destination") }),
  fc.record({ hash: fc.constantFrom("1", "2", "3") }),
  fc.record({ vmName: fc.constantFrom("web", "db"), guestFQDN: fc.constantFrom("a.test", "b.test", null) }),
  fc.record({
    netIfaces: fc.oneof(
      fc.constant(null),
      fc.array(
        fc.constantFrom(
          eth("eth0", ["10.0.0.1", "10.0.0.2"]),
          eth("eth0", ["10.0.0.2", "10.0.0.1"]),
          eth("eth0", ["10.0.0.3"]),
          eth("eth1", []),
          eth("eth1", ["10.0.0.4"], "52:54:00:00:00:02"),
        ),
        { maxLength: 4 },
      ),
    ),
  }),
);
const step = fc.record({
  hostId: fc.constantFrom(HOST_A, HOST_B),
  vmId: fc.constantFrom(...VM_IDS),
  // `null`: the VM is gone from the host.
  change: fc.oneof({ weight: 9, arbitrary: reported }, { weight: 1, arbitrary: fc.constant(null) }),
  nics: fc.constantFrom(0, 1, 2, null),
});

test("any series of passes can be asked for as it was after each of them", async () => {
  const log = createChangeLog(database.dataSource);
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
      const { store, dataSource } = database;
      await dataSource.query("TRUNCATE vm_static, vds_static, vnic_graph_change CASCADE");
      await store.registerHosts([configuredHost(HOST_A, 1), configuredHost(HOST_B, 2)], null);
      const hosts = new Map([HOST_A, HOST_B].map((id) => [id, new FakeHost()]));
      const links = new Map([...hosts].map(([id, host]) => [id, createHostLink(configuredHost(id), host)]));
      const all = new Map([HOST_A, HOST_B].map((id) => [id, new Map<string, ReportedVm>()]));
      const instants: { readonly at: Date; readonly versions: VmVersion[] }[] = [];
      for (const { hostId, vmId, change, nics } of steps) {
        const vms = all.get(hostId)!;
        if (change === null) vms.delete(vmId);
        else vms.set(vmId, { ...(vms.get(vmId) ?? reportedVm({ vmId })), ...change });
        const host = hosts.get(hostId)!;
        host.report = { vms: [...vms.values()], rejected: [] };
        host.nics = (id) =>
          nics === null
            ? null
            : Array.from({ length: nics }, (_, at) =>
                reportedNic({ id: `${id.slice(0, -3)}${at}${id.slice(-2)}`, name: `vnet${at}` }),
              );
        const deps = { store, ignoreNames: IGNORED_NAMES, now: () => 0, ready: () => Promise.resolve() };
        const { outcome } = await refreshHost(deps, links.get(hostId)!, new AbortController().signal);
        expect(outcome).toBe("done");
        await sleep(2);
        instants.push({ at: await databaseTime(), versions: await storedVersions() });
        await sleep(2);
      }
      for (const { at, versions } of instants) {
        asked += 1;
        const past = await log.readVmVersions(VM_IDS, at);
        expect(byId(past.map(({ lastReportedAt: _, ...version }) => version))).toEqual(versions);
      }
    }),
    { numRuns: 15 },
  );
  expect(asked).toBeGreaterThan(50);
});

async function storedVersions(): Promise<VmVersion[]> {
  return byId((await database.store.readVms(VM_IDS)).map(toVersion));
}

async function databaseTime(): Promise<Date> {
  const [row] = await database.dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now");
  return row!.now;
}

function byId(versions: readonly VmVersion[]): VmVersion[] {
  return versions.toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
