import type { PassResult } from "../refresher/pass-result.js";

/**
 * Creates the function that tells whether a pass changed what readers see: a VM, or whether its host fails. Call it for
 * each pass, in the order in which they end.
 */
export function createVisibleChanges(): (
  result: Pick<PassResult, "changedVms" | "failure"> & { readonly host: { readonly id: string } },
) => boolean {
  const failing = new Set<string>();
  return ({ changedVms, failure, host: { id } }) => {
    const isBack = failure === null && failing.delete(id);
    if (failure !== null) failing.add(id);
    return changedVms > 0 || failure !== null || isBack;
  };
}
