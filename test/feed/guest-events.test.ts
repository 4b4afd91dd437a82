import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFeed, type Feed } from "../../src/feed/feed.js";
import { createGuestEvents, type GuestEvents } from "../../src/feed/guest-events.js";
import { createChangeLog } from "../../src/store/changes/change-log.js";
import type { FollowQuestion, GuestEvent, GuestInterest } from "../../src/store/changes/live/guest-event.js";
import { MalformedCursorError } from "../../src/store/changes/cursor.js";
import { LostCursorError, SlowReaderError } from "../../src/store/changes/log-errors.js";
import type { StoredVm } from "../../src/store/types.js";
import { addVms, changeAllIps, changeIps, storedVm } from "../store/changes/log-fixtures.js";
import { createRandom } from "../store/changes/log-writers.js";
import { HOST_A, id } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { readCount, toAddress, writeSlowly } from "./slow-writers.js";

const ALL: GuestInterest = {
  vmIds: null,
  namePattern: null,
  hostId: null,
  network: null,
  within: null,
  kinds: null,
};

let database: TestDatabase;
let feed: Feed;
let events: GuestEvents;
let clients: Client[] = [];

beforeEach(async () => {
  database = await createDatabase({ poolSize: 16 });
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  const log = createChangeLog(database.dataSource);
  feed = startFeed({ log, intervalMs: 20 });
  events = createGuestEvents({ feed, log, maxWaiting: 1_000 });
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.leave()));
  clients = [];
  await feed.stop();
  await database.drop();
});

interface Client {
  readonly got: GuestEvent[];
  error: unknown;
  leave(): Promise<void>;
}

/** Follows, and keeps what comes. */
function follow(
  question: Partial<FollowQuestion> = {},
  source = events,
  onCurrent: () => void = () => undefined,
): Client {
  const controller = new AbortController();
  const client: Client = { got: [], error: null, leave: () => Promise.resolve() };
  const reading = (async () => {
    try {
      const asked = { interest: ALL, after: null, scope: null, viewer: "anybody", ...question };
      for await (const event of source.follow(asked, controller.signal, { onCurrent }))
        client.got.push(event);
    } catch (error) {
      client.error = error;
    }
  })();
  client.leave = async () => {
    controller.abort();
    await reading;
  };
  clients.push(client);
  return client;
}

function countedVm(number: number, values: Partial<StoredVm> = {}): StoredVm {
  return storedVm(number, { ips: toAddress(0), interfaces: [], ...values });
}

function describeEvents(got: readonly GuestEvent[]): string[] {
  return got.map(({ kind, after, before }) => `${kind} ${before?.ips ?? "-"} > ${after?.ips ?? "-"}`);
}

/** The feed, and how many have begun to listen to it. */
function countListening(): { readonly feed: Feed; count(): number } {
  let count = 0;
  const counted: Feed = {
    listen: async (listener) => {
      const place = await feed.listen(listener);
      count += 1;
      return place;
    },
    wake: () => {
      feed.wake();
    },
    getLagMs: () => feed.getLagMs(),
    stop: () => feed.stop(),
  };
  return { feed: counted, count: () => count };
}

/** Creates guest events of three VMs. Each page of a state is read as soon as it is let go. `reads`: the filters, by their last VM. */
async function createSlowStates(statePage = 1_000) {
  await addVms(database.store, statePage < 3 ? [1, 2, 3].map((number) => countedVm(number)) : [countedVm(1)]);
  const log = createChangeLog(database.dataSource);
  const filters: (string | undefined)[] = [];
  const waiting: (() => void)[] = [];
  let [allowed, reading, most] = [0, 0, 0];
  const letGo = (count: number) => {
    allowed += count;
    for (; allowed > 0 && waiting.length > 0; allowed -= 1) waiting.shift()?.();
  };
  const slow = {
    ...log,
    readStatePage: async (...asked: Parameters<typeof log.readStatePage>) => {
      filters.push(asked[0].interest.vmIds?.at(-1));
      reading += 1;
      most = Math.max(most, reading);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        letGo(0);
      });
      const page = await log.readStatePage(...asked);
      reading -= 1;
      return page;
    },
  };
  const source = createGuestEvents({ feed, log: slow, maxWaiting: 1_000, statePage });
  return { source, letGo, reads: () => filters, most: () => most };
}

/** Selects the first three VMs, by a filter that differs for each number. */
function filterBy(number: number): GuestInterest {
  return { ...ALL, vmIds: [id(1), id(2), id(3), id(100 + number)] };
}

describe("guest events", () => {
  test("tell the state first and then every change, with all of the VM before and after it", async () => {
    const vm = countedVm(1);
    await addVms(database.store, [vm]);
    const client = follow();
    await eventually(() => {
      expect(client.got).toHaveLength(1);
    });
    const second = await changeIps(database.store, vm, "10.0.0.1");
    await changeIps(database.store, second, "10.0.0.2");
    await eventually(() => {
      expect(describeEvents(client.got)).toEqual([
        "STATE - > 10.0.0.0",
        "CHANGE 10.0.0.0 > 10.0.0.1",
        "CHANGE 10.0.0.1 > 10.0.0.2",
      ]);
    });
  });

  test("tell only changes from now on, without the state, to who asks for that, and give cursors to go on behind", async () => {
    const vm = countedVm(1);
    await addVms(database.store, [vm, countedVm(2)]);
    const client = follow({ after: "now" });
    await eventually(() => {
      expect(feed.getLagMs()).not.toBeNull();
    });
    const second = await changeIps(database.store, vm, "10.0.0.1");
    await eventually(() => {
      expect(describeEvents(client.got)).toEqual(["CHANGE 10.0.0.0 > 10.0.0.1"]);
    });
    await client.leave();
    const third = await changeIps(database.store, second, "10.0.0.2");
    const resumed = follow({ after: client.got.at(-1)!.cursor });
    await changeIps(database.store, third, "10.0.0.3");
    await eventually(() => {
      expect(describeEvents(resumed.got)).toEqual([
        "CHANGE 10.0.0.1 > 10.0.0.2",
        "CHANGE 10.0.0.2 > 10.0.0.3",
      ]);
    });
  });

  test("find the end of the log for all who begin now, with no read of their own", async () => {
    const vm = countedVm(1);
    await addVms(database.store, [vm]);
    const log = createChangeLog(database.dataSource);
    const opened: string[] = [];
    const counted = {
      ...log,
      openTail: () => {
        opened.push("tail");
        return log.openTail();
      },
      openReader: (...asked: Parameters<typeof log.openReader>) => {
        opened.push("reader");
        return log.openReader(...asked);
      },
    };
    const ownFeed = startFeed({ log: counted, intervalMs: 20 });
    const source = createGuestEvents({ feed: ownFeed, log: counted, maxWaiting: 1_000 });
    const clients: Client[] = [];
    let current = 0;
    for (let count = 1; count <= 3; count += 1) {
      clients.push(follow({ after: "now" }, source, () => (current += 1)));
      await eventually(() => {
        expect(current).toBe(count);
      });
    }
    expect(opened).toEqual(["tail"]);
    await changeIps(database.store, vm, "10.0.0.1");
    await eventually(() => {
      for (const { got } of clients) expect(describeEvents(got)).toEqual(["CHANGE 10.0.0.0 > 10.0.0.1"]);
    });
    await Promise.all(clients.map((client) => client.leave()));
    await ownFeed.stop();
  });

  test("of many subscribers with different filters, two states are read at a time, and none for those who have gone", async () => {
    const { source, reads, most, letGo } = await createSlowStates();
    const all = Array.from({ length: 6 }, (_, at) => follow({ interest: filterBy(at) }, source));
    await eventually(() => {
      expect(reads()).toHaveLength(2);
    });
    // They end while the slots are taken.
    await Promise.all(all.slice(4).map((client) => client.leave()));
    letGo(6);
    await eventually(() => {
      for (const { got } of all.slice(0, 4)) expect(got).toHaveLength(1);
    });
    expect([reads().length, most()]).toEqual([4, 2]);
    expect(all.map(({ error }) => error)).toEqual(all.map(() => null));
  });

  test("all who ask the same before its state is read share that read, and the next one follows it", async () => {
    const { source, reads, letGo } = await createSlowStates();
    for (const at of [0, 1]) follow({ interest: filterBy(at) }, source);
    await eventually(() => {
      expect(reads()).toHaveLength(2);
    });
    const early: Client[] = [];
    for (let count = 0; count < 3; count += 1) {
      early.push(follow({ interest: filterBy(2), viewer: `viewer ${count}` }, source));
      await nextTurn();
    }
    letGo(1);
    await eventually(() => {
      expect(reads()).toHaveLength(3);
    });
    const late = follow({ interest: filterBy(2) }, source);
    letGo(2);
    await eventually(() => {
      for (const { got } of early) expect(got[0]).toBe(early[0]!.got[0]);
      expect(early[0]!.got).toHaveLength(1);
      expect(reads()).toEqual([100, 101, 102, 102].map(id));
    });
    letGo(1);
    await eventually(() => {
      expect(late.got).toHaveLength(1);
    });
  });

  test("a viewer waits for one page of another one's states, however many these are", async () => {
    const { source, reads, letGo } = await createSlowStates(2);
    const many = Array.from({ length: 12 }, (_, at) => follow({ interest: filterBy(at) }, source));
    await eventually(() => {
      expect(reads()).toHaveLength(2);
    });
    const portal = follow({ interest: filterBy(20), viewer: "portal" }, source);
    await nextTurn();
    // Those that were being read, and one of the others before each of the portal's; the others alone have 24 pages.
    letGo(10);
    await eventually(() => {
      expect(portal.got).toHaveLength(3);
    });
    letGo(100);
    await eventually(() => {
      for (const { got } of many) expect(got).toHaveLength(3);
    });
  });

  test.each([1_000, 2])(
    "lose nothing and repeat nothing while many write, whenever clients come, leave and go on (pages of %i)",
    async (statePage) => {
      const vms = 5;
      await addVms(
        database.store,
        Array.from({ length: vms }, (_, index) => countedVm(index + 1)),
      );
      const log = createChangeLog(database.dataSource);
      const paged = createGuestEvents({ feed, log, maxWaiting: 1_000, statePage });
      const random = createRandom(7);
      const followers: GuestEvent[][] = [];
      let isWriting = true;
      const comeAndGo = async () => {
        const all: GuestEvent[] = [];
        followers.push(all);
        await sleep(random() * 100);
        while (isWriting) {
          const client = follow({ after: all.at(-1)?.cursor ?? null }, paged);
          await sleep(random() * 150);
          await client.leave();
          expect(client.error).toBeNull();
          if (all.at(-1)?.cursor === "start") all.length = 0;
          all.push(...client.got);
        }
        const last = follow({ after: all.at(-1)?.cursor ?? null }, paged);
        if (all.at(-1)?.cursor === "start") all.length = 0;
        return { all, last };
      };
      const coming = Promise.all(Array.from({ length: 6 }, comeAndGo));
      await writeSlowly(database.dataSource, { writers: 8, transactions: 30, vms, random });
      isWriting = false;
      const ends = await coming;
      const stored = await database.store.readVms(Array.from({ length: vms }, (_, index) => id(index + 1)));
      await eventually(() => {
        for (const { all, last } of ends) {
          const got = [...all, ...last.got];
          for (const vm of stored) {
            const counts = got
              .filter(({ vmId }) => vmId === vm.id)
              .map(({ after }) => readCount(after?.ips ?? null));
            const first = counts[0] ?? -1;
            expect(counts).toEqual(Array.from({ length: counts.length }, (_, index) => first + index));
            expect(counts.at(-1)).toBe(readCount(vm.ips));
          }
          for (const { before, after, kind } of got) {
            if (kind === "CHANGE")
              expect(readCount(before?.ips ?? null) + 1).toBe(readCount(after?.ips ?? null));
          }
        }
      });
    },
  );

  test("show a VM that leaves the scope as gone, and one that comes into it as new", async () => {
    const vm = countedVm(1);
    await addVms(database.store, [vm, countedVm(3)]);
    const scope = { namePatterns: [], hostIds: [], vmIds: [id(2), id(3)] };
    const other = follow({ scope });
    const own = follow({ scope: { ...scope, vmIds: [id(1).toUpperCase()] } });
    // Both have read their first state, so that what comes now is a change.
    await eventually(() => {
      expect([own.got, other.got].map(describeEvents)).toEqual([
        ["STATE - > 10.0.0.0"],
        ["STATE - > 10.0.0.0"],
      ]);
    });
    await changeIps(database.store, vm, "10.0.0.1");
    await addVms(database.store, [countedVm(2)]);
    await eventually(() => {
      expect(describeEvents(other.got)).toEqual(["STATE - > 10.0.0.0", "CHANGE - > 10.0.0.0"]);
      expect(describeEvents(own.got)).toEqual(["STATE - > 10.0.0.0", "CHANGE 10.0.0.0 > 10.0.0.1"]);
    });
    expect(other.got.map(({ vmId }) => vmId)).toEqual([id(3), id(2)]);
  });

  test("tell those changes that a filter means, also the one by which a VM leaves it", async () => {
    const [one, two] = [countedVm(1), countedVm(2)];
    await addVms(database.store, [one, two]);
    const within = { family: 4, first: 0x0a000000n, last: 0x0a0000ffn, prefix: 24 } as const;
    const client = follow({ interest: { ...ALL, vmIds: [id(1)], hostId: HOST_A, within } });
    await eventually(() => {
      expect(client.got).toHaveLength(1);
    });
    await changeIps(database.store, two, "10.0.0.7");
    const gone = await changeIps(database.store, one, "172.16.0.1");
    const still = await changeIps(database.store, gone, "172.16.0.2");
    await changeIps(database.store, still, "10.0.0.9");
    await eventually(() => {
      expect(describeEvents(client.got)).toEqual([
        "STATE - > 10.0.0.0",
        "CHANGE 10.0.0.0 > 172.16.0.1",
        "CHANGE 172.16.0.2 > 10.0.0.9",
      ]);
    });
  });

  test("read each change once, however many follow", async () => {
    const vm = countedVm(1);
    await addVms(database.store, [vm]);
    const counted = countListening();
    const log = createChangeLog(database.dataSource);
    const shared = createGuestEvents({ feed: counted.feed, log, maxWaiting: 1_000 });
    const followers = Array.from({ length: 40 }, () => follow({}, shared));
    await eventually(() => {
      for (const { got } of followers) expect(got).toHaveLength(1);
      expect(counted.count()).toBe(40);
    });
    database.statements();
    await changeIps(database.store, vm, "10.0.0.1");
    await eventually(() => {
      for (const { got } of followers) expect(got).toHaveLength(2);
    });
    const reads = database.statements().filter((sql) => sql.includes("unnest($1::uuid[], $2::timestamptz[]"));
    expect(reads).toHaveLength(1);
    // The same event, so that who answers it may share the answer.
    expect(new Set(followers.map(({ got }) => got[1])).size).toBe(1);
  });

  test("end with a reason where a cursor cannot be followed", async () => {
    await addVms(database.store, [countedVm(1)]);
    const client = follow();
    await eventually(() => {
      expect(client.got).toHaveLength(1);
    });
    const own = Buffer.from(client.got[0]!.cursor, "base64url").toString();
    const foreign = Buffer.from(own.replace(/^1 \w{12}/, "1 0123456789ab")).toString("base64url");
    const [bad, lost] = [follow({ after: "nonsense" }), follow({ after: foreign })];
    await eventually(() => {
      expect(bad.error).toBeInstanceOf(MalformedCursorError);
      expect(lost.error).toBeInstanceOf(LostCursorError);
    });
  });

  test("let go who does not read, and keep no more for it than the bound", async () => {
    let vm = countedVm(1);
    await addVms(database.store, [vm]);
    const counted = countListening();
    const log = createChangeLog(database.dataSource);
    const few = createGuestEvents({ feed: counted.feed, log, maxWaiting: 3 });
    const controller = new AbortController();
    let isCut = false;
    const slow = few.follow({ interest: ALL, after: null, scope: null, viewer: "slow" }, controller.signal, {
      onSlow: () => (isCut = true),
    });
    const state = await slow.next();
    const waiting = slow.next();
    const quick = follow();
    await eventually(() => {
      expect(quick.got).toHaveLength(1);
      expect(counted.count()).toBe(1);
    });
    for (let count = 1; count <= 12; count += 1) vm = await changeIps(database.store, vm, toAddress(count));
    await eventually(() => {
      expect(quick.got).toHaveLength(13);
    });
    await eventually(() => {
      expect(isCut).toBe(true);
    });
    const read = async () => {
      const got = [await waiting];
      for (let next = await slow.next(); next.done !== true; next = await slow.next()) got.push(next);
      return got;
    };
    // What waited was dropped: it comes again behind the last cursor.
    await expect(read()).rejects.toBeInstanceOf(SlowReaderError);
    expect(state.done).toBe(false);
  });

  test("keep who reads quickly, however many VMs one pass changes and however few events may wait", async () => {
    const vms = Array.from({ length: 5_000 }, (_, index) => countedVm(index + 1));
    await addVms(database.store, vms);
    const counted = countListening();
    const log = createChangeLog(database.dataSource);
    const few = createGuestEvents({ feed: counted.feed, log, maxWaiting: 10 });
    const followers = [follow({}, few), follow({}, few)];
    await eventually(() => {
      for (const { got } of followers) expect(got).toHaveLength(5_000);
      expect(counted.count()).toBe(2);
    });
    await changeAllIps(database.store, vms, toAddress(1));
    await eventually(() => {
      for (const { got, error } of followers) {
        expect(error).toBeNull();
        expect(got).toHaveLength(10_000);
      }
    });
    for (const { got } of followers) {
      const changed = got.slice(5_000);
      expect(changed.every(({ kind, after }) => kind === "CHANGE" && after?.ips === toAddress(1))).toBe(true);
      expect(new Set(changed.map(({ vmId }) => vmId)).size).toBe(5_000);
    }
  });
});
