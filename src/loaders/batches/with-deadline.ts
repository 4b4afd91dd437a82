import type { ReadStore } from "../../store/types.js";
import { wrapReads } from "./wrap-reads.js";

/** Returns the same reads, none of which begins once the request's time is up: `throwIfExpired` then throws. */
export function withDeadline(store: ReadStore, throwIfExpired: () => void): ReadStore {
  return wrapReads(store, async (read) => {
    throwIfExpired();
    return await read();
  });
}
