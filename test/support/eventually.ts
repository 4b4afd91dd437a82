import { setTimeout as pause } from "node:timers/promises";

/** Repeats a check until it passes. After a time it throws the last failure. */
export async function eventually(claim: () => unknown, patienceMs = 120_000): Promise<void> {
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
