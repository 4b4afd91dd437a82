import { DEFAULT_PAGE } from "../arguments/arguments.js";
import {
  countGuestReads,
  countListItems,
  countPageItems,
  readByKey,
  readPageSize,
  type Cohort,
  type Estimate,
  type FieldEstimate,
} from "./cohort.js";
import type { FleetCounts } from "./fleet-counts.js";

/** Estimates of the fields of the past. Lists are assumed to have been as long as they are now. */
export const HISTORY_ESTIMATES: Readonly<Record<string, Estimate>> = {
  "Vm.nics": (parents, { at }, counts) => {
    const estimate = readByKey(parents, { count: countListItems(parents, counts.nicsPerVm) });
    return at == null ? estimate : readPast(estimate, parents, counts);
  },
  "Vm.guestInfo": (parents, { at }, counts) =>
    at == null ? { cohort: parents, statements: 0 } : readPast(readByKey(parents, {}), parents, counts),
  "Vm.guestHistory": (parents, { first }) => {
    const { cohort, statements } = readByKey(parents, { page: readPageSize(first, DEFAULT_PAGE) });
    // Each change is read from the log and undone, even if its differences are not asked for.
    return { cohort, statements: statements * HISTORY_STATEMENTS, scanned: parents.count * cohort.page };
  },
  "GuestHistoryConnection.nodes": countPageItems,
  "GuestHistoryConnection.edges": countPageItems,
  "GuestNetworkChange.differences": (parents) => ({
    cohort: { ...parents, count: parents.count * DIFFERENCES_OF_A_CHANGE },
    statements: 0,
  }),
  "Query.addressHistory": (parents, { first }) => {
    const page = readPageSize(first, DEFAULT_PAGE);
    return { cohort: { ...parents, page }, statements: ADDRESS_STATEMENTS };
  },
  // It reads the index's position, and the changes behind it.
  "Query.changeCursor": (parents) => ({ cohort: parents, statements: 2 }),
  "Subscription.guestNetworkChanged": (parents) => ({ cohort: parents, statements: 0 }),
  "Subscription.vmAddressReady": (parents) => ({ cohort: parents, statements: 0 }),
  "Subscription.hostStateChanged": (parents) => ({ cohort: parents, statements: 0 }),
  "GuestNetworkEvent.changes": (parents) => ({
    cohort: { ...parents, count: parents.count * DIFFERENCES_OF_A_CHANGE },
    statements: 0,
  }),
  "AddressHistoryConnection.nodes": countPageItems,
  "AddressHistoryConnection.edges": countPageItems,
  "AddressSpan.vm": (parents) => readByKey(parents, { repeats: parents.count }),
  "HostStateEvent.host": (parents) => ({ cohort: parents, statements: 0 }),
  "GuestNetworkChange.reportedBy": (parents) => readByKey(parents, {}),
  "HostDifference.hostBefore": (parents) => readByKey(parents, {}),
  "HostDifference.hostAfter": (parents) => readByKey(parents, {}),
};

/** Estimates a past state, with all interfaces and vNICs of each VM. */
function readPast(
  { cohort, statements }: FieldEstimate,
  parents: Cohort,
  counts: FleetCounts,
): FieldEstimate {
  const scanned = countGuestReads(parents, counts);
  return { cohort, statements: statements * PAST_STATEMENTS, scanned };
}

/**
 * Statements of one question: the log's bounds, the index's position, the changes behind it (six), a page of spans, and
 * which VMs the viewer may see (two).
 */
const PAST_STATEMENTS = 8;

/**
 * Statements of a past state: the log's bounds, the viewer's VMs (two), the changes, what changed since, the present
 * (four).
 */
const HISTORY_STATEMENTS = 9;

/**
 * Statements of spans: the log's bounds, the index's position, the changes behind it (six), a page, the viewer's VMs
 * (two).
 */
const ADDRESS_STATEMENTS = 11;

/**
 * Differences that a change is assumed to have; most have one or two. What an answer really holds is counted while it
 * is made.
 */
const DIFFERENCES_OF_A_CHANGE = 3;
