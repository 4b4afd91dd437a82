import type { HostTrees, TreeReads, VmTree, VmTreeParts } from "../loaders/rows.js";
import { isLargeTree } from "../loaders/tree-parts.js";

/** Runs a read. */
export type RunRead = <Answer>(read: () => Promise<Answer>) => Promise<Answer>;

/**
 * Returns the same reads, each done by `run`. They fail if they find a VM with too much to be written at once; for a host's VMs, who writes
 * them checks that.
 */
export function checkTrees(reads: TreeReads, run: RunRead): TreeReads {
  const { readHostTrees, isLongPage } = reads;
  return {
    readTreesByIds: async (ids, parts) => checkSizes(await run(() => reads.readTreesByIds(ids, parts))),
    readTreesPage: async (page, parts) => checkSizes(await run(() => reads.readTreesPage(page, parts))),
    readNicTrees: async (macs, limit, parts) => {
      const found = await run(() => reads.readNicTrees(macs, limit, parts));
      checkSizes(found.map(({ tree }) => tree));
      return found;
    },
    ...(isLongPage && { isLongPage }),
    ...(readHostTrees && {
      readHostTrees: (
        limit: number,
        parts: VmTreeParts,
        hostIds: readonly string[] | null,
      ): Promise<HostTrees[] | null> => run(() => readHostTrees(limit, parts, hostIds)),
    }),
  };
}

/** A VM has so much that it is not written at once. */
export class LargeTreeError extends Error {
  override readonly name = "LargeTreeError";
}

function checkSizes(trees: VmTree[]): VmTree[] {
  // A VM is written without a pause. A large one is executed instead, where each of its objects can wait for its turn.
  if (trees.some(isLargeTree)) throw new LargeTreeError("a VM has too much to be written at once");
  return trees;
}
