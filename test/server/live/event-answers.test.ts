import { setImmediate as nextTurn } from "node:timers/promises";
import { buildSchema, getOperationAST, parse } from "graphql";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createFieldEstimator } from "../../../src/graph/estimates/estimate-field.js";
import { DEFAULT_LIMITS } from "../../../src/model/limits.js";
import { ALL_ROLES } from "../../../src/model/roles.js";
import { stopExecutions } from "../../../src/server/graphql/cost/stop-execution.js";
import { createTurns } from "../../../src/server/graphql/cost/turns.js";
import { findStop } from "../../../src/server/graphql/request-state.js";
import {
  createEventAnswers,
  formatAnswerKey,
  type EventAsker,
} from "../../../src/server/live/event-answers.js";
import type { ServerOptions } from "../../../src/server/options.js";

const schema = buildSchema(`
  type Query { none: Int }
  type Subscription { changed: Vm }
  type Vm { neighbours: [Vm!]! id: Int }
`);
stopExecutions(schema, findStop);

/** A fleet in which one guest has ten thousand interfaces. */
const estimateField = createFieldEstimator(() => ({
  ...{ hosts: 1, vms: 10, vmsPerHost: [], nicsPerVm: [], nicsPerMac: [] },
  interfacesPerVm: [
    { length: 10_000, lists: 1 },
    { length: 2, lists: 9 },
  ],
  ...{ ipv4PerVm: [], ipv6PerVm: [], ipsPerVm: [] },
}));

const HEAVY = DEFAULT_LIMITS.cost / 2;
const LIGHT = 10;

const createAnswers = (asked = schema) =>
  createEventAnswers(
    {
      ...{ schema: asked, estimateField, log: pino({ enabled: false }) },
      contextFor: () => ({}),
    } as unknown as ServerOptions,
    DEFAULT_LIMITS,
    createTurns(),
  );

/** Creates a subscriber, whose question differs from all others'. */
function createAsker(
  cost: number,
  name: string,
  signal = new AbortController().signal,
  selection = "changed { neighbours { id } }",
): EventAsker {
  const query = `subscription ${name} { ${selection} }`;
  const document = parse(query);
  const question = {
    ...{ query, document, operationName: name, values: {} },
    operation: getOperationAST(document, name)!,
  };
  const caller = { requestId: name, viewer: { name: "anybody", roles: new Set(ALL_ROLES), scope: null } };
  return { question, caller, cost, signal, key: formatAnswerKey(question, caller) };
}

/** Counts the turns of the event loop that others get until the work is done. */
async function countTurns(work: Promise<unknown>): Promise<number> {
  const state = { isDone: false };
  void work.finally(() => (state.isDone = true));
  let turns = 0;
  for (; !state.isDone; turns++) await nextTurn();
  return turns;
}

test("an answer to an event that costs much is made in turns with everything else", async () => {
  const neighbours = Array.from({ length: 20_000 }, (_, id) => ({ id }));
  const answer = createAnswers();
  const answering = answer({ changed: { neighbours } }, createAsker(HEAVY, "large"));
  expect(await countTurns(answering)).toBeGreaterThan(8);
  expect((await answering).data).toEqual({ changed: { neighbours } });
});

/** Creates an event whose answers wait, each until it is let go, and which counts those that have begun. */
function createSlowEvent() {
  const waiting: (() => void)[] = [];
  let begun = 0;
  const neighbours = () => {
    begun += 1;
    return new Promise((resolve) => {
      waiting.push(() => {
        resolve([]);
      });
    });
  };
  return { event: { changed: { neighbours } }, begun: () => begun, letGo: () => waiting.shift()?.() };
}

async function waitForTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}

test("two answers that cost much are made at once, and those that cost little wait for none of them", async () => {
  const answer = createAnswers();
  const { event, begun, letGo } = createSlowEvent();
  const heavy = ["a", "b", "c"].map((name) => answer(event, createAsker(HEAVY, name)));
  await waitForTurns();
  expect(begun()).toBe(2);
  const small = { changed: { neighbours: [{ id: 1 }] } };
  expect((await answer(small, createAsker(LIGHT, "small"))).data).toEqual(small);
  for (let at = 0; at < heavy.length; at++) {
    letGo();
    await waitForTurns();
  }
  await Promise.all(heavy);
  expect(begun()).toBe(3);
});

test("an answer is not made if all who wait for it have gone, and made if one of them has not", async () => {
  const answer = createAnswers();
  const { event, begun, letGo } = createSlowEvent();
  const leaving = [new AbortController(), new AbortController()];
  const [first, second] = leaving.map(({ signal }) => signal);
  const running = ["a", "b"].map((name) => answer(event, createAsker(HEAVY, name)));
  const unwanted = answer(event, createAsker(HEAVY, "left", first));
  const shared = answer(event, createAsker(HEAVY, "shared", second));
  const sharedToo = answer(event, createAsker(HEAVY, "shared"));
  await waitForTurns();
  for (const controller of leaving) controller.abort();
  for (let at = 0; at < running.length + 1; at++) {
    letGo();
    await waitForTurns();
  }
  await Promise.all([...running, unwanted]);
  expect(begun()).toBe(3);
  expect((await sharedToo).data).toEqual({ changed: { neighbours: [] } });
  expect(await shared).toBe(await sharedToo);
});

const guests = buildSchema(`
  type Query { none: Int }
  type Subscription { guestNetworkChanged: GuestNetworkEvent }
  type GuestNetworkEvent { after: Vm }
  type Vm { guestInfo: GuestInfo }
  type GuestInfo { networkDevices: [NetworkDevice!]! }
  type NetworkDevice { name: String }
`);
stopExecutions(guests, findStop);

const device = { name: "eth0", ipv4Addresses: [], ipv6Addresses: [] };

test.each([
  { interfaces: 2, atOnce: 32 },
  { interfaces: 10_000, atOnce: 2 },
])(
  "where one guest has ten thousand interfaces, events of one with $interfaces are answered $atOnce at once",
  async ({ interfaces, atOnce }) => {
    const answer = createAnswers(guests);
    const { event, begun, letGo } = createSlowEvent();
    const guestInfo = { networkDevices: event.changed.neighbours };
    const after = {
      guestInfo,
      interfaces: Array.from({ length: interfaces }, () => device),
      nics: [],
      ips: null,
    };
    const selection = "guestNetworkChanged { after { guestInfo { networkDevices { name } } } }";
    const answers = Array.from({ length: 40 }, (_, at) =>
      answer(
        { guestNetworkChanged: { after }, before: null, after },
        createAsker(HEAVY, `s${at}`, new AbortController().signal, selection),
      ),
    );
    while (begun() < atOnce) await nextTurn();
    await waitForTurns();
    expect(begun()).toBe(atOnce);
    const state = { isDone: false };
    void Promise.all(answers).finally(() => (state.isDone = true));
    while (!state.isDone) {
      letGo();
      await nextTurn();
    }
    await Promise.all(answers);
  },
);
