import { describe, expect, test } from "vitest";
import { BoundedMap } from "../../src/model/bounded-map.js";

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
