import { formatDatabaseError } from "../store/postgres/errors.js";

/** The database did not do what a pass asked of it: no host is to blame. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** Waits for the store, so that its failures are told from those of hosts and from our own. */
export async function askStore<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StoreError(formatDatabaseError(cause), { cause });
  }
}
