import type { Queryable } from "../postgres/sql.js";
import type { Snapshot } from "./snapshot.js";
import type { HostRow } from "../row-types.js";
import type { HostTrees, VmTree } from "../vm-tree.js";

/** How a store reads hosts and their VMs. */
export interface HostTreeParts {
  /** Opens a snapshot, which {@link readHostTrees} closes. */
  readonly openSnapshot: () => Snapshot;
  /** Reads the hosts that are asked for, by name. */
  readonly readHosts: (database: Queryable) => Promise<readonly HostRow[]>;
  /** Reads the first VMs of these hosts, in any order. */
  readonly readTrees: (database: Queryable, hostIds: readonly string[]) => Promise<readonly VmTree[]>;
}

/**
 * Reads hosts and the first VMs of each, by two statements that see one state. `null` if so many hosts may have too many
 * VMs for one read.
 */
export async function readHostTrees(
  limit: number,
  { openSnapshot, readHosts, readTrees }: HostTreeParts,
): Promise<HostTrees[] | null> {
  const snapshot = openSnapshot();
  try {
    const hosts = await readHosts(snapshot);
    if (hosts.length * limit > MOST_VMS) return null;
    const byHost = new Map<string | null, { readonly host: HostRow; readonly trees: VmTree[] }>(
      hosts.map((host) => [host.id, { host, trees: [] }]),
    );
    const trees =
      hosts.length === 0
        ? []
        : await readTrees(
            snapshot,
            hosts.map(({ id }) => id),
          );
    for (const tree of trees) byHost.get(tree.vm.hostId)?.trees.push(tree);
    return [...byHost.values()];
  } finally {
    void snapshot.close();
  }
}

/** More VMs are read in batches, each of which waits for its turn. */
const MOST_VMS = 20_000;
