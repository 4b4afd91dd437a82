import type { FindingReads } from "../store/finding-types.js";
import { NotKeptError } from "../store/not-kept-error.js";

/**
 * Refuses the questions that need tables of our own. An engine indexes neither addresses nor MACs, and misfits would
 * have to be searched among all of its rows at each question.
 */
export const ENGINE_FINDING_READS: FindingReads = {
  readGuestAddresses: () => refuse("guestAddresses", "ask vms(filter: {address: …})"),
  countGuestAddresses: () => refuse("guestAddresses", "ask vms(filter: {address: …})"),
  readAddressConflicts: () =>
    refuse("addressConflicts", "ask vms(filter: {address: {eq: …}}) for one address"),
  countAddressConflicts: () =>
    refuse("addressConflicts", "ask vms(filter: {address: {eq: …}}) for one address"),
  readMacConflicts: () => refuse("macConflicts", "ask vmNics(macAddresses: …)"),
  countMacConflicts: () => refuse("macConflicts", "ask vmNics(macAddresses: …)"),
  readDrift: () => refuse("drift", "ask VmNic.missingReason of the VMs"),
  countDrift: () => refuse("drift", "ask VmNic.missingReason of the VMs"),
  readNetworkStats: () => refuse("guestNetworkStats", "ask vms(filter: …) { totalCount }"),
};

function refuse(field: string, instead: string): Promise<never> {
  return Promise.reject(
    new NotKeptError(`${field}: an engine's database keeps no index of this; with SOURCE=engine, ${instead}`),
  );
}
