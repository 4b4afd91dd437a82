import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ring, type RingLink } from "../../src/model/kept/ring.js";

describe("a ring", () => {
  test("has the values that were added and not removed, in their order, whatever is done with it", () => {
    const step = fc.record({
      what: fc.constantFrom("add", "remove", "move"),
      which: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ring = new Ring<number>();
        const links: RingLink<number>[] = [];
        let expected: number[] = [];
        for (const { what, which } of steps) {
          const link = links[which % Math.max(1, links.length)];
          if (what === "add" || link === undefined) {
            expected.push(links.length);
            links.push(ring.add(links.length));
          } else {
            const isThere = expected.includes(link.value);
            expected = expected.filter((value) => value !== link.value);
            if (what === "remove") expect(ring.remove(link)).toBe(isThere);
            else {
              ring.moveToEnd(link);
              if (isThere) expected.push(link.value);
            }
          }
          expect([...ring]).toEqual(expected);
          expect(ring.size).toBe(expected.length);
        }
      }),
    );
  });

  test("goes on behind a value that is removed while it is looked at", () => {
    const ring = new Ring<number>();
    const links = [1, 2, 3].map((value) => ring.add(value));
    const seen: number[] = [];
    for (const value of ring) {
      seen.push(value);
      ring.remove(links[value - 1]!);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(ring.size).toBe(0);
  });

  test("a link that was left holds none of the others", () => {
    const ring = new Ring<number>();
    const [first] = [1, 2, 3].map((value) => ring.add(value));
    ring.remove(first!);
    expect(first!.next).toBe(first);
  });
});
