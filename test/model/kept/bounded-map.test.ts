import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoundedMap } from "../../../src/model/kept/bounded-map.js";
import { collectGarbage } from "../../support/garbage.js";

/** Asks for keys one after the other, and keeps what is not found; returns the share of those that were found. */
function askInTurn(map: BoundedMap<string>, keys: number, rounds: number): number {
  let found = 0;
  for (let asked = 0; asked < keys * rounds; asked += 1) {
    const key = String(asked % keys);
    if (map.use(key) !== undefined) found += 1;
    else map.set(key, key, 1);
  }
  return found / (keys * rounds);
}

describe("a bounded map", () => {
  test("never weighs more than it may, and keeps what was used last", () => {
    const map = new BoundedMap<string>(100);
    for (let key = 0; key < 150; key += 1) {
      map.set(String(key), "value", 1);
      map.use("0");
    }
    expect(map.weight).toBe(100);
    expect(map.peek("0")).toBe("value");
    expect(map.peek("149")).toBe("value");
    expect(map.peek("1")).toBeUndefined();
    expect(map.evictions).toBe(50);
  });

  test("values that were used stay while others go, however long ago they came", () => {
    const map = new BoundedMap<string>(100);
    const used = ["0", "1", "2"];
    for (let key = 0; key < 1_000; key += 1) {
      map.set(String(key), "value", 1);
      if (key % 50 === 49) used.forEach((each) => map.use(each));
    }
    expect(used.map((key) => map.peek(key))).toEqual(["value", "value", "value"]);
    expect(map.size).toBe(100);
  });

  test("values that are used no more go, however many come after them", () => {
    const map = new BoundedMap<string>(100);
    const old = Array.from({ length: 90 }, (_, at) => `old ${at}`);
    for (const key of old) map.set(key, "value", 1);
    for (const key of old) map.use(key);
    for (let at = 0; at < 200; at += 1) map.set(`new ${at}`, "value", 1);
    expect(old.filter((key) => map.peek(key) !== undefined)).toEqual([]);
    expect(map.size).toBe(100);
  });

  test("a new value comes in although all others were used", () => {
    const map = new BoundedMap<string>(10);
    for (let key = 0; key < 10; key += 1) map.set(String(key), "value", 1);
    for (let key = 0; key < 10; key += 1) map.use(String(key));
    map.set("new", "value", 1);
    expect([map.peek("new"), map.size]).toEqual(["value", 10]);
  });

  test("values make room at once when the bound gets lower", () => {
    const map = new BoundedMap<string>(100);
    for (let key = 0; key < 100; key += 1) map.set(String(key), "value", 1);
    map.bound(40);
    expect([map.weight, map.size, map.evictions]).toEqual([40, 40, 60]);
    map.bound(-1);
    expect([map.weight, map.size]).toEqual([0, 0]);
  });

  test("any series of uses, bounds and new values leaves it within its bound, with the right weight", () => {
    const step = fc.oneof(
      fc.record({ set: fc.nat(20), weight: fc.nat(12) }),
      fc.record({ use: fc.nat(20) }),
      fc.record({ grow: fc.nat(20), weight: fc.integer({ min: -3, max: 30 }) }),
      fc.record({ drop: fc.nat(20) }),
      fc.record({ bound: fc.nat(100) }),
      fc.constant({ clear: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const map = new BoundedMap<object>(50);
        const weights = new Map<string, { value: object; weight: number }>();
        let bound = 50;
        for (const each of steps) {
          if ("set" in each) {
            const [key, value] = [String(each.set), {}];
            map.set(key, value, each.weight);
            weights.set(key, { value, weight: each.weight });
          } else if ("use" in each) map.use(String(each.use));
          else if ("grow" in each) {
            const held = weights.get(String(each.grow));
            if (held === undefined || map.peek(String(each.grow)) !== held.value) continue;
            if (held.weight + each.weight < 0) continue;
            held.weight += each.weight;
            map.grow(String(each.grow), held.value, each.weight);
          } else if ("drop" in each) map.delete(String(each.drop));
          else if ("bound" in each) map.bound((bound = each.bound));
          else map.clear();
          const kept = [...weights].filter(([key, { value }]) => map.peek(key) === value);
          expect(map.size).toBe(kept.length);
          expect(map.weight).toBe(kept.reduce((sum, [, { weight }]) => sum + weight, 0));
          expect(map.weight).toBeLessThanOrEqual(bound);
        }
      }),
    );
  });

  test("lets go of what was replaced or deleted, also while nothing has to make room", async () => {
    const map = new BoundedMap<object>(1_000_000);
    const gone: WeakRef<object>[] = [];
    for (let at = 0; at < 2_000; at += 1) {
      const value = { at };
      map.set(String(at % 100), value, 1);
      if (at < 1_900) gone.push(new WeakRef(value));
    }
    for (let at = 0; at < 50; at += 1) map.delete(String(at));
    // A WeakRef holds its object until the end of the turn in which it was made.
    await new Promise(setImmediate);
    collectGarbage();
    expect(gone.filter((each) => each.deref() !== undefined)).toEqual([]);
    expect(map.size).toBe(50);
  });

  test("keeps nothing that is heavier than an eighth of it", () => {
    const map = new BoundedMap<string>(80);
    map.set("heavy", "value", 11);
    expect([map.size, map.weight]).toEqual([0, 0]);
  });

  test("finds a good part of more than it can hold, asked in turn, if it does not keep each new value", () => {
    expect(askInTurn(new BoundedMap(1_000), 1_500, 20)).toBe(0);
    expect(askInTurn(new BoundedMap(1_000, 4), 1_500, 20)).toBeGreaterThan(0.3);
  });

  test("takes in what is asked for often, also where it does not keep each new value", () => {
    const map = new BoundedMap<string>(100, 4);
    askInTurn(map, 1_000, 1);
    for (let asked = 0; asked < 4; asked += 1)
      if (map.use("often") === undefined) map.set("often", "value", 1);
    expect(map.use("often")).toBe("value");
  });
});
