import DataLoader from "dataloader";
import type { ReadStore, VmRow } from "../../store/types.js";
import type { BatchSchedule } from "./batch-schedule.js";
import { compareByName } from "../../model/compare-by-name.js";
import { groupPerKey } from "./key-order.js";
import { isUuid } from "../../model/uuid.js";

/**
 * Creates the loader of the first VMs of hosts by name, many hosts in one read. Calls `onRow` with every row that was read.
 */
export function createHostVmsLoader(
  store: ReadStore,
  { limit, batchScheduleFn }: { readonly limit: number; readonly batchScheduleFn: BatchSchedule },
  onRow: (row: VmRow) => void,
): DataLoader<string, readonly VmRow[]> {
  return new DataLoader(
    async (ids) => {
      const hostIds = ids.map((id) => id.toLowerCase());
      const known = hostIds.filter(isUuid);
      const rows = known.length === 0 ? [] : await store.readVmsByHosts(known, limit);
      rows.forEach(onRow);
      const groups = groupPerKey(hostIds, rows, (row) => row.hostId);
      // The database sorts by bytes, which differs from `compareByName` for a few names.
      for (const group of groups) group.sort(compareByName);
      return groups;
    },
    {
      cacheKeyFn: (id) => id.toLowerCase(),
      maxBatchSize: Math.max(1, Math.floor(MAX_ROWS / limit)),
      batchScheduleFn,
    },
  );
}

/** No statement reads more VMs than this, however many hosts are asked for. */
const MAX_ROWS = 50_000;
