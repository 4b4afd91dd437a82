import { setFlagsFromString } from "node:v8";

/**
 * How much the heap may grow before V8 collects garbage, in percent of what was alive. By default V8 lets the heap of a
 * machine with much memory grow to several times its size, and then collects all of it in one long pause.
 */
const GROWTH_PERCENT = 40;

/** Bounds the heap's growth between two collections, for this process from now on. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
