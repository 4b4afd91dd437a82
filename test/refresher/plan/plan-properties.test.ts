import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReportedInterface } from "../../../src/vdsm/records/interfaces.js";
import type { HostReport, ReportedNic, ReportedVm } from "../../../src/vdsm/records/types.js";
import { NO_CHANGES } from "../../../src/refresher/plan/plan-builder.js";
import { runAtOnce } from "../../../src/vdsm/scan/sliced-work.js";
import { findNewNicIds } from "../../../src/refresher/plan/nic-claims.js";
import { planPass } from "../../../src/refresher/plan/plan.js";
import { findVmsToAskNicsOf, sightVms } from "../../../src/refresher/plan/sightings.js";
import { HOST_A, HOST_B, HOST_C, VM, VM2 } from "../../support/builders/ids.js";
import { MemoryRefreshStore } from "../../support/builders/memory-refresh-store.js";
import { IGNORED_NAMES } from "../../support/builders/passes.js";
import { SILENT_INTERFACE } from "../../support/builders/reported.js";

const VM_IDS = [VM, VM2, "33333333-3333-4333-8333-333333333333"];
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const word = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("", "eth0", "eth1", "lo", "veth1"),
);
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("", "10.0.0.1", "fe80::1", "FE80::1%3"), word);
const mac = fc.oneof(word, fc.constantFrom("52:54:00:00:00:01", "52-54-00-00-00-0A"));

const reportedInterface: fc.Arbitrary<ReportedInterface> = fc
  .record({
    name: orNull(word),
    hw: orNull(mac),
    inet: fc.array(address, { maxLength: 4 }),
    inet6: fc.array(address, { maxLength: 4 }),
  })
  .map((spoken) => ({ ...SILENT_INTERFACE, ...spoken }));
const status = fc.constantFrom(
  ...[
    "Up",
    "Up",
    "Down",
    "Paused",
    "Powering up",
    "Migration Source",
    "Migration Destination",
    "WaitForLaunch",
    "?",
  ],
);
const reportedVm: fc.Arbitrary<ReportedVm> = fc.record({
  vmId: fc.constantFrom(...VM_IDS),
  vmName: orNull(word),
  status: fc.oneof({ weight: 9, arbitrary: status }, fc.constant(null)),
  pauseCode: orNull(fc.constantFrom("NOERR", "POSTCOPY")),
  monitorResponse: orNull(fc.constantFrom(0, -1)),
  problems: fc.constantFrom([], [{ field: "vmName", reason: "is no text" }]),
  hash: orNull(fc.constantFrom("1", "2")),
  exitReason: orNull(fc.constantFrom(1, 4, 5)),
  netIfaces: orNull(fc.array(reportedInterface, { maxLength: 5 })),
  guestIPs: orNull(
    fc.oneof(
      fc.array(address, { maxLength: 3 }).map((all) => all.join(" ")),
      word,
    ),
  ),
  guestFQDN: orNull(word),
});
const report: fc.Arbitrary<HostReport> = fc.record({
  vms: fc.uniqueArray(reportedVm, { selector: ({ vmId }) => vmId, maxLength: 3 }),
  rejected: fc.array(
    fc.record({ vmId: orNull(fc.constantFrom(...VM_IDS)), reason: fc.constant("unreadable") }),
    { maxLength: 1 },
  ),
});
const reportedNic: fc.Arbitrary<ReportedNic> = fc.record({
  id: orNull(fc.constantFrom(VM, VM2)),
  name: orNull(word),
  macAddr: orNull(mac),
  network: orNull(word),
  linkActive: fc.boolean(),
});
const nics = fc
  .array(fc.tuple(fc.constantFrom(...VM_IDS), fc.array(reportedNic, { maxLength: 3 })))
  .map((entries) => new Map(entries));
const step = fc.record({ hostId: fc.constantFrom(HOST_A, HOST_B, HOST_C), report, nics });

/** One pass without gaps; what it planned. */
function passOver(
  store: MemoryRefreshStore,
  hostId: string,
  said: HostReport,
  answers: ReadonlyMap<string, ReportedNic[]>,
) {
  const stored = store.vmsNow(
    hostId,
    said.vms.map(({ vmId }) => vmId),
  );
  const sightings = sightVms({ hostId, stored, report: said });
  const asked = new Set(findVmsToAskNicsOf(sightings));
  const told = new Map([...answers].filter(([vmId]) => asked.has(vmId)));
  const holders = store.nicHoldersNow(runAtOnce(findNewNicIds(sightings.vms, told)));
  const plan = runAtOnce(planPass(sightings, IGNORED_NAMES, told, undefined, holders));
  expect(store.applyNow({ hostId, epoch: store.raise(hostId) }, plan.changes)).toBe(true);
  return plan;
}

describe("whatever hosts report", () => {
  test("a plan fits the store, and once it is settled the same report changes nothing", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const store = new MemoryRefreshStore();
        for (const { hostId, report: said, nics: answers } of steps) {
          if (passOver(store, hostId, said, answers).isSettled) {
            const again = passOver(store, hostId, said, answers);
            expect(again).toMatchObject({ changes: NO_CHANGES, changedVmIds: [], isSettled: true });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("the same report twice more changes nothing, but for VMs that are missed for the second time", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 4 }),
        step,
        (before, { hostId, report: said, nics: answers }) => {
          const store = new MemoryRefreshStore();
          for (const each of before) passOver(store, each.hostId, each.report, each.nics);
          for (let pass = 0; pass < 4; pass += 1) passOver(store, hostId, said, answers);
          expect(passOver(store, hostId, said, answers).changes).toEqual(NO_CHANGES);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("the order of VMs, interfaces and addresses, and what containers come and go, change nothing", () => {
    fc.assert(
      fc.property(report, nics, fc.nat(), (said, answers, seed) => {
        const store = new MemoryRefreshStore();
        for (let pass = 0; pass < 3; pass += 1) passOver(store, HOST_A, said, answers);
        expect(passOver(store, HOST_A, shaken(said, seed), answers).changes).toEqual(NO_CHANGES);
      }),
      { numRuns: 300 },
    );
  });
});

function shaken({ vms, rejected }: HostReport, seed: number): HostReport {
  const turn = <T>(list: readonly T[]) => {
    const at = list.length === 0 ? 0 : seed % list.length;
    return [...list.slice(at), ...list.slice(0, at)];
  };
  const veth = {
    ...SILENT_INTERFACE,
    name: `veth${seed.toString(16)}`,
    hw: "52:54:00:00:00:ff",
    inet: ["10.9.9.9"],
    inet6: [],
  };
  const shakenInterfaces = (list: readonly ReportedInterface[]) => [
    veth,
    ...turn(list).map((each) => ({
      ...each,
      inet: each.inet === null ? null : turn(each.inet),
      inet6: each.inet6 === null ? null : turn(each.inet6),
    })),
  ];
  return {
    rejected,
    vms: turn(vms).map((vm) => ({
      ...vm,
      netIfaces: vm.netIfaces === null ? null : shakenInterfaces(vm.netIfaces),
    })),
  };
}
