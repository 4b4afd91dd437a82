import { setFlagsFromString } from "node:v8";

/**
 * Has V8 collect garbage before the heap has grown by more than this, in percent of what was alive. By itself it lets the heap of
 * a machine with much memory grow to several times as much, and then collects all of it in one long pause.
 */
const GROWTH_PERCENT = 40;

/** Bounds the heap's growth between two collections, for this process from now on. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
