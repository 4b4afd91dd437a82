import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { createIdentity } from "../../../src/server/identity/identity.js";
import { addVms, changeIps, storedVm } from "../../store/changes/log-fixtures.js";
import { eventually } from "../../support/eventually.js";
import { startLiveServer } from "./live-server.js";

const QUERY = "subscription { guestNetworkChanged { cursor vm { name guestInfo { ips } } } }";

/** Opens a WebSocket and subscribes so often at once; counts what comes back. */
async function subscribeOften(
  url: string,
  count: number,
  authorization?: string,
  localAddress = "127.0.0.1",
) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
    localAddress,
  });
  onTestFinished(() => {
    socket.terminate();
  });
  const got = { events: 0, refused: new Map<string, number>() };
  socket.on("message", (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString()) as {
      type: string;
      payload?: [{ extensions: { code: string } }];
    };
    if (type === "next") got.events += 1;
    if (type === "error") {
      const code = payload?.[0].extensions.code ?? "none";
      got.refused.set(code, (got.refused.get(code) ?? 0) + 1);
    }
    if (type !== "connection_ack") return;
    for (let id = 0; id < count; id += 1) {
      socket.send(JSON.stringify({ type: "subscribe", id: String(id), payload: { query: QUERY } }));
    }
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } }));
  return got;
}

test("ten thousand subscriptions that match everything: those above the bounds cost no statement and no answer", async () => {
  const { server, database, contexts, listening } = await startLiveServer({
    limits: { subscriptions: 20, lasting: 67, viewerConnections: 10 },
  });
  const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
  await addVms(database.store, [vm]);
  database.statements();
  // Ten are all that one address may open, with fifty subscriptions. The first two get all that a WebSocket may have.
  const open = (count: number) =>
    Promise.all(Array.from({ length: count }, () => subscribeOften(server.url, 1_000)));
  const first = await open(2);
  await eventually(() => {
    expect(listening()).toBe(40);
  });
  const sockets = [...first, ...(await open(8))];
  const sum = (find: (socket: (typeof sockets)[number]) => number) =>
    sockets.reduce((total, socket) => total + find(socket), 0);
  await eventually(() => {
    expect(sum(({ refused }) => [...refused.values()].reduce((left, right) => left + right, 0))).toBe(9_950);
    expect(sum(({ events }) => events)).toBe(50);
    expect(listening()).toBe(50);
  });
  const codes = new Set(sockets.flatMap(({ refused }) => [...refused.keys()]));
  expect([...codes]).toEqual(["TOO_MANY_SUBSCRIPTIONS"]);
  // A subscription has a context, and each first event's answer one. Nobody else has any.
  expect(contexts()).toBeLessThanOrEqual(2 * 50);
  const reads = database.statements().filter((sql) => !sql.includes("vnic_graph_change_log"));
  expect(reads.length).toBeLessThanOrEqual(50);
  const before = contexts();
  await changeIps(database.store, vm, "10.0.0.2");
  await eventually(() => {
    expect(sum(({ events }) => events)).toBe(100);
  });
  // One answer for all of them.
  expect(contexts() - before).toBe(1);
});

test("one viewer never holds all places of subscriptions, by WebSockets and by streams of events", async () => {
  const { server, listening } = await startLiveServer({
    limits: { subscriptions: 20, lasting: 40 },
    identity: createIdentity([
      {
        identify: ({ authorization }) =>
          Promise.resolve({ name: authorization ?? "", roles: new Set(["reader"]), scope: null }),
      },
    ]),
  });
  const streamed = (authorization: string) =>
    fetch(`${server.url}/graphql/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization },
      body: JSON.stringify({ query: QUERY }),
    });
  const greedy: Awaited<ReturnType<typeof subscribeOften>>[] = [];
  for (let socket = 0; socket < 4; socket += 1) greedy.push(await subscribeOften(server.url, 20, "greedy"));
  const countRefused = () =>
    greedy.reduce((sum, { refused }) => sum + (refused.get("TOO_MANY_SUBSCRIPTIONS") ?? 0), 0);
  await eventually(() => {
    expect([listening(), countRefused()]).toEqual([30, 50]);
  });
  const refused = await streamed("greedy");
  expect([refused.status, await refused.json()]).toMatchObject([
    429,
    { errors: [{ extensions: { code: "TOO_MANY_SUBSCRIPTIONS" } }] },
  ]);
  const modest = await streamed("modest");
  expect(modest.status).toBe(200);
  await subscribeOften(server.url, 9, "modest");
  await eventually(() => {
    expect(listening()).toBe(40);
  });
  await modest.body?.cancel();
  await eventually(async () => {
    expect((await streamed("another")).status).toBe(200);
  });
});

test("where nobody is asked who they are, one address never holds them all", async () => {
  const { server, listening } = await startLiveServer({ limits: { subscriptions: 20, lasting: 20 } });
  const greedy = await subscribeOften(server.url, 20);
  await eventually(() => {
    expect([listening(), greedy.refused.get("TOO_MANY_SUBSCRIPTIONS")]).toEqual([15, 5]);
  });
  const modest = await subscribeOften(server.url, 6, undefined, "127.0.0.2");
  await eventually(() => {
    expect([listening(), modest.refused.get("OVERLOADED")]).toEqual([20, 1]);
  });
});
