import fc from "fast-check";
import { expect, test } from "vitest";
import { createFairQueue } from "../../../../src/model/fair-queue.js";
import { createPlaces } from "../../../../src/server/admission/places/places.js";
import { TURN_MS } from "../../../../src/server/admission/places/start-turns.js";
import { createIdentity } from "../../../../src/server/identity/identity.js";
import { served, until } from "../../running.js";

const OWNERS = ["a", "b", "c"] as const;

test.each(["last", "first"] as const)(
  "of any comings and goings, nobody waits for more than one item of each other owner, and a full queue sends the %s one of who has most away",
  (givesUp) => {
    const step = fc.record({
      kind: fc.constantFrom("comes", "turn", "leaves"),
      owner: fc.nat(2),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const most = 6;
        const queue = createFairQueue<{ owner: string; others: Map<string, number> }>(most, givesUp);
        const waiting: { owner: string; others: Map<string, number> }[] = [];
        const countOf = (owner: string) => waiting.filter((each) => each.owner === owner).length;
        const forget = (item: (typeof waiting)[number]) => waiting.splice(waiting.indexOf(item), 1);
        for (const { kind, owner: index, at } of steps) {
          if (kind === "comes") {
            const item = { owner: OWNERS[index]!, others: new Map<string, number>() };
            waiting.push(item);
            const gone = queue.add(item.owner, item);
            expect(gone === null).toBe(waiting.length <= most);
            if (gone !== null) {
              expect(countOf(gone.owner)).toBe(Math.max(...OWNERS.map(countOf)));
              const line = waiting.filter(({ owner }) => owner === gone.owner);
              expect(gone).toBe(line.at(givesUp === "last" ? -1 : 0));
              forget(gone);
            }
          } else if (kind === "leaves" && waiting.length > 0) {
            const [item] = waiting.splice(at % waiting.length, 1);
            queue.remove(item!.owner, item!);
          } else {
            const item = queue.findNext();
            expect(item === undefined).toBe(waiting.length === 0);
            if (item === undefined) continue;
            expect(item).toBe(waiting.find(({ owner }) => owner === item.owner));
            queue.remove(item.owner, item);
            forget(item);
            for (const owner of OWNERS) {
              const first = waiting.find((each) => each.owner === owner);
              if (first === undefined || owner === item.owner) continue;
              first.others.set(item.owner, (first.others.get(item.owner) ?? 0) + 1);
              expect(first.others.get(item.owner)).toBeLessThanOrEqual(1);
            }
          }
          expect(queue.size).toBe(waiting.length);
        }
      }),
      { numRuns: 1_000 },
    );
  },
);

test("places are given to owners in turn, and to the requests of one in their order", async () => {
  const places = createPlaces({ running: 1, waiting: 100 });
  const { signal } = new AbortController();
  const begun: string[] = [];
  let release = await places.enter(signal);
  const waiting = ["a 1", "a 2", "a 3", "a 4", "b 1", "c 1", "b 2"].map(async (text) => {
    release = await places.enter(signal, 1, text[0]);
    begun.push(text);
  });
  for (let turn = 1; turn <= waiting.length; turn += 1) {
    release();
    await until(() => begun.length === turn);
  }
  release();
  expect(begun).toEqual(["a 1", "b 1", "c 1", "a 2", "b 2", "a 3", "a 4"]);
  expect([places.running, places.waiting]).toEqual([0, 0]);
});

test("work that never waits leaves the event loop to others: of hundreds that come at once, two begin in a turn if each takes longer than a turn", async () => {
  const places = createPlaces({ running: 4, waiting: 1_000 });
  const { signal } = new AbortController();
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const begun = new Map<number, number>();
  const work = async (): Promise<void> => {
    const release = places.enterNow(1) ?? (await places.enter(signal));
    begun.set(turn, (begun.get(turn) ?? 0) + 1);
    const endsAt = performance.now() + TURN_MS + 1;
    while (performance.now() < endsAt);
    release();
  };
  await Promise.all(Array.from({ length: 50 }, work));
  isOver = true;
  expect(Math.max(...begun.values())).toBeLessThanOrEqual(2);
});

test("where nobody may wait, free places are given in any turn", async () => {
  const places = createPlaces({ running: 10, waiting: 0 });
  const { signal } = new AbortController();
  for (let at = 0; at < 10; at += 1) {
    await places.enter(signal);
    const endsAt = performance.now() + TURN_MS + 1;
    while (performance.now() < endsAt);
  }
  expect(places.running).toBe(10);
});

/** A server of one place. Viewers are who they say; what they read waits until it is let go. */
async function serveInTurn(waiting: number) {
  const [known, begun]: [string[], string[]] = [[], []];
  const finish: (() => void)[] = [];
  const server = await served({
    limits: { running: 1, waiting },
    identity: createIdentity([
      {
        identify: ({ authorization = "" }) => {
          known.push(authorization);
          return Promise.resolve({ name: authorization, roles: new Set(["reader"] as const), scope: null });
        },
      },
    ]),
    routes: (scope) => {
      scope.get("/read", async ({ headers }) => {
        begun.push(headers.authorization ?? "");
        await new Promise<void>((resolve) => finish.push(resolve));
        return "read";
      });
    },
  });
  const ask = async (path: string, authorization: string) =>
    (await fetch(server.url + path, { headers: { authorization } })).status;
  return {
    known,
    begun,
    read: (viewer: string) => ask("/read", viewer),
    askGraph: (viewer: string) => ask("/graphql?query={vm(id:1){id}}", viewer),
    /** Lets what runs end until nothing waits any more. */
    letAllGo: async (count: number) => {
      for (let at = 0; at < count; at += 1) {
        await until(() => finish.length > at);
        finish[at]?.();
      }
    },
  };
}

test("one viewer's flood keeps another viewer waiting for one of its requests, and its own questions to the graph as well", async () => {
  const { known, begun, read, askGraph, letAllGo } = await serveInTurn(100);
  const ended: string[] = [];
  const note = (name: string, asked: Promise<number>) =>
    asked.then((status) => ended.push(`${name} ${status}`));
  const flood = Array.from({ length: 40 }, () => note("flood", read("flood")));
  await until(() => begun.length === 1 && known.length === 40);
  const others = [note("other", read("other")), note("graph", askGraph("flood"))];
  await until(() => known.length === 42);
  await letAllGo(41);
  await Promise.all([...flood, ...others]);
  expect(begun.slice(0, 4)).toEqual(["flood", "flood", "other", "flood"]);
  expect(ended).toHaveLength(42);
  expect(ended.indexOf("graph 200")).toBeLessThanOrEqual(4);
});

test("one viewer's flood that fills the queue costs its own last requests their turn, and no other viewer's", async () => {
  const { known, begun, read, letAllGo } = await serveInTurn(10);
  let refused = 0;
  const floodOne = async () => {
    const status = await read("flood");
    if (status === 503) refused += 1;
    return status;
  };
  const flood = Array.from({ length: 11 }, floodOne);
  // One runs, and ten wait.
  await until(() => begun.length === 1 && known.length === 11);
  expect(await floodOne()).toBe(503);
  const others = [read("one"), read("two")];
  await until(() => refused === 3);
  await letAllGo(11);
  expect(await Promise.all(others)).toEqual([200, 200]);
  expect((await Promise.all(flood)).filter((status) => status === 200)).toHaveLength(9);
});
