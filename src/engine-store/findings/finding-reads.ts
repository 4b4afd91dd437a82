import { runSearch, type Queryable } from "../../store/postgres/sql.js";
import type { FindingReads } from "../../store/finding-types.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";
import {
  countAddressConflicts,
  countGuestAddresses,
  readAddressConflicts,
  readGuestAddresses,
} from "./address-lists.js";
import { countDrift, readDrift } from "./drift.js";
import { countMacConflicts, readMacConflicts } from "./mac-conflicts.js";
import { readEngineStats } from "./network-stats.js";

/**
 * Creates the reads over many VMs at once. An engine has no index for them, so each reads whole tables: docs/ovirt.md
 * has the bounds.
 */
export function createEngineFindingReads(database: Queryable, scope: VmScopeSql): FindingReads {
  const search =
    <Question, Answer>(
      read: (database: Queryable, question: Question, scope: VmScopeSql) => Promise<Answer>,
    ) =>
    (question: Question): Promise<Answer> =>
      runSearch(database, (alone) => read(alone, question, scope));
  return {
    readGuestAddresses: search(readGuestAddresses),
    countGuestAddresses: search(countGuestAddresses),
    readAddressConflicts: search(readAddressConflicts),
    countAddressConflicts: search(countAddressConflicts),
    readMacConflicts: search(readMacConflicts),
    countMacConflicts: () => countMacConflicts(database, scope),
    readDrift: search(readDrift),
    countDrift: search(countDrift),
    readNetworkStats: search(readEngineStats),
  };
}
