import { expect } from "vitest";
import type { Page } from "playwright-core";

/** Lets the time of a page pass. */
export type PassTime = (ms: number) => Promise<void>;

/**
 * Gives a page a clock of its own, before it is opened. Its server answers in real time: each ping over the page's
 * WebSocket gets its pong before more time passes, or the page would take a busy server for a silent one.
 */
export async function installClock(page: Page): Promise<PassTime> {
  let unanswered = 0;
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => {
      if (isMessage(payload, "ping")) unanswered += 1;
    });
    socket.on("framereceived", ({ payload }) => {
      if (isMessage(payload, "pong")) unanswered -= 1;
    });
    socket.on("close", () => {
      unanswered = 0;
    });
  });
  await page.clock.install();
  return async (ms) => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await page.clock.runFor(Math.min(left, STEP_MS));
      await expect.poll(() => unanswered, { interval: 5 }).toBe(0);
    }
  };
}

/** Less than half of the time in which the page expects a pong: a ping is seen one step late at most. */
const STEP_MS = 4_000;

function isMessage(payload: string | Buffer, type: string): boolean {
  return String(payload).includes(`"type":"${type}"`);
}
