import { setTimeout as pause } from "node:timers/promises";

/** Tries until the claim holds; after a while its last failure is the test's. */
export async function eventually(claim: () => unknown, patienceMs = 45_000): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    try {
      await claim();
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await pause(50);
    }
  }
}
