import { compareByName } from "../model/compare-by-name.js";
import type { NamedKind } from "../store/inventory-types.js";
import type { AddressSpansQuestion, ReadStore, VmChangesQuestion } from "../store/types.js";
import type { BatchSchedule } from "./batches/batch-schedule.js";
import { createHostVmsLoader } from "./batches/host-vms.js";
import { memoize } from "./batches/memoize.js";
import { toPastVm } from "./past/past-vm.js";
import { createManyLoader, createOneLoader, getId, getVmId, prime, type RowLoaders } from "./row-loaders.js";
import type { VmFilter } from "./rows.js";

/** Selects a page of VMs. */
export type VmPageQuestion = Parameters<ReadStore["readVmsPage"]>[0];

/**
 * Creates the memoized reads of questions that are not keys. Each question is read once in a request. The rows of lists are
 * also given to the loaders.
 */
export function createQuestions(store: ReadStore, rows: RowLoaders, batchScheduleFn: BatchSchedule) {
  return {
    hosts: memoize(async () => prime(await store.readHosts(), rows.hostById).sort(compareByName)),
    vmsPage: memoize(async (question: VmPageQuestion) =>
      prime(await store.readVmsPage(question), rows.vmById),
    ),
    countVms: memoize((filter: VmFilter) => store.countVms(filter)),
    namedById: memoize((kind: NamedKind) =>
      createOneLoader((ids) => store.readNamed(kind, ids), getId, batchScheduleFn),
    ),
    named: memoize((kind: NamedKind) => store.readNamed(kind, null)),
    vmsByHost: memoize((limit: number) =>
      createHostVmsLoader(store, { limit, batchScheduleFn }, (vm) => {
        rows.vmById.keep(vm.id, vm);
      }),
    ),
    historyBounds: memoize(() => store.readHistoryBounds()),
    vmAt: memoize((at: Date) =>
      createOneLoader(
        async (ids) => (await store.readVmVersionsAt(ids, at)).map(toPastVm),
        getId,
        batchScheduleFn,
      ),
    ),
    vmChanges: memoize((question: VmChangesQuestion) =>
      createManyLoader((ids) => store.readVmChanges(ids, question), getVmId, batchScheduleFn),
    ),
    addressSpans: memoize((question: AddressSpansQuestion) => store.readAddressSpans(question)),
    changeCursor: memoize(() => store.readChangeCursor()),
    // Each vNIC of the VM asks.
    knownInterfaces: memoize(async (vmId: string) => {
      const [vm, interfaces] = await Promise.all([
        rows.vmById.load(vmId),
        rows.guestInterfacesByVm.load(vmId),
      ]);
      return vm?.interfacesKnown === true ? interfaces : null;
    }),
  };
}
