import { readInOneState, type Queryable } from "../../postgres/sql.js";
import { isInScope } from "../../read/conditions/scope-match.js";
import type { VmScope } from "../../types.js";
import { readStateCursor } from "../state-cursor.js";
import { readAddressSpans } from "../spans/address-history.js";
import type { HistoryReads } from "./history-types.js";
import { readHistoryBounds, readVmVersions } from "./past-versions.js";
import { readSeenIntervals, readSeenNow } from "./seen-intervals.js";
import { readVmChanges } from "./vm-changes.js";

/**
 * Creates the reads of the past for a viewer with this scope; `null`: all VMs. A viewer sees the past of those VMs that it
 * may see now, and of each only the times at which the VM was in the scope. So a new name or a new host does not show what
 * was hidden before. Since when a VM was stale, and when its guest had reported last, may lie before, as in the present.
 */
export function createHistoryReader(database: Queryable, scope: VmScope | null): HistoryReads {
  return {
    readHistoryBounds: () => readHistoryBounds(database),
    readVmVersionsAt: (vmIds, at) =>
      readInOneState(database, async (state) => {
        if (scope === null) return readVmVersions(state, vmIds, at);
        const seen = await readSeenNow(state, vmIds, scope);
        const versions = await readVmVersions(
          state,
          seen.map(({ id }) => id),
          at,
        );
        return versions.filter((version) => isInScope(scope, version));
      }),
    readVmChanges: (vmIds, question) =>
      readInOneState(database, async (state) => {
        const seen = scope === null ? null : await readSeenIntervals(state, vmIds, scope);
        return readVmChanges(state, vmIds, question, seen);
      }),
    readAddressSpans: (question) => readAddressSpans(database, question, scope),
    // The same for all: it names transactions, as each event's cursor does, and no VM.
    readChangeCursor: () => readStateCursor(database),
  };
}
