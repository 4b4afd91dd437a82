import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/model/limits.js";
import { createCostRooms } from "../../../../src/server/admission/places/cost-rooms.js";
import { served, until } from "../../running.js";

const LIMIT = DEFAULT_LIMITS.cost;

/** A request of a simulation: what it costs, when it comes, and how long it holds its room. */
interface Simulated {
  readonly cost: number;
  readonly comesAt: number;
  readonly lasts: number;
}

const request: fc.Arbitrary<Simulated> = fc.record({
  cost: fc.oneof(
    fc.integer({ min: 1, max: LIMIT / 400 }),
    fc.integer({ min: LIMIT / 400, max: LIMIT / 40 }),
    fc.integer({ min: LIMIT / 40, max: LIMIT }),
    fc.constantFrom(LIMIT / 400, LIMIT / 400 + 1, LIMIT / 41, LIMIT / 40, LIMIT / 40 + 1),
  ),
  comesAt: fc.nat(50),
  lasts: fc.integer({ min: 1, max: 20 }),
});

describe("rooms for requests that cost much", () => {
  test("whatever comes, what is in flight together is bounded by its cost; light ones wait for nobody; each one's turn comes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 60 }), async (requests) => {
        const rooms = createCostRooms(DEFAULT_LIMITS);
        const { signal } = new AbortController();
        const inFlight = { middle: 0, heavy: 0 };
        let served = 0;
        const ends = new Map<number, (() => void)[]>();
        let now = 0;
        const begin = async ({ cost, lasts }: Simulated) => {
          const need = rooms.find(cost);
          if (need === null) {
            expect(cost).toBeLessThanOrEqual(LIMIT / 400);
            served += 1;
            return;
          }
          const room = cost > LIMIT / 40 ? "heavy" : "middle";
          const release = await need.places.enter(signal, need.weight);
          inFlight[room] += cost;
          served += 1;
          expect(inFlight.middle).toBeLessThanOrEqual(LIMIT / 10);
          expect(inFlight.heavy).toBeLessThanOrEqual(LIMIT);
          const end = () => {
            inFlight[room] -= cost;
            release();
          };
          ends.set(now + lasts, [...(ends.get(now + lasts) ?? []), end]);
        };
        const all: Promise<void>[] = [];
        // The longest queue is of heavy ones that run one by one.
        for (; now <= 50 + requests.length * 21; now += 1) {
          for (const end of ends.get(now) ?? []) end();
          for (const each of requests) if (each.comesAt === now) all.push(begin(each));
          await Promise.resolve();
          await new Promise(setImmediate);
        }
        expect(served).toBe(requests.length);
        await Promise.all(all);
      }),
      { numRuns: 60 },
    );
  });

  test("32 requests that cost a forty-first of the limit run four at a time; a light one beside them is answered at once, and all are answered", async () => {
    const query = "{ slow { id } vms(first: 60) { nodes { id name } } }";
    const measured = await served();
    const asked = measured.post(query);
    await until(() => measured.doings.waiting.size === 1);
    for (const go of measured.doings.waiting) go();
    await asked;
    const { cost } = measured.lines.find(({ msg }) => msg === "request") as { cost: number };
    const server = await served({ limits: { ...DEFAULT_LIMITS, cost: cost * 41 } });
    const crowd = Promise.all(Array.from({ length: 32 }, () => server.post(query)));
    let [most, answered] = [0, 0];
    while (answered < 32) {
      await until(() => server.doings.waiting.size === Math.min(4, 32 - answered));
      const light = await server.post('{ vm(id: "1") { id } }');
      expect(light.status).toBe(200);
      most = Math.max(most, server.doings.waiting.size);
      const round = [...server.doings.waiting];
      answered += round.length;
      server.doings.waiting.clear();
      for (const go of round) go();
    }
    expect(most).toBe(4);
    expect((await crowd).map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 200));
  });
});
