import type { Queryable } from "../store/postgres/sql.js";
import type { FindingReads } from "../store/finding-types.js";
import { NotKeptError } from "../store/not-kept-error.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import {
  countAddressConflicts,
  countGuestAddresses,
  readAddressConflicts,
  readGuestAddresses,
} from "./address-lists.js";
import { countMacConflicts, readMacConflicts } from "./mac-conflicts.js";

/** Creates the questions that an engine's tables can answer within bounds, and refuses the others: docs/ovirt.md tells why. */
export function createEngineFindingReads(database: Queryable, scope: VmScopeSql): FindingReads {
  return {
    readGuestAddresses: async (question) => readGuestAddresses(database, question, scope),
    countGuestAddresses: async ({ inCidr }) => countGuestAddresses(database, inCidr, scope),
    readAddressConflicts: async (question) => readAddressConflicts(database, question, scope),
    countAddressConflicts: async (question) => countAddressConflicts(database, question, scope),
    readMacConflicts: (question) => readMacConflicts(database, question, scope),
    countMacConflicts: () => countMacConflicts(database, scope),
    readDrift: () => refuse("drift", "ask VmNic.missingReason of the VMs"),
    countDrift: () => refuse("drift", "ask VmNic.missingReason of the VMs"),
    readNetworkStats: () => refuse("guestNetworkStats", "ask vms(filter: …) { totalCount }"),
  };
}

function refuse(field: string, instead: string): Promise<never> {
  return Promise.reject(
    new NotKeptError(`${field}: an engine's database keeps no index of this; with SOURCE=engine, ${instead}`),
  );
}
