import { request } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  AT_ONCE,
  createRefusalPace,
  HELD_MS,
  MOST_HELD_MS,
  SPACING_MS,
} from "../../../src/server/admission/refusal-pace.js";
import { ALL_ROLES } from "../../../src/model/roles.js";
import { createIdentity } from "../../../src/server/identity/identity.js";
import { served } from "../running.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets the event loop turn until the check passes. No timer is needed for that, since timers stand still here. */
async function turnUntil(check: () => boolean): Promise<void> {
  while (!check()) await new Promise(setImmediate);
}

/** A pace, and how many refusals of an owner were sent. */
function startPace() {
  const pace = createRefusalPace();
  const sent: string[] = [];
  return {
    refuse: (owner: string) => pace.wait(owner).then(() => sent.push(owner)),
    count: (owner: string) => sent.filter((each) => each === owner).length,
  };
}

test("of one owner's refusals so many are sent at once, further ones a second later, and others' never wait", async () => {
  const { refuse, count } = startPace();
  for (let asked = 0; asked < AT_ONCE + 3; asked += 1) void refuse("flood");
  await refuse("honest");
  expect(count("flood")).toBe(AT_ONCE);
  await vi.advanceTimersByTimeAsync(HELD_MS + 3 * SPACING_MS);
  expect(count("flood")).toBe(AT_ONCE + 3);
  void refuse("flood");
  await vi.advanceTimersByTimeAsync(0);
  expect(count("flood")).toBe(AT_ONCE + 4);
});

test("refusals that are held are sent one after the other, also of those who ask again, and none is held for longer than five seconds", async () => {
  const { refuse, count } = startPace();
  for (let asked = 0; asked < AT_ONCE; asked += 1) void refuse("flood");
  const askAgain = async (): Promise<never> => {
    for (;;) await refuse("flood");
  };
  for (let client = 0; client < 100; client += 1) void askAgain();
  await vi.advanceTimersByTimeAsync(HELD_MS);
  const perSecond: number[] = [];
  for (let second = 0; second < 10; second += 1) {
    const before = count("flood");
    await vi.advanceTimersByTimeAsync(1_000);
    perSecond.push(count("flood") - before);
  }
  // Those that are sent at once in a second ask again at once, and are held then.
  for (const sent of perSecond) expect(sent).toBeLessThanOrEqual(1_000 / SPACING_MS + AT_ONCE);
  const crowd = 2 * (MOST_HELD_MS / SPACING_MS);
  for (let asked = 0; asked < crowd; asked += 1) void refuse("crowd");
  await vi.advanceTimersByTimeAsync(MOST_HELD_MS);
  expect(count("crowd")).toBe(crowd);
});

/** Asks for what is slow, without `fetch`, whose own timers would stand still. Resolves with the status. */
function askSlow(url: string, token = "none"): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const sent = request(`${url}/graphql`, { method: "POST", headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end(JSON.stringify({ query: "{ slow { id } }" }));
  });
}

test("clients that ask on at once although there is no room get so many refusals a second", async () => {
  const server = await served({ limits: { running: 1, waiting: 0, deadlineMs: 3_600_000 } });
  const running = askSlow(server.url);
  await turnUntil(() => server.doings.waiting.size === 1);
  const timers = vi.getTimerCount();
  const statuses: number[] = [];
  const asked = Array.from({ length: AT_ONCE + 5 }, async () => {
    statuses.push(await askSlow(server.url));
  });
  // Each of the five that are held has its deadline and its wait, and one timer ends the second.
  await turnUntil(() => statuses.length === AT_ONCE && vi.getTimerCount() === timers + 5 * 2 + 1);
  await vi.advanceTimersByTimeAsync(HELD_MS - 1);
  expect(statuses).toEqual(Array.from({ length: AT_ONCE }, () => 503));
  await vi.advanceTimersByTimeAsync(1 + 5 * SPACING_MS);
  await Promise.all(asked);
  expect(statuses).toEqual(Array.from({ length: AT_ONCE + 5 }, () => 503));
  for (const go of server.doings.waiting) go();
  expect(await running).toBe(200);
});

test("clients that nobody knows get so many refusals a second and address, whatever tokens they send; who is known does not wait", async () => {
  const viewer = { name: "known", roles: new Set(ALL_ROLES), scope: null };
  const identity = createIdentity([
    { identify: ({ authorization }) => Promise.resolve(authorization === "Bearer known" ? viewer : null) },
  ]);
  const server = await served({ identity });
  const timers = vi.getTimerCount();
  const statuses: number[] = [];
  const asked = Array.from({ length: AT_ONCE + 5 }, async (_, at) => {
    statuses.push(await askSlow(server.url, `unknown-${at}`));
  });
  await turnUntil(() => statuses.length === AT_ONCE && vi.getTimerCount() === timers + 5 * 2 + 1);
  const known = askSlow(server.url, "known");
  await turnUntil(() => server.doings.waiting.size === 1);
  for (const go of server.doings.waiting) go();
  expect(await known).toBe(200);
  expect(statuses).toHaveLength(AT_ONCE);
  await vi.advanceTimersByTimeAsync(HELD_MS + 5 * SPACING_MS);
  await Promise.all(asked);
  expect(statuses).toEqual(Array.from({ length: AT_ONCE + 5 }, () => 401));
});
