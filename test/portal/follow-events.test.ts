import type { Client } from "graphql-ws";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mergeHosts, type Host } from "../../portal/src/hosts/merge-hosts.js";
import { createHostNews, type ToldHosts } from "../../portal/src/hosts/told-hosts.js";
import { followEvents } from "../../portal/src/live/follow-events.js";
import type { LiveConnection } from "../../portal/src/live/live-connection.js";
import { HOST_STATES } from "../../portal/src/live/subjects.js";

const host = (id: string): Host => ({
  ...{ id, name: id, address: `${id}:54321`, status: "UP", polled: true },
  ...{ lastSuccessAt: null, lastError: null, lastWarning: null },
});

/** What the server does with one subscription. It is lost where this ends. */
type Turn = (turn: number) => AsyncGenerator<Host>;

/** Follows the hosts' states as the page does; each subscription takes its turn. */
function followHosts(take: Turn, read: readonly Host[], isOpen = () => true) {
  let turns = 0;
  let told: ToldHosts = new Map();
  let resets = 0;
  const news = createHostNews((next) => {
    told = next;
  });
  async function* iterate() {
    turns += 1;
    for await (const each of take(turns))
      yield { data: { hostStateChanged: { hostId: each.id, host: each } } };
    throw Object.assign(new Error("lost"), { code: 1_006 });
  }
  const connection: LiveConnection = {
    socket: { iterate } as unknown as Client,
    enter: () => ({ setState: () => undefined, leave: () => undefined }),
    readState: () => "live",
    isOpen,
    watch: () => () => undefined,
  };
  const stop = followEvents(connection, HOST_STATES, {
    onEvent: ({ hostId, host: state }) => {
      news.tell(hostId, state);
    },
    onReset: () => {
      resets += 1;
      news.reset();
    },
    onRefused: () => undefined,
  });
  return {
    stop,
    turns: () => turns,
    resets: () => resets,
    shown: () => mergeHosts(read, told).map(({ name }) => name),
  };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
  vi.useFakeTimers();
  // What a browser has: it tells when there is a network again.
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a host that was removed while the connection was lost is not shown any more", async () => {
  const page = followHosts(
    async function* (turn) {
      yield host("a");
      if (turn === 1) yield host("b");
      await wait(turn === 1 ? 1_000 : 1e9);
    },
    [host("a")],
  );
  await vi.advanceTimersByTimeAsync(500);
  expect(page.shown()).toEqual(["a", "b"]);
  expect(page.resets()).toBe(0);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(page.turns()).toBe(2);
  expect(page.shown()).toEqual(["a"]);
  page.stop();
});

test("the last host that was removed while the connection was lost is not shown any more", async () => {
  const page = followHosts(async function* (turn) {
    if (turn === 1) yield host("a");
    await wait(turn === 1 ? 1_000 : 1e9);
  }, []);
  await vi.advanceTimersByTimeAsync(500);
  expect(page.shown()).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(page.shown()).toEqual([]);
  page.stop();
});

test("hosts stay shown as long as the server is away, however long connecting takes", async () => {
  let isOpen = true;
  const page = followHosts(
    async function* (turn) {
      if (turn === 1) yield host("a");
      await wait(1_000);
      isOpen = false;
      if (turn > 1) await wait(60_000);
    },
    [],
    () => isOpen,
  );
  await vi.advanceTimersByTimeAsync(50_000);
  expect(page.turns()).toBe(2);
  expect(page.shown()).toEqual(["a"]);
  page.stop();
});

test("pages that lost their server together try again at times of their own", async () => {
  const lose: Turn = async function* (turn) {
    if (turn === 1) yield host("a");
    await wait(turn === 1 ? 1_000 : 1e9);
  };
  vi.spyOn(Math, "random").mockReturnValue(0);
  const first = followHosts(lose, []);
  await vi.advanceTimersByTimeAsync(1_300);
  expect(first.turns()).toBe(2);
  vi.spyOn(Math, "random").mockReturnValue(0.99);
  const second = followHosts(lose, []);
  await vi.advanceTimersByTimeAsync(1_300);
  expect(second.turns()).toBe(1);
  await vi.advanceTimersByTimeAsync(300);
  expect(second.turns()).toBe(2);
  first.stop();
  second.stop();
});

test("a connection that has held is tried again soon, although nothing was told by it", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  // Five failures, and then one that holds for a while.
  // eslint-disable-next-line require-yield -- this server tells nothing
  const page = followHosts(async function* (turn) {
    if (turn === 6) await wait(10_000);
    if (turn === 7) await wait(1e9);
  }, []);
  await vi.advanceTimersByTimeAsync(500 + 1_000 + 2_000 + 4_000 + 8_000);
  expect(page.turns()).toBe(6);
  await vi.advanceTimersByTimeAsync(10_000 + 600);
  expect(page.turns()).toBe(7);
  page.stop();
});
