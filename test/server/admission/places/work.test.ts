import fc from "fast-check";
import { expect, test } from "vitest";
import { startDeadline } from "../../../../src/server/admission/deadline.js";
import { createPlaces } from "../../../../src/server/admission/places/places.js";
import { runInPlace } from "../../../../src/server/admission/places/work.js";

const RUNS = 300;

/** How a simulated request behaves; each step is one await, at which the client may leave. */
interface Behaviour {
  /** Awaits of its work. */
  readonly steps: number;
  /** The step before which the client leaves; none if it is larger. */
  readonly leavesAt: number;
  readonly ending: "answers" | "throws" | "throws at once" | "hangs";
  /** Whether it moves to the places for heavy work, and how much it weighs there. */
  readonly weight: number | null;
  readonly deadlineMs: number;
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  steps: fc.nat({ max: 4 }),
  leavesAt: fc.nat({ max: 8 }),
  ending: fc.constantFrom("answers", "throws", "throws at once", "hangs"),
  weight: fc.option(fc.integer({ min: 1, max: 30 })),
  deadlineMs: fc.constantFrom(15, 60_000),
});

test("a place comes back on every path: whichever await the client leaves at, refused, failed, timed out or hanging", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(behaviour, { minLength: 1, maxLength: 12 }),
      async (scheduler, behaviours) => {
        const places = createPlaces({ running: 2, waiting: 3 });
        const heavyPlaces = createPlaces({ running: 20, waiting: 2 });
        const requests = behaviours.map(async (each) => {
          // Who hangs for ever must be stopped by its deadline, or nothing would end.
          const deadline = startDeadline(each.ending === "hangs" ? 15 : each.deadlineMs);
          let awaits = 0;
          const step = async (): Promise<void> => {
            if (awaits++ === each.leavesAt) deadline.abandon();
            await scheduler.schedule(Promise.resolve());
          };
          try {
            await step();
            await runInPlace(places, deadline, new Promise(() => undefined), (place) => {
              if (each.ending === "throws at once") throw new Error("at once");
              return (async () => {
                for (let at = 0; at < each.steps; at++) await step();
                if (each.weight !== null) await place.exchange(heavyPlaces, each.weight);
                expect(places.running).toBeLessThanOrEqual(2);
                expect(heavyPlaces.running).toBeLessThanOrEqual(30);
                await step();
                if (each.ending === "hangs") await new Promise(() => undefined);
                if (each.ending === "throws") throw new Error("failed");
              })();
            });
          } catch {
            // How it ends is not what is looked at here.
          } finally {
            deadline.clear();
          }
        });
        await scheduler.waitFor(Promise.all(requests));
        // Work that is left alone goes on by itself.
        await scheduler.waitIdle();
        await eventuallyFree([places, heavyPlaces]);
        expect([places.running, places.waiting, heavyPlaces.running, heavyPlaces.waiting]).toEqual([
          0, 0, 0, 0,
        ]);
      },
    ),
    { numRuns: RUNS },
  );
});

/** A client that left does not end its work; the place comes back at the deadline at the latest. */
async function eventuallyFree(all: readonly { readonly running: number }[]): Promise<void> {
  for (let turn = 0; turn < 100 && all.some(({ running }) => running > 0); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("work that hangs gives its place back at the deadline, and is answered then", async () => {
  const places = createPlaces({ running: 1, waiting: 0 });
  const deadline = startDeadline(20);
  const hanging = runInPlace(
    places,
    deadline,
    new Promise(() => undefined),
    () => new Promise(() => undefined),
  );
  expect(places.running).toBe(1);
  await expect(hanging).rejects.toMatchObject({ extensions: { code: "DEADLINE_EXCEEDED" } });
  await eventuallyFree([places]);
  expect(places.running).toBe(0);
});

test("a heavy request waits for room among the heavy ones without keeping a place from others", async () => {
  const places = createPlaces({ running: 1, waiting: 0 });
  const heavyPlaces = createPlaces({ running: 10, waiting: 5 });
  const signal = new AbortController().signal;
  const releaseHeavy = await heavyPlaces.enter(signal, 10);
  const deadline = startDeadline(60_000);
  const waiting = runInPlace(places, deadline, new Promise(() => undefined), async (place) => {
    await place.exchange(heavyPlaces, 4);
    return "done";
  });
  await new Promise(setImmediate);
  expect([places.running, heavyPlaces.waiting]).toEqual([0, 1]);
  releaseHeavy();
  expect(await waiting).toBe("done");
  expect(heavyPlaces.running).toBe(0);
  deadline.clear();
});

test("of heavy requests that wait, all are refused after half of their time, and none begins at its deadline", async () => {
  const places = createPlaces({ running: 100, waiting: 0 });
  const heavyPlaces = createPlaces({ running: 10, waiting: 100 });
  const begun: number[] = [];
  const runs = Array.from({ length: 20 }, (_, at) =>
    runInPlace(places, startDeadline(200), new Promise(() => undefined), async (place) => {
      await place.exchange(heavyPlaces, 10);
      begun.push(at);
      return new Promise(() => undefined);
    }).catch((error: unknown) => error),
  );
  const [first, ...others] = await Promise.all(runs);
  expect(first).toMatchObject({ extensions: { code: "DEADLINE_EXCEEDED" } });
  for (const other of others) expect(other).toMatchObject({ status: 503, code: "OVERLOADED" });
  expect(begun).toEqual([0]);
  await eventuallyFree([places, heavyPlaces]);
  expect([places.running, heavyPlaces.running, heavyPlaces.waiting]).toEqual([0, 0, 0]);
});

test("a request that is heavier than all places together runs alone", async () => {
  const heavyPlaces = createPlaces({ running: 10, waiting: 5 });
  const signal = new AbortController().signal;
  const release = await heavyPlaces.enter(signal, 50);
  const next = heavyPlaces.enter(signal, 1);
  expect([heavyPlaces.running, heavyPlaces.waiting]).toEqual([50, 1]);
  release();
  (await next)();
  expect(heavyPlaces.running).toBe(0);
});
