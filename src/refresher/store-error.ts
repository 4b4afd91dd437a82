import { formatDatabaseError } from "../store/postgres/errors.js";

/** A call of the store failed during a pass. It is not a failure of a host. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** Waits for the store and wraps its errors, to distinguish them from failures of hosts and from our own bugs. */
export async function askStore<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StoreError(formatDatabaseError(cause), { cause });
  }
}
