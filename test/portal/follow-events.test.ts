import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mergeHosts, type Host } from "../../portal/src/hosts/merge-hosts.js";
import { createHostNews, type ToldHosts } from "../../portal/src/hosts/told-hosts.js";
import { followEvents, type EventListener } from "../../portal/src/live/follow-events.js";
import type { LiveConnection } from "../../portal/src/live/live-connection.js";
import type { FollowerState } from "../../portal/src/live/live-state.js";
import { HOST_STATES, listNews } from "../../portal/src/live/subjects.js";

const host = (id: string): Host => ({
  ...{ id, name: id, address: `${id}:54321`, status: "UP", polled: true },
  ...{ lastSuccessAt: null, lastError: null, lastWarning: null },
});

/** What the server does with one subscription: it tells hosts, and that it has told all. It is lost where this ends. */
type Turn = (turn: number) => AsyncGenerator<Host | "current">;

/** A connection whose subscriptions do what a test tells them. */
function connect(
  subscribe: LiveConnection["subscribe"],
): LiveConnection & { readonly states: FollowerState[] } {
  const states: FollowerState[] = [];
  return {
    states,
    subscribe,
    enter: () => ({ setState: (state) => states.push(state), leave: () => undefined }),
    readState: () => "live",
    watch: () => () => undefined,
  };
}

/** Follows the hosts' states as the page does; each subscription takes its turn. */
function followHosts(take: Turn, read: readonly Host[]) {
  let turns = 0;
  let told: ToldHosts = new Map();
  let resets = 0;
  const news = createHostNews((next) => {
    told = next;
  });
  async function* iterate(onCurrent: () => void) {
    turns += 1;
    for await (const each of take(turns)) {
      if (each === "current") onCurrent();
      else yield { data: { hostStateChanged: { hostId: each.id, host: each } } };
    }
    throw Object.assign(new Error("lost"), { code: 1_006 });
  }
  const connection = connect((_payload, onCurrent) => ({
    events: iterate(onCurrent) as AsyncGenerator<never>,
    end: () => undefined,
  }));
  const following = { ...HOST_STATES, after: null };
  const stop = followEvents(connection, following, {
    onEvent: ({ hostId, host: state }) => {
      news.tell(hostId, state);
    },
    onReset: () => {
      resets += 1;
      news.reset();
    },
    onLost: () => undefined,
    onRefused: () => undefined,
    onGivenUp: () => undefined,
  });
  return {
    stop,
    states: connection.states,
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
    yield "current";
    await wait(turn === 1 ? 1_000 : 1e9);
  }, []);
  await vi.advanceTimersByTimeAsync(500);
  expect(page.shown()).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(page.shown()).toEqual([]);
  page.stop();
});

test("hosts stay shown as long as the server is away, however long connecting takes", async () => {
  const page = followHosts(async function* (turn) {
    if (turn === 1) yield host("a");
    await wait(1_000);
    if (turn > 1) await wait(60_000);
  }, []);
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
  const page = followHosts(async function* (turn) {
    if (turn >= 6) yield "current";
    if (turn === 6) await wait(10_000);
    if (turn === 7) await wait(1e9);
  }, []);
  await vi.advanceTimersByTimeAsync(500 + 1_000 + 2_000 + 4_000 + 8_000);
  expect(page.turns()).toBe(6);
  await vi.advanceTimersByTimeAsync(10_000 + 600);
  expect(page.turns()).toBe(7);
  page.stop();
});

test("nobody who follows says that it does well before the server has told all that there is", async () => {
  const page = followHosts(async function* (turn) {
    await wait(2_000);
    if (turn === 1) return;
    yield "current";
    await wait(1e9);
  }, []);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(page.states).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(page.states).toEqual(["failing"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(page.states).toEqual(["failing", "well"]);
  page.stop();
});

/** Follows news behind an answer. Each subscription is answered in turn: events by their cursors, or a code that ends it. */
function followNews(after: string, answers: readonly (readonly string[] | { readonly code: string })[]) {
  const asked: unknown[] = [];
  const told: string[] = [];
  async function* iterate(onCurrent: () => void) {
    const answer = answers[asked.length - 1] ?? [];
    if ("code" in answer) throw new Error("refused", { cause: [{ extensions: answer }] });
    for (const cursor of answer) yield { data: { guestNetworkChanged: { cursor } } };
    onCurrent();
    await wait(asked.length < answers.length ? 1_000 : 1e9);
    throw Object.assign(new Error("lost"), { code: 1_006 });
  }
  const connection = connect(({ variables }, onCurrent) => {
    asked.push(variables?.["after"]);
    return { events: iterate(onCurrent) as AsyncGenerator<never>, end: () => undefined };
  });
  const listener: EventListener<{ readonly cursor: string }> = {
    onEvent: ({ cursor }) => told.push(cursor),
    onReset: () => told.push("reset"),
    onLost: () => told.push("lost"),
    onRefused: () => undefined,
    onGivenUp: () => told.push("given up"),
  };
  const stop = followEvents(connection, { ...listNews({}), after }, listener);
  return { asked, told, stop };
}

test("what began behind an answer goes on behind its last event, and the answer is not read again", async () => {
  const page = followNews("answer", [[], ["a", "b"], ["c"]]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.asked).toEqual(["answer", "answer", "b"]);
  expect(page.told).toEqual(["a", "b", "c"]);
  page.stop();
});

test.each(["CURSOR_LOST", "BAD_USER_INPUT"])(
  "what began behind an answer is lost where the server does not go on from there (%s)",
  async (code) => {
    const page = followNews("answer", [["a"], { code }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(page.asked).toEqual(["answer", "a"]);
    expect(page.told).toEqual(["a", "lost"]);
    page.stop();
  },
);

test("without a place behind an answer, it is read again once changes are told, and after each break without events", async () => {
  const page = followNews("now", [[], ["a"], []]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(page.asked).toEqual(["now", "now", "a"]);
  expect(page.told).toEqual(["reset", "reset", "a"]);
  page.stop();
});

test("a question that the server never takes is given up, and nothing is read again and again for it", async () => {
  const page = followNews("answer", [{ code: "BAD_USER_INPUT" }]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([page.asked, page.told]).toEqual([["answer"], ["given up"]]);
  page.stop();
});
