import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { createHostLink } from "../../../src/refresher/host-link.js";
import type { ReportedVm } from "../../../src/vdsm/records/types.js";
import { FakeHost } from "../../refresher/fake-host.js";
import { HOST_A, HOST_B } from "../builders/ids.js";
import { configuredHost } from "../builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../builders/reported.js";
import type { TestDatabase } from "../databases/database.js";
import { runPass } from "./run-pass.js";

/** The VMs of a series. */
export const VM_IDS = [1, 2, 3].map((number) => `00000000-0000-4000-8000-00000000000${number}`);

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
          // Kernels list a new address first.
          reportedInterface({
            name: "eth0",
            hw: "52:54:00:00:00:01",
            inet: [],
            inet6: ["2001:db8::5", "fe80::1"],
          }),
          reportedInterface({
            name: "eth0",
            hw: "52:54:00:00:00:01",
            inet: [],
            inet6: ["2001:db8::91ac:1b2c:3d4e:5f60", "2001:db8::5", "fe80::1"],
          }),
          eth("docker0", ["172.17.0.1"], "02:42:00:00:00:01"),
          eth("tap0", ["10.8.0.2"], "00:ff:00:00:00:01"),
          eth("veth1", ["10.0.0.9"], "52:54:00:00:00:03"),
        ),
        { maxLength: 4 },
      ),
    ),
  }),
);
/** One pass, in which a host reports a VM differently than before. */
export const anyStep = fc.record({
  hostId: fc.constantFrom(HOST_A, HOST_B),
  vmId: fc.constantFrom(...VM_IDS),
  // `null`: the VM is gone from the host.
  change: fc.oneof({ weight: 9, arbitrary: reported }, { weight: 1, arbitrary: fc.constant(null) }),
  nics: fc.constantFrom(0, 1, 2, null),
});

/** A step of a series. */
export type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** An instant between two passes. */
export interface Instant<Seen> {
  readonly at: Date;
  readonly seen: Seen;
}

/**
 * Runs one pass for each step, in an empty database or on top of what it has. After each pass it calls `look`, at an
 * instant of the database's clock.
 */
export async function runSeries<Seen>(
  { store, dataSource }: TestDatabase,
  steps: readonly Step[],
  look: () => Promise<Seen>,
  { isContinued = false } = {},
): Promise<Instant<Seen>[]> {
  if (!isContinued) await dataSource.query("TRUNCATE vm_static, vds_static, vnic_graph_change CASCADE");
  await store.registerHosts([configuredHost(HOST_A, 1), configuredHost(HOST_B, 2)], null);
  const hosts = new Map([HOST_A, HOST_B].map((id) => [id, new FakeHost()]));
  const links = new Map([...hosts].map(([id, host]) => [id, createHostLink(configuredHost(id), host)]));
  const all = new Map([HOST_A, HOST_B].map((id) => [id, new Map<string, ReportedVm>()]));
  const instants: Instant<Seen>[] = [];
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
    const { outcome } = await runPass(store, links.get(hostId)!);
    if (outcome !== "done") throw new Error(`the pass ended as ${outcome}`);
    // Instants have milliseconds, changes have microseconds.
    await sleep(2);
    const [row] = await dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now");
    instants.push({ at: row!.now, seen: await look() });
    await sleep(2);
  }
  return instants;
}
