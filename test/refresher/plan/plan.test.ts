import { describe, expect, test } from "vitest";
import type { HostReport, ReportedNic } from "../../../src/vdsm/records/types.js";
import { NO_CHANGES } from "../../../src/refresher/plan/plan-builder.js";
import { runAtOnce } from "../../../src/vdsm/scan/sliced-work.js";
import { planPass } from "../../../src/refresher/plan/plan.js";
import { findVmsToAskNicsOf, sightVms } from "../../../src/refresher/plan/sightings.js";
import type { StoredVm } from "../../../src/store/types.js";
import { VM_STATUS } from "../../../src/model/guest/vm-status.js";
import { HOST_A, HOST_B, uuid, VM, VM2 } from "../../support/builders/ids.js";
import { IGNORED_NAMES } from "../../support/builders/passes.js";
import {
  downRecord,
  reportedInterface,
  reportedNic,
  reportedVm,
  hostReport,
} from "../../support/builders/reported.js";
import { guestInterface, storedNic, storedVm } from "../../support/builders/stored.js";

function plan(stored: StoredVm[], report: HostReport, nics: [string, ReportedNic[]][] = [], hostId = HOST_A) {
  return runAtOnce(planPass(sightVms({ hostId, stored, report }), IGNORED_NAMES, new Map(nics)));
}

function asks(stored: StoredVm[], report: HostReport, hostId = HOST_A) {
  return findVmsToAskNicsOf(sightVms({ hostId, stored, report }));
}

describe("a plan", () => {
  test("for a report of what is stored is empty and settled", () => {
    expect(plan([storedVm()], hostReport(reportedVm()))).toEqual({
      changes: NO_CHANGES,
      changedVmIds: [],
      visibleChanges: [],
      isSettled: true,
      problems: new Map(),
    });
  });

  test("pauses after each few thousand interfaces of a few VMs", () => {
    const netIfaces = Array.from({ length: 4_000 }, (_, at) => reportedInterface({ name: `eth${at}` }));
    const report = hostReport(...[1, 2, 3].map((at) => reportedVm({ vmId: uuid(5, at), netIfaces })));
    const steps = planPass(sightVms({ hostId: HOST_A, stored: [], report }), IGNORED_NAMES, new Map());
    expect([...steps]).toHaveLength(2);
  });

  test("F20: pauses after each few hundred VMs", () => {
    const formatVmIdAt = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
    const report = hostReport(
      ...Array.from({ length: 1_600 }, (_, at) => reportedVm({ vmId: formatVmIdAt(at) })),
    );
    const steps = planPass(sightVms({ hostId: HOST_A, stored: [], report }), IGNORED_NAMES, new Map());
    expect([...steps]).toHaveLength(3);
  });

  test("for a new VM inserts it whole", () => {
    const { changes, changedVmIds, isSettled } = plan([], hostReport(reportedVm()), [[VM, [reportedNic()]]]);
    const { interfaces, nics, ...state } = storedVm();
    expect(changes).toEqual({
      ...NO_CHANGES,
      newVms: [state],
      insertedInterfaces: interfaces,
      interfaceOrders: [{ vmId: VM, names: ["eth0"] }],
      upsertedNics: nics,
    });
    expect(changedVmIds).toEqual([VM]);
    expect(isSettled).toBe(true);
  });

  test("writes no more than the address that changed", () => {
    const stored = storedVm({
      interfaces: [guestInterface(), guestInterface({ name: "docker0", ipv4Addresses: [] })],
    });
    const netIfaces = [
      reportedInterface({ inet: ["10.0.0.2"] }),
      reportedInterface({ name: "docker0", inet: [] }),
    ];
    const { changes } = plan([stored], hostReport(reportedVm({ netIfaces })));
    expect(changes).toMatchObject({
      ...NO_CHANGES,
      changedVms: [{ before: { ips: stored.ips }, after: { ips: "10.0.0.2 fe80::1" } }],
      updatedInterfaces: [
        { before: guestInterface(), after: guestInterface({ ipv4Addresses: ["10.0.0.2"] }) },
      ],
    });
  });

  test("tells the order of names when members change, and not when only their order does", () => {
    const stored = storedVm({ interfaces: [guestInterface(), guestInterface({ name: "eth1" })] });
    const eth = (name: string) => reportedInterface({ name });
    const swapped = plan([stored], hostReport(reportedVm({ netIfaces: [eth("eth1"), eth("eth0")] })));
    expect(swapped.changes).toEqual(NO_CHANGES);
    const grown = plan([stored], hostReport(reportedVm({ netIfaces: [eth("eth2"), eth("eth1")] })));
    expect(grown.changes).toEqual({
      ...NO_CHANGES,
      insertedInterfaces: [guestInterface({ name: "eth2" })],
      deletedInterfaces: [guestInterface()],
      interfaceOrders: [{ vmId: VM, names: ["eth1", "eth2"] }],
    });
  });

  test("leaves a new veth, another order and another spelling alone", () => {
    const stored = storedVm({ interfaces: [guestInterface({ ipv4Addresses: ["10.0.0.1", "10.0.0.2"] })] });
    const netIfaces = [
      reportedInterface({ name: "veth0a1b" }),
      reportedInterface({
        hw: "52-54-00-00-00-01",
        inet: ["10.0.0.2", "", "10.0.0.1"],
        inet6: ["FE80:0::1%2"],
      }),
    ];
    const ips = "10.0.0.1 10.0.0.2 fe80::1";
    expect(plan([{ ...stored, ips }], hostReport(reportedVm({ netIfaces }))).changes).toEqual(NO_CHANGES);
  });

  test("clears a VM that has ended, and keeps its name and vNICs", () => {
    const { changes, changedVmIds, isSettled } = plan([storedVm()], hostReport(downRecord()));
    expect(changes).toMatchObject({
      ...NO_CHANGES,
      changedVms: [
        { after: { name: "web", status: 0, ownerId: null, ips: null, fqdn: null, silence: null } },
      ],
      deletedInterfaces: [guestInterface()],
      interfaceOrders: [{ vmId: VM, names: [] }],
    });
    expect(changedVmIds).toEqual([VM]);
    expect(isSettled).toBe(true);
  });

  test("keeps everything of a VM that one pass misses, and says so to readers", () => {
    const { changes, changedVmIds, isSettled } = plan([storedVm()], hostReport());
    expect(changes).toEqual({
      ...NO_CHANGES,
      changedVms: [
        {
          before: expect.anything() as unknown,
          after: expect.objectContaining({ missedPasses: 1 }) as unknown,
        },
      ],
    });
    expect(changedVmIds).toEqual([VM]);
    expect(isSettled).toBe(false);
  });

  test("keeps a VM whose report is unreadable, marked; with or without its id", () => {
    for (const vmId of [VM, null]) {
      const { changes, isSettled } = plan([storedVm()], {
        vms: [],
        rejected: [{ vmId, reason: "no status" }],
      });
      expect(changes).toMatchObject({
        ...NO_CHANGES,
        changedVms: [{ after: { silence: "invalid", missedPasses: 0 } }],
      });
      expect(isSettled).toBe(false);
    }
  });

  test("does not make up a VM whose very first report is unreadable", () => {
    expect(plan([], { vms: [], rejected: [{ vmId: VM, reason: "no status" }] }).changes).toEqual(NO_CHANGES);
  });

  test("hands a VM over with its guest's data", () => {
    const stored = storedVm({ status: VM_STATUS.MIGRATING_FROM, incomingId: HOST_B });
    const { changes, changedVmIds } = plan([stored], hostReport(downRecord(4)));
    expect(changes).toMatchObject({
      ...NO_CHANGES,
      changedVms: [
        { after: { ownerId: HOST_B, incomingId: null, status: VM_STATUS.MIGRATING_TO, ips: stored.ips } },
      ],
    });
    expect(changedVmIds).toEqual([VM]);
  });

  test.each([
    ["Up", {}, VM_STATUS.UP, `runs on host ${HOST_B} too, whose report counts`],
    ["Up", {}, VM_STATUS.NOT_RESPONDING, `runs on host ${HOST_B} too, whose report counts`],
    [
      "Paused",
      { pauseCode: "EIO" },
      VM_STATUS.UP,
      `is paused here, but runs on host ${HOST_B}, whose report counts`,
    ],
    ["Paused", { pauseCode: "POSTCOPY" }, VM_STATUS.UP, null],
    ["Paused", {}, VM_STATUS.MIGRATING_FROM, null],
    ["Powering up", {}, VM_STATUS.UP, null],
    ["Migration Source", {}, VM_STATUS.UP, null],
  ])("of a VM that is %s with %j here and %i at its owner tells a copy: %s", (status, more, before, told) => {
    const stored = storedVm({ ownerId: HOST_B, contenderId: HOST_A, status: before });
    const { problems } = plan([stored], hostReport(reportedVm({ status, ...more })));
    expect([...problems]).toEqual(told === null ? [] : [[VM, told]]);
  });

  test("notes who receives a VM without telling readers", () => {
    const report = hostReport(reportedVm({ status: "Migration Destination", netIfaces: null }));
    const { changes, changedVmIds, isSettled } = plan([storedVm()], report, [], HOST_B);
    expect(changes).toMatchObject({
      ...NO_CHANGES,
      changedVms: [{ after: { ownerId: HOST_A, incomingId: HOST_B } }],
    });
    expect(changedVmIds).toEqual([]);
    expect(isSettled).toBe(false);
  });

  test("names a VM by its id until its owner tells a name, and cuts names that do not fit", () => {
    expect(plan([], hostReport(reportedVm({ vmName: null }))).changes.newVms[0]?.name).toBe(VM);
    expect(plan([], hostReport(downRecord())).changes.newVms[0]).toMatchObject({
      name: VM,
      status: 0,
      ownerId: null,
    });
    expect(
      plan([], hostReport(reportedVm({ vmName: "n".repeat(300) }))).changes.newVms[0]?.name,
    ).toHaveLength(255);
  });

  test("is settled beside the record of a VM that ended here and runs elsewhere, unless this host plays a part in it", () => {
    const elsewhere = storedVm({ id: VM2, ownerId: HOST_B, interfaces: [], nics: [] });
    const report = hostReport(reportedVm(), downRecord(4, VM2));
    expect(plan([storedVm(), elsewhere], report)).toMatchObject({ changes: NO_CHANGES, isSettled: true });
    expect(plan([storedVm(), { ...elsewhere, ownerId: null, status: 0 }], report).isSettled).toBe(true);
    const up = hostReport(reportedVm(), reportedVm({ vmId: VM2 }));
    expect(plan([storedVm(), { ...elsewhere, contenderId: HOST_A }], up)).toMatchObject({
      changes: NO_CHANGES,
      isSettled: false,
    });
  });
});

describe("vNICs", () => {
  test("are asked for when a VM is new or its devices changed, and only by its owner", () => {
    expect(asks([], hostReport(reportedVm()))).toEqual([VM]);
    expect(asks([storedVm()], hostReport(reportedVm()))).toEqual([]);
    expect(asks([storedVm()], hostReport(reportedVm({ hash: "78" })))).toEqual([VM]);
    expect(
      asks([storedVm()], hostReport(reportedVm({ hash: "78", status: "Migration Destination" })), HOST_B),
    ).toEqual([]);
    expect(asks([storedVm()], hostReport(downRecord()))).toEqual([]);
  });

  test("of a VM without a hash are asked for once", () => {
    const report = hostReport(reportedVm({ hash: null }));
    expect(asks([], report)).toEqual([VM]);
    expect(asks([storedVm({ inventoryHash: "" })], report)).toEqual([]);
  });

  test("vNICs that the host did not tell stay as they are, and leave the pass unsettled", () => {
    const { changes, isSettled } = plan([storedVm()], hostReport(reportedVm({ hash: "78" })));
    expect(changes).toEqual(NO_CHANGES);
    expect(isSettled).toBe(false);
  });

  test("vNICs that are the same after a restart of vdsmd cost the new hash alone, of which readers hear nothing", () => {
    const { changes, changedVmIds } = plan([storedVm()], hostReport(reportedVm({ hash: "78" })), [
      [VM, [reportedNic()]],
    ]);
    expect(changes).toMatchObject({ ...NO_CHANGES, changedVms: [{ after: { inventoryHash: "78" } }] });
    expect(changedVmIds).toEqual([]);
  });

  test("vNICs that move between two VMs of one answer are deleted from one and written for the other", () => {
    const stored = [storedVm(), storedVm({ id: VM2, interfaces: [], nics: [] })];
    const report = hostReport(reportedVm({ hash: "1" }), reportedVm({ vmId: VM2, hash: "2", netIfaces: [] }));
    const { changes } = plan(stored, report, [
      [VM, []],
      [VM2, [reportedNic()]],
    ]);
    expect(changes.upsertedNics).toEqual([storedNic({ vmId: VM2 })]);
    expect(changes.deletedNics).toEqual([storedNic()]);
    const gone = plan(stored, report, [[VM, []]]);
    expect(gone.changes.deletedNics).toEqual([storedNic()]);
    expect(gone.changedVmIds).toContain(VM);
  });
});
