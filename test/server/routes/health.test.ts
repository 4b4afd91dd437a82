import Fastify from "fastify";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPlaces } from "../../../src/server/admission/places/places.js";
import { registerHealthRoutes } from "../../../src/server/routes/health.js";
import { served } from "../running.js";

const DEADLINE_MS = 10_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("readiness is 503 when no request has got a place for longer than the deadline, and 200 once one gets a place", async () => {
  const app = Fastify();
  const places = createPlaces({ running: 1, waiting: 10 });
  registerHealthRoutes(app, () => Promise.resolve({ ready: true, reasons: [] }), {
    isDraining: () => false,
    isStuck: () => places.isStuck(DEADLINE_MS),
  });
  const askReadiness = async () => (await app.inject("/readyz")).json<unknown>();
  const ready = { ready: true, reasons: [] };

  expect(await askReadiness()).toEqual(ready);
  const { signal } = new AbortController();
  const release = await places.enter(signal);
  const next = places.enter(signal);
  vi.advanceTimersByTime(DEADLINE_MS);
  expect(await askReadiness()).toEqual(ready);
  vi.advanceTimersByTime(1);
  expect((await app.inject("/readyz")).statusCode).toBe(503);
  expect(await askReadiness()).toEqual({
    ready: false,
    reasons: ["no request could begin for longer than the deadline"],
  });
  expect((await app.inject("/healthz")).statusCode).toBe(200);
  release();
  const releaseNext = await next;
  expect(await askReadiness()).toEqual(ready);
  releaseNext();
  vi.advanceTimersByTime(2 * DEADLINE_MS);
  // Nobody wants a place: that none was given for long tells nothing.
  expect(await askReadiness()).toEqual(ready);
});

test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
  "health checks are no resources to %s: 405 says what is allowed",
  async (method) => {
    const server = await served();
    for (const path of ["/healthz", "/readyz"]) {
      const answer = await fetch(server.url + path, { method, ...(method === "PUT" && { body: "text" }) });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "METHOD_NOT_ALLOWED" } }] });
    }
  },
);
