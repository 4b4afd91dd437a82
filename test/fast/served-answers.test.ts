import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeptAnswers } from "../../src/fast/kept-answers.js";
import { buildGraphSchema } from "../../src/graph/schema.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import type { KeptAnswer } from "../../src/server/graphql/kept-answer.js";
import type { ServedRequest } from "../../src/server/options.js";
import { createIdentity, type KnownViewer } from "../../src/server/identity/identity.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { HOST_A } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { vmState } from "../support/builders/stored.js";
import { rememberingLog, served } from "../server/running.js";

let database: TestDatabase;
const clock = { ms: 0 };
const VIEWERS: Readonly<Record<string, Omit<KnownViewer, "name">>> = {
  all: { roles: new Set(["reader"]), scope: null },
  twin: { roles: new Set(["reader"]), scope: null },
  scoped: { roles: new Set(["reader"]), scope: { namePatterns: ["nothing*"], hostIds: [], vmIds: [] } },
  router: { roles: new Set(["router"]), scope: null },
};

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(database.store, HOST_A, { newVms: [1, 2, 3].map((number) => vmState(number)) });
});
afterAll(() => database.drop());

/** Reads over a snapshot that the request gives back. */
function openReads({ scope }: KnownViewer, { onEnd }: ServedRequest) {
  const snapshot = database.store.openSnapshot(scope);
  onEnd(() => void snapshot.close());
  return snapshot.reads;
}

async function start() {
  const { log, lines } = rememberingLog();
  const answers = createKeptAnswers<KeptAnswer>({ maxBytes: 1_000_000, now: () => clock.ms });
  const server = await served({
    log,
    answers,
    schema: buildGraphSchema({ federation: "whole" }),
    contextFor: (viewer, request) => ({
      viewer,
      hostAdmin: {
        refreshHost: () => Promise.reject(new Error("no host here")),
        addHost: () => Promise.reject(new Error("no host here")),
        removeHost: () => Promise.reject(new Error("no host here")),
      },
      loaders: createLoaders(openReads(viewer, request), { throwIfExpired: request.check }),
    }),
    identity: createIdentity([
      {
        identify: ({ authorization = "" }) => {
          const name = authorization.replace("Bearer ", "");
          const viewer = VIEWERS[name];
          return Promise.resolve(viewer === undefined ? null : { name, ...viewer });
        },
      },
    ]),
  });
  const ask = async (query: string, viewer = "all", headers: Record<string, string> = {}) => {
    database.statements();
    const answer = await server.post(query, { headers: { authorization: `Bearer ${viewer}`, ...headers } });
    return { ...answer, statements: database.statements().length };
  };
  /** Asks twice: an answer is kept from the second time on. */
  const askTwice = async (query: string) => {
    await ask(query);
    return ask(query);
  };
  return { ask, askTwice, answers, lines, server };
}

const QUERY = "query Names { vms { totalCount nodes { name } } }";

describe("the same question again", () => {
  test("is answered by the same bytes without a statement, and leaves the same line in the log", async () => {
    const { ask, askTwice, lines } = await start();
    const first = await askTwice(QUERY);
    const again = await ask(QUERY);
    expect(first.statements).toBeGreaterThan(0);
    expect([again.status, again.text, again.statements]).toEqual([200, first.text, 0]);
    for (const name of ["content-type", "cache-control", "vary"]) {
      expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    }
    expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    const told = lines.filter(({ msg }) => msg === "request");
    const drop = ({ requestId: _id, ms: _ms, time: _time, ...rest }: Record<string, unknown>) => rest;
    expect(told).toHaveLength(3);
    expect(drop(told[2]!)).toEqual(drop(told[1]!));
    expect(told[2]).toMatchObject({ operation: "Names", decision: "answered", viewer: "all" });
  });

  test("of a viewer with another scope, other roles or another wish for the form is read, of one with the same rights not", async () => {
    const { ask, askTwice } = await start();
    const all = await askTwice(QUERY);
    expect((await ask(QUERY, "twin")).statements).toBe(0);
    const scoped = await ask(QUERY, "scoped");
    expect(scoped.statements).toBeGreaterThan(0);
    expect(scoped.text).not.toBe(all.text);
    expect((await ask(QUERY, "router")).status).toBe(403);
    const typed = await ask(QUERY, "all", { accept: "application/graphql-response+json" });
    expect(typed.headers.get("content-type")).toMatch(/graphql-response/);
    expect((await ask(QUERY, "nobody")).status).toBe(401);
  });

  test("is read again after a second, and at once after a change that is known here", async () => {
    const { ask, askTwice, answers } = await start();
    await askTwice(QUERY);
    expect((await ask(QUERY)).statements).toBe(0);
    clock.ms += 1_000;
    expect((await ask(QUERY)).statements).toBeGreaterThan(0);
    await writePass(database.store, HOST_A, { newVms: [vmState(4)] });
    answers.drop();
    const after = await ask(QUERY);
    expect(after.statements).toBeGreaterThan(0);
    expect((await ask(QUERY)).text).toBe(after.text);
  });

  test("is read again after a mutation, well ended or not", async () => {
    const { ask, askTwice } = await start();
    await askTwice(QUERY);
    expect((await ask(QUERY)).statements).toBe(0);
    await ask(`mutation { removeHost(id: "${randomUUID()}") { id } }`);
    expect((await ask(QUERY)).statements).toBeGreaterThan(0);
  });

  test("an answer that failed is not kept", async () => {
    const { ask, askTwice } = await start();
    for (const query of ["{ nothing }", '{ vms(filter: { ip: "no" }) { totalCount } }']) {
      await askTwice(query);
      expect((await ask(query)).body.errors).toHaveLength(1);
    }
  });
});
