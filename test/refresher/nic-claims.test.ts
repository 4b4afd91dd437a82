import { beforeEach, expect, test } from "vitest";
import { runAtOnce } from "../../src/vdsm/scan/sliced-work.js";
import { findNewNicIds } from "../../src/refresher/plan/nic-claims.js";
import { deriveClaimedId } from "../../src/refresher/plan/nics.js";
import { planPass } from "../../src/refresher/plan/plan.js";
import { findVmsToAskNicsOf, sightVms } from "../../src/refresher/plan/sightings.js";
import { HOST_A, HOST_B, VM, VM2 } from "../support/builders/ids.js";
import { MemoryRefreshStore } from "../support/builders/memory-refresh-store.js";
import { IGNORED_NAMES } from "../support/builders/passes.js";
import { hostReport, reportedNic, reportedVm } from "../support/builders/reported.js";

const ALIAS = reportedNic().id!;
const OWN_ID_OF_VM2 = deriveClaimedId(VM2, ALIAS);

let store: MemoryRefreshStore;
/** The ids of vNICs that each host's guests have, by VM. */
let plugged: Map<string, string[]>;
/** Grows whenever a VM's devices change, as VDSM's hash does. */
let hashes: Map<string, number>;

beforeEach(() => {
  store = new MemoryRefreshStore();
  plugged = new Map();
  hashes = new Map();
});

function plug(vmId: string, ...ids: string[]): void {
  plugged.set(vmId, ids);
  hashes.set(vmId, (hashes.get(vmId) ?? 0) + 1);
}

/** A pass over a host that runs these VMs: asks for the vNICs that have to be asked for, and writes. */
async function passOver(hostId: string, ...vmIds: string[]) {
  const claim = await store.claim(hostId);
  const report = hostReport(...vmIds.map((vmId) => reportedVm({ vmId, hash: String(hashes.get(vmId)) })));
  const sightings = sightVms({ hostId, report, stored: await store.readHostVms(hostId, vmIds) });
  const nics = new Map(
    findVmsToAskNicsOf(sightings).map((vmId) => [
      vmId,
      plugged.get(vmId)!.map((id, at) => reportedNic({ id, name: `vnet${at}` })),
    ]),
  );
  const holders = await store.readNicHolders(runAtOnce(findNewNicIds(sightings.vms, nics)));
  const plan = runAtOnce(planPass(sightings, IGNORED_NAMES, nics, undefined, holders));
  expect(await store.apply(claim, plan.changes)).toBe(true);
  return plan;
}

const listIds = (vmId: string) => store.vms.get(vmId)!.nics.map(({ id }) => id);

test("S8: a VM keeps its vNIC when another host's VM claims it; the claimer has it under an id of its own", async () => {
  plug(VM, ALIAS);
  plug(VM2, ALIAS);
  await passOver(HOST_A, VM);
  const first = await passOver(HOST_B, VM2);
  expect([...first.problems]).toEqual([
    [VM2, `claims vNIC ${ALIAS} of VM ${VM}, and has it under an id of its own`],
  ]);
  for (let time = 0; time < 3; time += 1) {
    expect([listIds(VM), listIds(VM2)]).toEqual([[ALIAS], [OWN_ID_OF_VM2]]);
    const [left, right] = [await passOver(HOST_A, VM), await passOver(HOST_B, VM2)];
    expect([left.changedVmIds, right.changedVmIds]).toEqual([[], []]);
    expect(right.changes.upsertedNics.length + right.changes.changedVms.length).toBe(0);
    expect([left.problems.size, right.problems.size]).toEqual([0, 1]);
  }
});

test("S8: a claim that ends leaves the holder as it was", async () => {
  plug(VM, ALIAS);
  plug(VM2, ALIAS);
  await passOver(HOST_A, VM);
  await passOver(HOST_B, VM2);
  plug(VM2);
  const { problems } = await passOver(HOST_B, VM2);
  await passOver(HOST_A, VM);
  expect([listIds(VM), listIds(VM2), problems.size]).toEqual([[ALIAS], [], 0]);
});

test("S8: of two new VMs of one host that claim one vNIC, the first gets it, at every pass", async () => {
  plug(VM, ALIAS);
  plug(VM2, ALIAS);
  for (let time = 0; time < 3; time += 1) {
    await passOver(HOST_A, VM, VM2);
    expect([listIds(VM), listIds(VM2)]).toEqual([[ALIAS], [OWN_ID_OF_VM2]]);
  }
});

test.each([
  ["whose host is read first", ["A", "B", "B"]],
  ["whose host is read last", ["B", "A", "B"]],
])("a vNIC that was unplugged and plugged in elsewhere moves to the VM %s", async (_, order) => {
  plug(VM, ALIAS);
  plug(VM2);
  await passOver(HOST_A, VM);
  await passOver(HOST_B, VM2);
  plug(VM);
  plug(VM2, ALIAS);
  for (const host of order) await (host === "A" ? passOver(HOST_A, VM) : passOver(HOST_B, VM2));
  expect([listIds(VM), listIds(VM2)]).toEqual([[], [ALIAS]]);
  expect((await passOver(HOST_B, VM2)).isSettled).toBe(true);
});

test("a vNIC moves between two VMs of one host in one pass, in either direction", async () => {
  plug(VM, ALIAS);
  plug(VM2);
  await passOver(HOST_A, VM, VM2);
  for (const [from, to] of [
    [VM, VM2],
    [VM2, VM],
  ] as const) {
    plug(from);
    plug(to, ALIAS);
    const { problems } = await passOver(HOST_A, VM, VM2);
    expect([listIds(from), listIds(to), problems.size]).toEqual([[], [ALIAS], 0]);
  }
});

test("S8: no host can take the id beforehand that another VM's vNIC would get", async () => {
  plug(VM, OWN_ID_OF_VM2);
  await passOver(HOST_A, VM);
  expect(listIds(VM)).not.toContain(OWN_ID_OF_VM2);
  plug(VM, OWN_ID_OF_VM2, ALIAS);
  plug(VM2, ALIAS);
  await passOver(HOST_A, VM);
  await passOver(HOST_B, VM2);
  expect(listIds(VM2)).toEqual([OWN_ID_OF_VM2]);
});
