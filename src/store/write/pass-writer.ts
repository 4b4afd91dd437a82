import type { DataSource } from "typeorm";
import type { HostChanges, HostClaim } from "../types.js";
import { applyAlone, applyPasses, computeWeight } from "./apply.js";
import { createBatcher } from "./batch.js";
import { hasNoChanges, noteSuccess, noteSuccesses, type PassWrite, type Success } from "./passes.js";

/** Writes one pass; `false`, and nothing written, if its claim is void. */
export type PassWriter = (
  claim: HostClaim,
  changes: HostChanges,
  pass: Omit<PassWrite, "claim" | "changes">,
) => Promise<boolean>;

/**
 * Creates what writes the passes of one gateway. Passes that end at the same time share a transaction:
 * 1. A batch waits for no lock of a host, and for a quarter of a second at most for one of a VM.
 * 2. A pass that the batch has left out, or that may be why the batch failed, is written by itself. It waits for locks there,
 *    and its failure is its own.
 */
export function createPassWriter(dataSource: DataSource): PassWriter {
  const byHost = { getKey: ({ claim: { hostId } }: Success) => hostId };
  const note = createBatcher(byHost, (successes: readonly Success[]) => noteSuccesses(dataSource, successes));
  const apply = createBatcher(
    // Several at the same time, because one may have to wait for rows that another replica has locked.
    { ...byHost, getWeight: computeWeight, concurrency: 4 },
    (writes: readonly PassWrite[]) => applyPasses(dataSource, writes),
  );
  const alone = { ...byHost, getWeight: () => Infinity, concurrency: ALONE_CONCURRENCY };
  const noteAlone = createBatcher(
    alone,
    runAlone((success: Success) => noteSuccess(dataSource, success)),
  );
  const writeAlone = createBatcher(
    alone,
    runAlone((write: PassWrite) => applyAlone(dataSource, write)),
  );
  return async (claim, changes, pass) => {
    if (hasNoChanges(changes)) {
      const success: Success = { claim, ...pass };
      return (await note(success)) === true || (await noteAlone(success)) === true;
    }
    const write: PassWrite = { claim, changes, ...pass };
    const isWritten = await apply(write);
    return isWritten ?? (await writeAlone(write)) === true;
  };
}

/** Runs a batch of one. */
function runAlone<Item extends Success>(
  run: (item: Item) => Promise<boolean>,
): (items: readonly Item[]) => Promise<ReadonlyMap<string, boolean>> {
  return async (items) => {
    const results = new Map<string, boolean>();
    for (const item of items) results.set(item.claim.hostId, await run(item));
    return results;
  };
}

/** Maximum number of passes that wait for locks. Other work of this gateway still has connections. */
const ALONE_CONCURRENCY = 2;
