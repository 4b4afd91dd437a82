import { expect, test } from "vitest";
import { createPlaces } from "../../../../src/server/admission/places/places.js";
import {
  CONNECTIONS_MS,
  createStartTurns,
  FEW_CONNECTIONS,
  LEAST_ARRIVALS,
  MOST_ARRIVALS,
  MOST_ARRIVING_MS,
  TURN_MS,
} from "../../../../src/server/admission/places/start-turns.js";

const { signal } = new AbortController();

/** Resolves in the next turn of the event loop, after what was scheduled before. */
function waitForTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Turns with a clock that stands still unless it is told to go on, and a room of them. */
function start(running = 100) {
  let now = 0;
  const turns = createStartTurns(() => now);
  const places = createPlaces({ running, waiting: 1_000 }, turns);
  const begun: string[] = [];
  return {
    turns,
    begun,
    pass: (ms: number) => void (now += ms),
    /** Asks for a place, works in it for a time, and gives it back. */
    work: async (name: string, ms = 0, room = places) => {
      const release = room.enterNow(1) ?? (await room.enter(signal));
      begun.push(name);
      now += ms;
      release();
    },
    createRoom: () => createPlaces({ running, waiting: 1_000 }, turns),
  };
}

test("while connections arrive, one in each turn, no work starts; once none does, all of it does", async () => {
  const { turns, begun, work } = start();
  for (let at = 1; at < MOST_ARRIVALS; at += 1) {
    turns.noteArrival();
    void work(`of connection ${at}`);
    await waitForTurn();
  }
  expect(begun).toEqual([]);
  for (let at = 0; at < 3; at += 1) await waitForTurn();
  expect(begun).toHaveLength(MOST_ARRIVALS - 1);
});

test("if connections go on arriving, work starts for a turn after each number of them, however long their turns are", async () => {
  const { turns, begun, pass, work } = start();
  const all = Array.from({ length: 6 }, (_, at) => `work ${at}`);
  let arrived = 0;
  turns.noteArrival();
  const done = Promise.all(all.map((name) => work(name, TURN_MS + 1)));
  const begunAfter: number[] = [];
  while (begun.length < all.length) {
    arrived += 1;
    turns.noteArrival();
    pass(1_000);
    const before = begun.length;
    await waitForTurn();
    expect(begun.length - before).toBeLessThanOrEqual(1);
    if (begun.length > before) begunAfter.push(arrived);
  }
  await done;
  expect(begun).toEqual(all);
  const gaps = begunAfter.slice(1).map((count, at) => count - (begunAfter[at] ?? 0));
  // So many connections were accepted between two pieces of work.
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LEAST_ARRIVALS);
});

test("if connections go on arriving in turns that are neither short nor long, work waits for a part of a second", async () => {
  const { turns, begun, pass, work } = start();
  turns.noteArrival();
  void work("work");
  let waitedMs = 0;
  while (begun.length === 0) {
    turns.noteArrival();
    pass(15);
    waitedMs += 15;
    await waitForTurn();
  }
  expect(waitedMs).toBeLessThanOrEqual(MOST_ARRIVING_MS + 2 * 15);
});

test("while connections arrive, nobody is refused as long as a place is free", async () => {
  const { turns } = start();
  const places = createPlaces({ running: 2, waiting: 3 }, turns);
  turns.noteArrival();
  const refused: number[] = [];
  for (let at = 1; at <= 6; at += 1) {
    places.enter(signal).catch(() => refused.push(at));
  }
  expect([places.running, places.waiting]).toEqual([2, 3]);
  await waitForTurn();
  expect(refused).toEqual([6]);
});

test("rooms take turns, and what starts in one of them is time of the same turn", async () => {
  const { begun, work, createRoom } = start();
  const [one, other] = [createRoom(), createRoom()];
  const done = [1, 2, 3].flatMap((at) => [
    work(`one ${at}`, TURN_MS + 1, one),
    work(`other ${at}`, TURN_MS + 1, other),
  ]);
  expect(begun).toEqual(["one 1"]);
  let turns = 0;
  for (; begun.length < done.length; turns += 1) await waitForTurn();
  await Promise.all(done);
  expect(begun).toEqual(["one 1", "other 1", "one 2", "other 2", "one 3", "other 3"]);
  expect(turns).toBeGreaterThanOrEqual(5);
});

/** Connections that wait. Each takes a time to begin, and then asks for work. */
function wait(count: number, ms: number, { begun, pass, work }: ReturnType<typeof start>) {
  return {
    size: count,
    beginNext() {
      this.size -= 1;
      begun.push("connection");
      pass(ms);
      void work("asked", TURN_MS + 1);
    },
  };
}

test("in each turn connections that wait come before the work, for a part of it, and what they ask for waits with the other work", async () => {
  const all = start();
  const { turns, begun, work } = all;
  turns.noteArrival();
  void work("early", TURN_MS + 1);
  turns.scheduleConnections(wait(4, CONNECTIONS_MS / 2, all));
  while (begun.length < 9) await waitForTurn();
  expect(begun).toEqual([
    ...["connection", "connection", "early"],
    ...["connection", "connection", "asked"],
    ...["asked", "asked", "asked"],
  ]);
});

test.each([
  ["a few begin for a part of that time, and work does not", FEW_CONNECTIONS, 1 / 4],
  ["many wait until work has its turn", 3 * FEW_CONNECTIONS, 0],
])("while connections arrive, of those before them %s", async (_title, count, share) => {
  const all = start();
  const { turns, begun, pass } = all;
  turns.noteArrival();
  turns.scheduleConnections(wait(count, 1, all));
  const acceptedMs = 100;
  for (let ms = 0; ms < acceptedMs; ms += 1) {
    turns.noteArrival();
    pass(1);
    await waitForTurn();
  }
  expect(new Set(begun)).toEqual(new Set(share > 0 ? ["connection"] : []));
  expect(begun.length / (acceptedMs + begun.length)).toBeCloseTo(share, 1);
});

test("after many have arrived, those that wait have a part of the time that it took", async () => {
  const all = start();
  const { turns, begun, pass } = all;
  turns.noteArrival();
  turns.scheduleConnections(wait(3 * FEW_CONNECTIONS, 1, all));
  for (let count = 0; begun.length === 0; count += 1) {
    turns.noteArrival();
    pass(10);
    await waitForTurn();
  }
  expect(begun.filter((each) => each === "connection")).toHaveLength(MOST_ARRIVING_MS / 4);
});
