import { afterAll, beforeAll, expect, test } from "vitest";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { createLoaders } from "../../../src/loaders/loaders.js";
import type { ReadStore } from "../../../src/store/types.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { served, until } from "../running.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../support/builders/passes.js";
import { toStoredNic, vmState } from "../../support/builders/stored.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(database.store, HOST_A, { newVms: [vmState(1)], upsertedNics: [toStoredNic(1, 1)] });
});
afterAll(() => database.drop());

/** Serves the graph on the database, whose pages of VMs come when they are let go. */
async function withHeldPage() {
  let letGo: () => void = () => undefined;
  let asked = false;
  let ended: Promise<unknown> = Promise.resolve();
  const held: ReadStore = {
    ...database.store,
    readVmsPage: (page) => {
      asked = true;
      const rows = new Promise<void>((resolve) => (letGo = resolve)).then(() =>
        database.store.readVmsPage(page),
      );
      ended = rows;
      return rows;
    },
  };
  const server = await served({
    schema: buildGraphSchema({ federation: "off" }),
    contextFor: (viewer, { check }) => ({
      viewer,
      hostAdmin: null,
      loaders: createLoaders(held, { throwIfExpired: check }),
    }),
    limits: { deadlineMs: 2_000 },
  });
  const end = async (): Promise<void> => {
    letGo();
    await ended;
    // What would follow the page, follows in the same turn or the next ones.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };
  return { server, wasAsked: () => asked, end };
}

const NESTED =
  "{ vms { totalCount nodes { id nics { id vm { id nics { id } } } guestInfo { networkDevices { name } } } } }";

test("what comes after the deadline starts no further statement", async () => {
  const { server, end } = await withHeldPage();
  database.statements();
  const { status, body } = await server.post(NESTED);
  expect([status, body.errors?.[0]?.extensions.code]).toEqual([504, "DEADLINE_EXCEEDED"]);
  await end();
  expect(database.statements()).toHaveLength(1);
});

test("what comes after the client has gone starts no further statement", async () => {
  const { server, wasAsked, end } = await withHeldPage();
  const client = new AbortController();
  const answer = fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: NESTED }),
    signal: client.signal,
  });
  await until(wasAsked);
  database.statements();
  client.abort();
  await expect(answer).rejects.toThrow();
  await until(() => server.lines.some(({ decision }) => decision === "CLIENT_GONE"));
  await end();
  expect(database.statements()).toHaveLength(1);
});

test("a query that ends in time reads all that it asks for", async () => {
  const server = await served({
    schema: buildGraphSchema({ federation: "off" }),
    contextFor: (viewer, { check }) => ({
      viewer,
      hostAdmin: null,
      loaders: createLoaders(database.store, { throwIfExpired: check }),
    }),
  });
  const { body } = await server.post(NESTED);
  expect(body.errors).toBeUndefined();
  expect(body.data).toMatchObject({ vms: { nodes: [{ id: id(1), nics: [{ vm: { id: id(1) } }] }] } });
});
