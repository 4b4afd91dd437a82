import { formatDatabaseError } from "../store/postgres/errors.js";

/** The database did not do what a pass asked of it: no host is to blame. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** Waits for the store and marks its failures, to distinguish them from failures of hosts and from our own. */
export async function askStore<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StoreError(formatDatabaseError(cause), { cause });
  }
}
