import { setTimeout as sleep } from "node:timers/promises";

/** Polls a condition. Fails if it does not come true for so long that no busy machine explains it. */
export async function until(condition: () => Promise<boolean> | boolean, timeoutMs = 120_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`not true within ${timeoutMs} ms: ${condition.toString()}`);
    await sleep(10);
  }
}
