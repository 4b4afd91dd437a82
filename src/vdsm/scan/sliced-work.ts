import { setImmediate as nextTurn } from "node:timers/promises";
import type { WorkMeter } from "./work-meter.js";

/** Work with pauses, in which other work may have a turn of the event loop. */
export type SlicedWork<T> = Generator<void, T>;

/** Does the work without a pause. */
export function runAtOnce<T>(steps: SlicedWork<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Does the work, and gives other work a turn at each pause. The meter adds up the slices. */
export async function runInSlices<T>(steps: SlicedWork<T>, meter: WorkMeter): Promise<T> {
  const goOn = () => steps.next();
  let step = meter.measure(goOn);
  while (step.done !== true) {
    await nextTurn();
    step = meter.measure(goOn);
  }
  return step.value;
}
