import { buildSchema, execute, parse } from "graphql";
import { expect, test } from "vitest";
import { buildGraphSchema } from "../../../../src/graph/schema.js";
import { createLoaders } from "../../../../src/loaders/loaders.js";
import { stopExecutions } from "../../../../src/server/graphql/cost/stop-execution.js";
import { createTurns, type Pacer } from "../../../../src/server/graphql/cost/turns.js";
import { createMemoryReadStore, type MemoryReadStore } from "../../../support/builders/memory-read-store.js";
import { uuid } from "../../../support/builders/ids.js";
import { guestInterfaceRow, hostRow, nicRow, vmRow } from "../../../support/builders/rows.js";
import { served } from "../../running.js";

/** Returns the next turn of the event loop. */
const nextTurn = () => new Promise<void>(setImmediate);

/** Counts turns of the event loop until it is stopped. */
function countTurns() {
  const count = { turns: 0, isOver: false };
  const counting = (async () => {
    for (; !count.isOver; count.turns += 1) await nextTurn();
  })();
  return {
    soFar: () => count.turns,
    stop: async () => {
      count.isOver = true;
      await counting;
      return count.turns;
    },
  };
}

/** Passes values at once and notes the turn in which each of them came. */
async function passAll(pacer: Pacer, values: readonly unknown[]): Promise<number[]> {
  const passedIn: number[] = [];
  const counter = countTurns();
  await Promise.all(
    values.map(async (value) => {
      await pacer.pass(value, Array.isArray(value) ? value.length : 1);
      passedIn.push(counter.soFar());
    }),
  );
  await counter.stop();
  return passedIn;
}

test("values pass in their order, over several turns, and all of them do", async () => {
  const pacer = createTurns().createPacer();
  const passed: number[] = [];
  await Promise.all(
    Array.from({ length: 5_000 }, async (_, at) => {
      await pacer.pass(at, 1);
      passed.push(at);
    }),
  );
  expect(passed).toEqual(Array.from({ length: 5_000 }, (_, at) => at));
});

test("a turn lets few objects pass at first, and more of them while turns stay short", async () => {
  const pacer = createTurns(() => 0).createPacer();
  const turns = await passAll(pacer, Array<null>(2_000).fill(null));
  const perTurn = [...new Set(turns)].map((turn) => turns.filter((each) => each === turn).length);
  expect(perTurn[0]).toBeLessThanOrEqual(32);
  expect(Math.max(...perTurn)).toBeGreaterThan(500);
});

test("a value counts as the objects that it has", async () => {
  const pacer = createTurns(() => 0).createPacer();
  const turns = await passAll(pacer, Array<null[]>(20).fill(Array<null>(3_000).fill(null)));
  // Each list is more than a turn has room for, so none passes together with another.
  expect(new Set(turns).size).toBe(20);
});

test("long turns make the next ones smaller, down to a few objects", async () => {
  let clock = 0;
  const pacer = createTurns(() => (clock += 20)).createPacer();
  const turns = await passAll(pacer, Array<null>(500).fill(null));
  const perTurn = [...new Set(turns)].map((turn) => turns.filter((each) => each === turn).length);
  expect(Math.max(...perTurn.slice(1))).toBeLessThanOrEqual(32);
});

test("a request with little to do is not kept waiting by one with much", async () => {
  const turns = createTurns(() => 0);
  const [large, small] = [turns.createPacer(), turns.createPacer()];
  let isLargeDone = false;
  const all = Promise.all(Array.from({ length: 50_000 }, async () => large.pass(null, 1))).then(() => {
    isLargeDone = true;
  });
  await Promise.all(Array.from({ length: 10 }, async () => small.pass(null, 1)));
  expect(isLargeDone).toBe(false);
  await all;
});

test("a request is idle only after its last value has been used", async () => {
  const pacer = createTurns().createPacer();
  let used = 0;
  const all = Promise.all(
    Array.from({ length: 1_000 }, async () => {
      await pacer.pass(null, 1);
      await Promise.resolve();
      used += 1;
    }),
  );
  const idle = new Promise<number>((resolve) => {
    pacer.whenIdle(() => {
      resolve(used);
    });
  });
  expect(await idle).toBe(1_000);
  await all;
  let isIdle = false;
  pacer.whenIdle(() => (isIdle = true));
  expect(isIdle).toBe(true);
});

/** Twenty hosts with fifty VMs each, every VM with two vNICs and three guest interfaces. */
function fill(store: MemoryReadStore): void {
  for (let host = 0; host < 20; host += 1) store.hostRows.push(hostRow(host));
  for (let vm = 0; vm < 1_000; vm += 1) {
    store.vms.push(vmRow(vm, { hostId: uuid(3, vm % 20) }));
    for (const nic of [1, 2]) store.nics.push(nicRow(vm * 2 + nic, uuid(1, vm)));
    for (const name of ["eth0", "eth1", "eth2"]) {
      store.interfaces.push(guestInterfaceRow(uuid(1, vm), { name, ipv4Addresses: ["10.0.0.1"] }));
    }
  }
}

const LARGE = `{ hosts { id vms(first: 50) { id name guestInfo { networkDevices { name ipv4Addresses vmNic { id } } }
  nics { id vm { name } guestInterface { name } } } } }`;

test("a large answer lets the event loop turn, with the same bytes and as few reads as without", async () => {
  const store = createMemoryReadStore();
  fill(store);
  const schema = buildGraphSchema({ federation: "off" });
  const server = await served({
    schema,
    contextFor: (viewer, { check, whenIdle }) => ({
      viewer,
      hostAdmin: null,
      loaders: createLoaders(store, { throwIfExpired: check, ...(whenIdle && { whenIdle }) }),
    }),
  });
  const counter = countTurns();
  const answer = await server.post(LARGE);
  const turns = await counter.stop();
  expect(answer.status).toBe(200);
  const pacedCalls = store.calls.splice(0);
  const plain = await execute({
    schema: buildGraphSchema({ federation: "off" }),
    document: parse(LARGE),
    contextValue: {
      viewer: { name: "test", roles: new Set(["reader"]) },
      hostAdmin: null,
      loaders: createLoaders(store),
    },
  });
  expect(answer.text).toBe(`${JSON.stringify({ data: plain.data })}\n`);
  expect(pacedCalls.toSorted()).toEqual(store.calls.toSorted());
  expect(pacedCalls.toSorted()).toEqual([
    "readGuestInterfacesByVms",
    "readHosts",
    "readNicsByVms",
    "readVmsByHosts",
  ]);
  expect(turns).toBeGreaterThan(20);
});

test("the objects of a long list are completed in several turns", async () => {
  const counter = countTurns();
  const completedIn: number[] = [];
  const schema = buildSchema("type Query { items: [Item!]! } type Item { number: Int! }");
  schema.getQueryType()!.getFields()["items"]!.resolve = () =>
    Array.from({ length: 3_000 }, (_, number) => ({
      number: () => {
        completedIn.push(counter.soFar());
        return number;
      },
    }));
  const pacer = createTurns(() => 0).createPacer();
  stopExecutions(schema, () => ({
    isOver: () => false,
    countObjects: () => undefined,
    noteStopped: () => undefined,
    pacer,
  }));
  const { data } = await execute({ schema, document: parse("{ items { number } }"), contextValue: {} });
  await counter.stop();
  expect(data?.["items"]).toEqual(Array.from({ length: 3_000 }, (_, number) => ({ number })));
  const perTurn = [...new Set(completedIn)].map((turn) => completedIn.filter((each) => each === turn).length);
  expect(perTurn.length).toBeGreaterThan(3);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(2_048);
});

test("a scalar that a batch brings waits for its turn; one that comes with its object does not", async () => {
  const schema = buildSchema("type Query { late: Int, soon: Int, plain: Int }");
  const fields = schema.getQueryType()!.getFields();
  fields["late"]!.resolve = () => Promise.resolve(1);
  fields["soon"]!.resolve = () => 2;
  const waiting: (() => void)[] = [];
  const passed: unknown[] = [];
  stopExecutions(schema, () => ({
    isOver: () => false,
    countObjects: () => undefined,
    noteStopped: () => undefined,
    pacer: {
      pass: (value, weight) => {
        passed.push([value, weight]);
        return new Promise((resolve) =>
          waiting.push(() => {
            resolve(value);
          }),
        );
      },
      whenIdle: (listener) => {
        listener();
      },
    },
  }));
  let answer: unknown = null;
  const asked = Promise.resolve(
    execute({
      schema,
      document: parse("{ late soon plain }"),
      contextValue: {},
      rootValue: { plain: 3 },
    }),
  ).then(({ data }) => (answer = { ...data }));
  await nextTurn();
  expect([passed, answer]).toEqual([[[1, 1]], null]);
  for (const pass of waiting) pass();
  await asked;
  expect(answer).toEqual({ late: 1, soon: 2, plain: 3 });
});
