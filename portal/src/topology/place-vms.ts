import type { PlacedVm } from "./build-topology.js";

/**
 * Updates the VMs that have been read, in the order of their ids, with changes; `null`: the VM is gone. A new VM behind
 * the last one is left out, because it is read with its own page later; `isWhole`: there are no more pages, so it is
 * added.
 */
export function placeVms(
  vms: readonly PlacedVm[],
  changes: ReadonlyMap<string, PlacedVm | null>,
  { isWhole }: { readonly isWhole: boolean },
): readonly PlacedVm[] {
  const known = new Set(vms.map(({ id }) => id));
  const lastId = vms.at(-1)?.id ?? "";
  const placed = vms.flatMap((vm) => {
    const now = changes.get(vm.id);
    return now === undefined ? [vm] : (now ?? []);
  });
  const come = [...changes.values()]
    .filter((vm) => vm !== null)
    .filter(({ id }) => !known.has(id) && (isWhole || id < lastId));
  if (come.length === 0) return placed;
  return [...placed, ...come].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
