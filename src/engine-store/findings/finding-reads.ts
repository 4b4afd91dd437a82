import type { Queryable } from "../../store/postgres/sql.js";
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
  return {
    readGuestAddresses: (question) => readGuestAddresses(database, question, scope),
    countGuestAddresses: ({ inCidr }) => countGuestAddresses(database, inCidr, scope),
    readAddressConflicts: (question) => readAddressConflicts(database, question, scope),
    countAddressConflicts: (question) => countAddressConflicts(database, question, scope),
    readMacConflicts: (question) => readMacConflicts(database, question, scope),
    countMacConflicts: () => countMacConflicts(database, scope),
    readDrift: (question) => readDrift(database, question, scope),
    countDrift: ({ kinds }) => countDrift(database, kinds, scope),
    readNetworkStats: (question) => readEngineStats(database, question, scope),
  };
}
