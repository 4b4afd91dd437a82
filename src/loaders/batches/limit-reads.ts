import type { ReadStore } from "../../store/types.js";
import { wrapReads } from "./wrap-reads.js";

/**
 * Returns the same reads, with a check before each. After the request's deadline, `throwIfExpired` throws and nothing is
 * read.
 */
export function limitReads(store: ReadStore, throwIfExpired: () => void): ReadStore {
  return wrapReads(store, async (read) => {
    throwIfExpired();
    return await read();
  });
}
