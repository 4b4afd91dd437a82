import { buildSchema, Kind, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { createPlaces } from "../../../../src/server/admission/places/places.js";
import { BoundedCache } from "../../../../src/server/graphql/bounded-cache.js";
import { createOperationCheck } from "../../../../src/server/graphql/cost/check-operation.js";
import { DEFAULT_LIMITS } from "../../../../src/model/limits.js";
import { SDL } from "../../schema.js";

describe("what an operation costs", () => {
  const check = createOperationCheck(buildSchema(SDL, { assumeValidSDL: true }), DEFAULT_LIMITS, null);
  const measured = (text: string, variables = {}) => {
    const document = parse(text);
    const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)!;
    return check(document, operation, variables);
  };

  test.each([
    ["{ __typename }", {}, 0.1],
    ["{ vm(id: 1) { name } }", {}, 1.1],
    ["{ vms { nodes { id } } }", {}, 50 * (1 + 1.1)],
    ["{ vms(first: 7) { nodes { id } } }", {}, 7 * 2.1],
    ["query ($n: Int) { vms(first: $n) { nodes { id } } }", { n: 9 }, 9 * 2.1],
    ["query ($n: Int) { vms(first: $n) { nodes { id } } }", {}, 50 * 2.1],
    ["query ($n: Int = 3) { vms(first: $n) { nodes { id } } }", {}, 3 * 2.1],
    ["{ vms(first: 0) { nodes { id } } }", {}, 2.1],
    ["{ vm(id: 1) { nics { mac } } }", {}, 1 + 10 * 1.1],
    [
      "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vm { id } } }",
      { r: [1, 2, 3] },
      3 * 1.1,
    ],
    ["{ _entities(representations: [{}, {}]) { ... on Vm { id } } }", {}, 2 * 1.1],
    ["{ ...f ...f } fragment f on Query { vm(id: 1) { id } }", {}, 2.2],
  ])("%s", (text, variables, cost) => {
    expect(measured(text, variables).cost).toBeCloseTo(cost);
  });

  test("depth, aliases, directives, fields and root fields count fragments as often as they are spread", () => {
    const found = measured(
      "{ ...a ...a } fragment a on Query @aa { x: vm(id: 1) @skip(if: false) { ...b } } fragment b on Vm { id name }",
    );
    expect(found).toMatchObject({ depth: 2, aliases: 2, directives: 2, fields: 6, rootFields: 2 });
  });

  test("fragments in a circle are endless, and do not hang", () => {
    expect(() =>
      measured(
        "{ ...a } fragment a on Query { vm(id: 1) { nics { vm { ...v } } } } fragment v on Vm { ...v }",
      ),
    ).toThrow(/endless levels of depth/);
    expect(() => measured("{ ...a } fragment a on Query { ...a }")).toThrow(/endless/);
  });

  test("sizes that the graph knows come before guesses by shape", () => {
    const schema = buildSchema(SDL, { assumeValidSDL: true });
    const asked = createOperationCheck(schema, DEFAULT_LIMITS, (type, field, _args, parents) => ({
      cohort: { ...parents, count: `${type}.${field}` === "Vm.nics" ? 4 : 1 },
      statements: 0,
    }));
    const document = parse("{ vm(id: 1) { nics { mac } } }");
    expect(asked(document, document.definitions[0] as never, {}).cost).toBeCloseTo(1 + 4 * 1.1);
  });
});

describe("a bounded cache", () => {
  test("forgets what was not used for longest", async () => {
    const cache = new BoundedCache<string>(16, (text) => text.length);
    for (const key of ["a", "b", "c", "d", "e", "f", "g", "h"]) await cache.set(key, "xx");
    await cache.get("a");
    await cache.set("i", "xx");
    expect(await cache.get("a")).toBe("xx");
    expect(await cache.get("b")).toBeUndefined();
    expect([cache.weight, cache.size]).toEqual([16, 8]);
  });

  test("keeps nothing that is too heavy, and counts replaced and deleted entries once", async () => {
    const cache = new BoundedCache<string>(16, (text) => text.length);
    await cache.set("heavy", "xxx");
    await cache.set("a", "xx");
    await cache.set("a", "x");
    expect(await cache.get("heavy")).toBeUndefined();
    expect(cache.weight).toBe(1);
    expect([await cache.delete("a"), await cache.delete("a"), cache.weight]).toEqual([true, false, 0]);
  });
});

describe("admission", () => {
  const never = new AbortController().signal;

  test("lets so many run, so many wait, and refuses the others at once", async () => {
    const gate = createPlaces({ running: 2, waiting: 1 });
    const leaves = await Promise.all([gate.enter(never), gate.enter(never)]);
    const third = gate.enter(never);
    await expect(gate.enter(never)).rejects.toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    leaves[0]();
    leaves[0]();
    const leave = await third;
    expect([gate.running, gate.waiting]).toEqual([2, 0]);
    leave();
    leaves[1]();
    expect(gate.running).toBe(0);
  });

  test("forgets who does not want to wait any longer", async () => {
    const gate = createPlaces({ running: 1, waiting: 5 });
    const leave = await gate.enter(never);
    const gone = new AbortController();
    const waiting = gate.enter(gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: "OVERLOADED" });
    await expect(gate.enter(gone.signal)).rejects.toMatchObject({ code: "OVERLOADED" });
    leave();
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });
});
