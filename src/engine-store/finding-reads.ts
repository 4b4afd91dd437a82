import type { Queryable } from "../store/postgres/sql.js";
import type { FindingReads } from "../store/finding-types.js";
import { NotKeptError } from "../store/not-kept-error.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";
import { countMacConflicts, readMacConflicts } from "./mac-conflicts.js";

/**
 * Creates the questions that an engine's tables can answer, and refuses the others:
 * 1. addresses are texts in any spelling, so that each page would read and parse all of them;
 * 2. what does not fit is found by rules in our code, and an engine drops the interfaces that it is mostly about.
 */
export function createEngineFindingReads(database: Queryable, scope: VmScopeSql): FindingReads {
  return {
    ...REFUSED,
    readMacConflicts: (question) => readMacConflicts(database, question, scope),
    countMacConflicts: () => countMacConflicts(database, scope),
  };
}

const REFUSED: Omit<FindingReads, "readMacConflicts" | "countMacConflicts"> = {
  readGuestAddresses: () => refuse("guestAddresses", "ask vms(filter: {address: …})"),
  countGuestAddresses: () => refuse("guestAddresses", "ask vms(filter: {address: …})"),
  readAddressConflicts: () =>
    refuse("addressConflicts", "ask vms(filter: {address: {eq: …}}) for one address"),
  countAddressConflicts: () =>
    refuse("addressConflicts", "ask vms(filter: {address: {eq: …}}) for one address"),
  readDrift: () => refuse("drift", "ask VmNic.missingReason of the VMs"),
  countDrift: () => refuse("drift", "ask VmNic.missingReason of the VMs"),
  readNetworkStats: () => refuse("guestNetworkStats", "ask vms(filter: …) { totalCount }"),
};

function refuse(field: string, instead: string): Promise<never> {
  return Promise.reject(
    new NotKeptError(`${field}: an engine's database keeps no index of this; with SOURCE=engine, ${instead}`),
  );
}
