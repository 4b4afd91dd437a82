import { DEFAULT_PAGE } from "../arguments/arguments.js";
import { openPage, readByKey, readPageSize, spread, type Estimate } from "./cohort.js";

/** What fields of the past can give, and what reading it takes. Lists are taken to have been as long as they are now. */
export const HISTORY_ESTIMATES: Readonly<Record<string, Estimate>> = {
  "Vm.nics": (parents, { at }, { nicsPerVm }) => {
    const { cohort, statements } = readByKey(parents, { count: spread(parents, nicsPerVm) });
    return { cohort, statements: at == null ? statements : statements * PAST_STATEMENTS };
  },
  "Vm.guestInfo": (parents, { at }) => {
    if (at == null) return { cohort: parents, statements: 0 };
    const { cohort, statements } = readByKey(parents, {});
    return { cohort, statements: statements * PAST_STATEMENTS };
  },
  "Vm.guestHistory": (parents, { first }) => {
    const { cohort, statements } = readByKey(parents, { page: readPageSize(first, DEFAULT_PAGE) });
    // Each change is read from the log and undone, whether its differences are asked for or not.
    return { cohort, statements: statements * HISTORY_STATEMENTS, scanned: parents.count * cohort.page };
  },
  "GuestHistoryConnection.nodes": openPage,
  "GuestHistoryConnection.edges": openPage,
  "GuestNetworkChange.differences": (parents) => ({
    cohort: { ...parents, count: parents.count * DIFFERENCES_OF_A_CHANGE },
    statements: 0,
  }),
  "Query.addressHistory": (parents, { first }) => {
    const page = readPageSize(first, DEFAULT_PAGE);
    return { cohort: { ...parents, page }, statements: ADDRESS_STATEMENTS };
  },
  "Subscription.guestNetworkChanged": (parents) => ({ cohort: parents, statements: 0 }),
  "Subscription.vmAddressReady": (parents) => ({ cohort: parents, statements: 0 }),
  "Subscription.hostStateChanged": (parents) => ({ cohort: parents, statements: 0 }),
  "GuestNetworkEvent.changes": (parents) => ({
    cohort: { ...parents, count: parents.count * DIFFERENCES_OF_A_CHANGE },
    statements: 0,
  }),
  "AddressHistoryConnection.nodes": openPage,
  "AddressHistoryConnection.edges": openPage,
  "AddressSpan.vm": (parents) => readByKey(parents, { repeats: parents.count }),
  "HostStateEvent.host": (parents) => ({ cohort: parents, statements: 0 }),
  "GuestNetworkChange.reportedBy": (parents) => readByKey(parents, {}),
  "HostDifference.hostBefore": (parents) => readByKey(parents, {}),
  "HostDifference.hostAfter": (parents) => readByKey(parents, {}),
};

/**
 * One question reads the log's bounds, the index's place, the changes behind it (six), a page of spans, and who may see
 * what (two).
 */
const PAST_STATEMENTS = 8;

/** Statements of a past state: the log's bounds, who may be seen (two), the changes, what changed since, the present (four). */
const HISTORY_STATEMENTS = 9;

/** Statements of spans: the log's bounds, the index's place, the changes behind it (six), a page, who may be seen (two). */
const ADDRESS_STATEMENTS = 11;

/** A change is mostly about one or two things; what an answer holds is counted while it is made. */
const DIFFERENCES_OF_A_CHANGE = 3;
