import type { DataSource } from "typeorm";
import type { HostChanges, HostClaim } from "../types.js";
import { applyAlone, applyPasses, computeWeight } from "./apply.js";
import { createBatcher } from "./batch.js";
import { countRows, noteSuccess, noteSuccesses, type PassWrite, type Success } from "./passes.js";

/** Writes one pass. Returns `false`, and writes nothing, if its claim is invalid. */
export type PassWriter = (
  claim: HostClaim,
  changes: HostChanges,
  pass: Omit<PassWrite, "claim" | "changes">,
) => Promise<boolean>;

/**
 * Creates the function that writes the passes of one gateway. Passes that end at the same time share a transaction:
 * 1. A batch waits for no lock of a host, and at most a quarter of a second for the lock of a VM.
 * 2. A pass that the batch left out, or that may have made the batch fail, is written alone. There it waits for locks, and
 *    its failure concerns no other pass.
 */
export function createPassWriter(dataSource: DataSource): PassWriter {
  const byHost = { getKey: ({ claim: { hostId } }: Success) => hostId };
  const note = createBatcher(byHost, (successes: readonly Success[]) => noteSuccesses(dataSource, successes));
  const apply = createBatcher(
    // Several at the same time, because a batch may have to wait for rows that another replica has locked.
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
    if (countRows(changes) === 0) {
      const success: Success = { claim, ...pass };
      return (await note(success)) === true || (await noteAlone(success)) === true;
    }
    const write: PassWrite = { claim, changes, ...pass };
    const isWritten = await apply(write);
    return isWritten ?? (await writeAlone(write)) === true;
  };
}

/** Creates a function that runs the passes of a batch one by one. */
function runAlone<Item extends Success>(
  run: (item: Item) => Promise<boolean>,
): (items: readonly Item[]) => Promise<ReadonlyMap<string, boolean>> {
  return async (items) => {
    const results = new Map<string, boolean>();
    for (const item of items) results.set(item.claim.hostId, await run(item));
    return results;
  };
}

/** The highest number of passes that wait for locks at the same time. The limit leaves connections to other work. */
const ALONE_CONCURRENCY = 2;
