import type { NicTree, VmTree } from "../vm-tree.js";

/** Lists the states of kept VMs. A VM that is not kept has a state that is the same as none, not even its own. */
export function listStates(trees: readonly VmTree[]): readonly unknown[] {
  return trees.map(({ texts }) => texts?.state ?? Number.NaN);
}

/** Lists vNICs and the states of their VMs. */
export function listNicStates(found: readonly NicTree[]): readonly unknown[] {
  const states: unknown[] = [];
  for (const { nic, tree } of found) states.push(nic, tree.texts?.state ?? Number.NaN);
  return states;
}

/** Tells whether two lists of states are the same. */
export function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}
