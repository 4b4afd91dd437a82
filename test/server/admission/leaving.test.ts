import { expect, test } from "vitest";
import { createPlaces } from "../../../src/server/admission/places/places.js";
import { GRAPHQL_RULE } from "../../../src/server/admission/rules.js";
import { startVisit } from "../../../src/server/admission/visit.js";
import { DEFAULT_LIMITS } from "../../../src/model/limits.js";

const client = { address: "192.0.2.1", group: "192.0.2.1", host: "localhost", secure: false, basePath: "" };

/** Lets a client ask and leave, while its job waits for the returned function. */
async function askAndLeave(places: ReturnType<typeof createPlaces>) {
  const visit = startVisit({ id: "request" }, { rule: GRAPHQL_RULE, limits: DEFAULT_LIMITS, places, client });
  let finish: () => void = () => undefined;
  const job = new Promise<void>((resolve) => (finish = resolve));
  const asked = visit
    .runPiece(() => job)
    .then(
      () => "answered",
      () => "given up",
    );
  await new Promise(setImmediate);
  return { visit, finish, asked };
}

test("the work of clients that left keeps its place until it ends, so that no more of it runs than there are places", async () => {
  const places = createPlaces({ running: 2, waiting: 10 });
  const left = [await askAndLeave(places), await askAndLeave(places)];
  for (const { visit } of left) expect(visit.leave(false)).toBe(true);
  expect(await Promise.all(left.map(({ asked }) => asked))).toEqual(["given up", "given up"]);
  expect(places.running).toBe(2);
  for (const { finish } of left) finish();
  await new Promise(setImmediate);
  expect(places.running).toBe(0);
});

test("a client that leaves after its answer was ready leaves nothing behind", async () => {
  const places = createPlaces({ running: 2, waiting: 10 });
  const { visit, finish, asked } = await askAndLeave(places);
  expect(visit.markAnswered()).toBe(true);
  await new Promise(setImmediate);
  expect(places.running).toBe(0);
  expect(visit.leave(false)).toBe(false);
  finish();
  await asked;
  expect(places.running).toBe(0);
});
