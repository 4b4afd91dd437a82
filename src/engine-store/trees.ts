import { compareByName } from "../model/compare-by-name.js";
import type { ReadSnapshot, ReadStore } from "../store/types.js";
import type { GuestInterface, Nic, VmRow } from "../store/types.js";
import type { NicTree, TreeReads, VmTree, VmTreeParts } from "../store/vm-tree.js";

/**
 * Creates the reads of VMs with their interfaces and vNICs. Each takes up to three statements in one transaction. Those that need
 * nothing of one another are sent together. One statement of all would join an engine's tables in ways for which they have no
 * index.
 */
export function createEngineTreeReads(openReads: () => ReadSnapshot): TreeReads {
  const readOnce = async <Answer>(read: (reads: ReadStore) => Promise<Answer>): Promise<Answer> => {
    const { reads, close } = openReads();
    try {
      return await read(reads);
    } finally {
      void close();
    }
  };
  return {
    readTreesByIds: (ids, parts) =>
      readOnce(async (reads) => {
        const [vms, lists] = await Promise.all([reads.readVmsByIds(ids), readLists(reads, ids, parts)]);
        return vms.map((vm) => createTree(vm, lists));
      }),
    readTreesPage: (page, parts) =>
      readOnce(async (reads) => {
        const vms = await reads.readVmsPage(page);
        const lists = await readLists(
          reads,
          vms.map(({ id }) => id),
          parts,
        );
        return vms.map((vm) => createTree(vm, lists));
      }),
    readNicTrees: (macs, limit, parts) =>
      readOnce(async (reads) => {
        const nics = (await reads.readNicsByMacs(macs)).slice(0, limit);
        const ids = [...new Set(nics.map(({ vmId }) => vmId))];
        if (ids.length === 0) return [];
        const [vms, lists] = await Promise.all([reads.readVmsByIds(ids), readLists(reads, ids, parts)]);
        const trees = new Map(vms.map((vm) => [vm.id, createTree(vm, lists)]));
        return nics.flatMap((nic): NicTree[] => {
          const tree = trees.get(nic.vmId);
          return tree === undefined ? [] : [{ nic, tree }];
        });
      }),
  };
}

/** The interfaces and vNICs of VMs, by the ids of these. */
interface ReadLists {
  readonly interfaces: ReadonlyMap<string, readonly GuestInterface[]>;
  readonly nics: ReadonlyMap<string, readonly Nic[]>;
}

async function readLists(reads: ReadStore, vmIds: readonly string[], parts: VmTreeParts): Promise<ReadLists> {
  const isEmpty = vmIds.length === 0;
  const [interfaces, nics] = await Promise.all([
    parts.interfaces && !isEmpty ? reads.readGuestInterfacesByVms(vmIds) : [],
    parts.nics && !isEmpty ? reads.readNicsByVms(vmIds) : [],
  ]);
  return { interfaces: groupByVm(interfaces), nics: groupByVm([...nics].sort(compareByName)) };
}

function groupByVm<Row extends { readonly vmId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.vmId);
    if (group === undefined) groups.set(row.vmId, [row]);
    else group.push(row);
  }
  return groups;
}

function createTree(vm: VmRow, { interfaces, nics }: ReadLists): VmTree {
  return {
    vm,
    row: vm,
    // Only what is kept needs it, and nothing of an engine is.
    own: null,
    lists: {
      interfaces: interfaces.get(vm.id) ?? [],
      nics: nics.get(vm.id) ?? [],
      // They were not parsed from a text.
      characters: Infinity,
      putAway: () => undefined,
    },
  };
}
