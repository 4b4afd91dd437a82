import type { ReadStore } from "../store/types.js";

/** PostgreSQL ended a statement before it was done: at its limit of time, or because an operator asked for that. */
class StatementTimeoutError extends Error {
  override readonly name = "StatementTimeoutError";
  /** To a client it is the same as a request's own deadline; the graph and HTTP read it from here. */
  readonly extensions = { code: "DEADLINE_EXCEEDED", http: { status: 504 } };

  constructor(cause: Error) {
    super("The database took too long and was stopped. Ask for less at once.", { cause });
  }
}

/**
 * The same reads, each of which asks first whether it is still wanted; `check` throws when the time is up. What the
 * database did not get done in time is told as that, and not as a failure that nobody foresaw.
 */
export function withDeadline(store: ReadStore, check: () => void): ReadStore {
  const unless = <Arguments extends unknown[], Answer>(
    read: (...args: Arguments) => Promise<Answer>,
  ): ((...args: Arguments) => Promise<Answer>) => {
    // Asynchronous, so that what is thrown is a rejection, as every other failure of a read.
    return async (...args) => {
      check();
      try {
        return await read(...args);
      } catch (error) {
        throw error instanceof Error && "code" in error && error.code === QUERY_CANCELED
          ? new StatementTimeoutError(error)
          : error;
      }
    };
  };
  return {
    vmsPage: unless((page) => store.vmsPage(page)),
    countVms: unless((filter) => store.countVms(filter)),
    vmsByIds: unless((ids) => store.vmsByIds(ids)),
    vmsByHosts: unless((hostIds, limitPerHost) => store.vmsByHosts(hostIds, limitPerHost)),
    nicsByVms: unless((vmIds) => store.nicsByVms(vmIds)),
    nicsByIds: unless((ids) => store.nicsByIds(ids)),
    nicsByMacs: unless((macs) => store.nicsByMacs(macs)),
    guestInterfacesByVms: unless((vmIds) => store.guestInterfacesByVms(vmIds)),
    hosts: unless(() => store.hosts()),
    hostsByIds: unless((ids) => store.hostsByIds(ids)),
    ping: unless(() => store.ping()),
    everyHostTried: unless(() => store.everyHostTried()),
  };
}

/** PostgreSQL's SQLSTATE for a statement that was stopped. */
const QUERY_CANCELED = "57014";
