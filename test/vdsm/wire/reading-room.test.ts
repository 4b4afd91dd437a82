import { afterEach, beforeEach, expect, test, vi } from "vitest";
import fc from "fast-check";
import { createReadingRooms, ReadingRoom, type Place } from "../../../src/vdsm/wire/reading-room.js";

const PATIENCE_MS = 10_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A host that sends bodies, one after the other. */
class Host {
  place: Place | null = null;
  wasOverdue = false;

  constructor(private readonly room: Pick<ReadingRoom, "enter">) {}

  send(bytes: number): this {
    this.wasOverdue = false;
    this.place = this.room.enter(bytes, {
      host: this,
      onAdmitted: () => undefined,
      onOverdue: () => {
        this.wasOverdue = true;
        this.leave();
      },
    });
    return this;
  }

  end(isAnswer = true): void {
    this.place?.noteComplete(isAnswer);
    this.leave();
  }

  leave(): void {
    this.place?.leave();
    this.place = null;
  }

  get isInside(): boolean {
    return this.place?.isInside === true;
  }
}

const createHosts = (room: ReadingRoom, count: number) => Array.from({ length: count }, () => new Host(room));

test("bodies enter in the order in which they came while there is room; a short one does not overtake a long one", () => {
  const room = new ReadingRoom(100);
  const [first, second, long, short] = createHosts(room, 4) as [Host, Host, Host, Host];
  first.send(40);
  second.send(40);
  long.send(50);
  short.send(10);
  expect([first, second, long, short].map(({ isInside }) => isInside)).toEqual([true, true, false, false]);
  first.end();
  expect([long, short].map(({ isInside }) => isInside)).toEqual([true, true]);
});

test("who sends half a body and stops keeps others waiting for ten seconds once, and nobody after that", () => {
  const room = new ReadingRoom(100, PATIENCE_MS);
  const bad = createHosts(room, 30).map((host) => host.send(50));
  const good = new Host(room).send(50);
  // Each of the bad ones has its turn before the good one, which came last.
  for (let turn = 0; turn < 15; turn += 1) {
    expect(good.isInside).toBe(false);
    vi.advanceTimersByTime(PATIENCE_MS);
  }
  expect(good.isInside).toBe(true);
  // Nobody waits for the last one.
  expect(bad.filter(({ wasOverdue }) => !wasOverdue)).toEqual(bad.slice(-1));
  good.end();
  bad.at(-1)?.leave();

  for (const host of bad) host.send(50);
  for (let pass = 0; pass < 10; pass += 1) {
    expect(good.send(50).isInside).toBe(true);
    good.end();
    vi.advanceTimersByTime(3_000);
  }
});

test("nobody is hurried while nobody waits, nor for what takes time only here", () => {
  const room = new ReadingRoom(100, PATIENCE_MS);
  const [slow, scanned, waiting] = createHosts(room, 3) as [Host, Host, Host];
  slow.send(50);
  scanned.send(50);
  vi.advanceTimersByTime(10 * PATIENCE_MS);
  expect(slow.isInside).toBe(true);
  slow.place?.noteComplete(true);
  scanned.place?.noteComplete(true);
  waiting.send(50);
  vi.advanceTimersByTime(10 * PATIENCE_MS);
  expect([slow.isInside, scanned.isInside, waiting.isInside]).toEqual([true, true, false]);
  scanned.leave();
  expect(waiting.isInside).toBe(true);
});

test("a good host whose connection was lost once comes before those that keep room in vain again and again", () => {
  const room = new ReadingRoom(100, PATIENCE_MS);
  const [good, ...bad] = createHosts(room, 20) as [Host, ...Host[]];
  good.send(50);
  vi.advanceTimersByTime(500);
  good.leave();
  for (const host of bad) host.send(50);
  vi.advanceTimersByTime(10 * PATIENCE_MS);
  for (const host of bad) if (host.place === null) host.send(50);
  good.send(50);
  vi.advanceTimersByTime(PATIENCE_MS / 2);
  expect(good.isInside).toBe(true);
});

test("that a host kept room in vain is forgotten with whole answers as long as what it kept, not with what nobody asked for", () => {
  const room = new ReadingRoom(100, PATIENCE_MS);
  const [bad, other] = createHosts(room, 2) as [Host, Host];
  const isDoubtful = () => {
    // Hosts that kept no room in vain may have more than half of it.
    const isRefused = !bad.send(51).isInside;
    bad.place?.noteComplete(false);
    bad.leave();
    return isRefused;
  };
  bad.send(40);
  vi.advanceTimersByTime(100);
  bad.leave();
  expect(isDoubtful()).toBe(true);
  bad.send(40).end(false);
  expect(isDoubtful()).toBe(true);
  bad.send(20).end();
  other.send(40).end();
  expect(isDoubtful()).toBe(true);
  bad.send(20).end();
  expect(isDoubtful()).toBe(false);
});

test("long bodies do not keep usual ones waiting", () => {
  const rooms = createReadingRooms(67_108_864);
  const bad = Array.from({ length: 32 }, () => new Host(rooms).send(67_108_864));
  expect(bad.filter(({ isInside }) => isInside)).toHaveLength(2);
  expect(new Host(rooms).send(4_000_000).isInside).toBe(true);
});

test("whatever hosts do, bodies inside fit, and everybody who waits gets in", () => {
  const step = fc.record({
    host: fc.integer({ min: 0, max: 9 }),
    does: fc.constantFrom("send", "end", "leave"),
    bytes: fc.integer({ min: 1, max: 50 }),
    laterMs: fc.integer({ min: 0, max: 4_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const room = new ReadingRoom(100, PATIENCE_MS);
      const bytesOf = new Map<Host, number>();
      const hosts = createHosts(room, 10);
      for (const { host: index, does, bytes, laterMs } of steps) {
        const host = hosts[index]!;
        vi.advanceTimersByTime(laterMs);
        if (does === "send" && host.place === null) bytesOf.set(host.send(bytes), bytes);
        else if (does === "end" && host.isInside) host.end();
        else if (does === "leave") host.leave();
        const inside = hosts.filter(({ isInside }) => isInside);
        expect(inside.reduce((sum, each) => sum + bytesOf.get(each)!, 0)).toBeLessThanOrEqual(100);
      }
      const waiting = hosts.filter(({ place, isInside }) => place !== null && !isInside);
      vi.advanceTimersByTime(hosts.length * PATIENCE_MS);
      expect(
        waiting.filter(({ place, isInside, wasOverdue }) => place !== null && !isInside && !wasOverdue),
      ).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
