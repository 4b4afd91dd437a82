import type { Queryable } from "../store/postgres/sql.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import type { Snapshot } from "../store/read/snapshot.js";
import type { VmFilter } from "../store/types.js";
import type { NicTree, TreeReads } from "../store/vm-tree.js";
import { readHostTrees } from "../store/read/host-trees.js";
import type { EngineSource } from "./engine-source.js";
import type { ReadTreesByHosts } from "./host-vms.js";
import { readHosts } from "./hosts.js";
import { readNics } from "./nics.js";
import { createTreesReader } from "./vm-rows.js";
import { isByPrimaryAddress, isSearchPage, readVmsByIds, readVmsPage } from "./vms.js";

/** What the reads of trees work with. */
export interface EngineTreeParts {
  /** Reads one statement, which sees one state. */
  readonly database: Queryable;
  /** Opens a snapshot, whose searches wait for their turn. */
  readonly openSnapshot: () => Snapshot;
  readonly scope: VmScopeSql;
  readonly chooseSource: (filter: VmFilter) => Promise<EngineSource>;
  readonly readTreesByHosts: ReadTreesByHosts;
}

/**
 * Creates the reads of VMs with their interfaces and vNICs: one statement each, and two in one transaction for hosts and for vNICs by
 * MAC. The first of these finds the vNICs, for which an engine has no index.
 */
export function createEngineTreeReads({
  database,
  openSnapshot,
  scope,
  chooseSource,
  readTreesByHosts,
}: EngineTreeParts): TreeReads {
  const readInSnapshot = async <Answer>(read: (snapshot: Snapshot) => Promise<Answer>): Promise<Answer> => {
    const snapshot = openSnapshot();
    try {
      return await read(snapshot);
    } finally {
      void snapshot.close();
    }
  };
  return {
    readTreesByIds: (ids, parts) => readVmsByIds(database, ids, scope, createTreesReader(parts)),
    isLongPage: isByPrimaryAddress,
    readTreesPage: async (page, parts) => {
      const chosen = await chooseSource(page.filter);
      const read = createTreesReader(parts);
      const readFrom = (source: Queryable) => readVmsPage(source, page, scope, chosen, read);
      return isSearchPage(page) ? readInSnapshot(readFrom) : readFrom(database);
    },
    readHostTrees: (limit, parts, hostIds) =>
      readHostTrees(limit, {
        openSnapshot,
        readHosts: (source) => readHosts(source, hostIds),
        readTrees: (source, found) => readTreesByHosts(source, { hostIds: found, limit, parts }, scope),
      }),
    readNicTrees: (macs, limit, parts) =>
      readInSnapshot(async (snapshot) => {
        const nics = (await readNics(snapshot, { key: "mac", values: macs }, scope)).slice(0, limit);
        const ids = [...new Set(nics.map(({ vmId }) => vmId))];
        if (ids.length === 0) return [];
        const trees = await readVmsByIds(snapshot, ids, scope, createTreesReader(parts));
        const byId = new Map(trees.map((tree) => [tree.vm.id, tree]));
        return nics.flatMap((nic): NicTree[] => {
          const tree = byId.get(nic.vmId);
          return tree === undefined ? [] : [{ nic, tree }];
        });
      }),
  };
}
