import { createClient as createSseClient } from "graphql-sse";
import { createClient, MessageType } from "graphql-ws";
import { describe, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { LONG_LIST_RULE } from "../../../src/server/admission/rules.js";
import { createIdentity, type KnownViewer } from "../../../src/server/identity/identity.js";
import type { Role } from "../../../src/model/roles.js";
import { addVms, changeIps, storedVm } from "../../store/changes/log-fixtures.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { claimHost, HOSTS } from "../../support/builders/passes.js";
import { eventually } from "../../support/eventually.js";
import { connect, startLiveServer, subscribe } from "./live-server.js";

const FOLLOW = `subscription Follow($after: String, $filter: GuestNetworkFilter) {
  guestNetworkChanged(after: $after, filter: $filter) {
    kind cursor vm { name guestInfo { ips } } changes { kind } before { guestInfo { ips } }
  }
}`;

/** Knows each viewer by what is sent as Authorization. */
const byName = createIdentity([
  {
    identify: ({ authorization }) =>
      Promise.resolve({ name: authorization ?? "", roles: new Set<Role>(["reader"]), scope: null }),
  },
]);

type Connected = ReturnType<typeof connect>;

interface Event {
  readonly kind: string;
  readonly cursor: string;
  readonly vm: { readonly name: string; readonly guestInfo: { readonly ips: readonly string[] } };
  readonly changes: readonly { readonly kind: string }[];
}

function toEvents(answers: readonly Record<string, unknown>[]): Event[] {
  return answers.map(({ data }) => (data as { guestNetworkChanged: Event }).guestNetworkChanged);
}

function toIps(answers: readonly Record<string, unknown>[]): string[] {
  return toEvents(answers).map(({ kind, vm }) => `${kind} ${vm.guestInfo.ips.join(" ")}`);
}

describe("subscriptions over a WebSocket", () => {
  test("tell the state and every change, and go on behind a cursor at another replica", async () => {
    const live = await startLiveServer();
    const { server, database } = live;
    const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
    await addVms(database.store, [vm]);
    const first = subscribe(connect(server), FOLLOW);
    await eventually(() => {
      expect(toIps(first.answers)).toEqual(["STATE 10.0.0.1"]);
    });
    const second = await changeIps(database.store, vm, "10.0.0.2");
    await eventually(() => {
      expect(toIps(first.answers)).toEqual(["STATE 10.0.0.1", "CHANGE 10.0.0.2"]);
    });
    expect(toEvents(first.answers)[1]?.changes.map(({ kind }) => kind)).toContain("ADDRESS_ADDED");
    first.leave();
    const third = await changeIps(database.store, second, "10.0.0.3");
    const after = toEvents(first.answers)[1]?.cursor;
    const next = subscribe(connect(await live.startReplica()), FOLLOW, { after });
    await changeIps(database.store, third, "10.0.0.4");
    await eventually(() => {
      expect(toIps(next.answers)).toEqual(["CHANGE 10.0.0.3", "CHANGE 10.0.0.4"]);
    });
  });

  test("say by a ping when they have told all that there is: the state, or what came behind a cursor", async () => {
    const { server, database } = await startLiveServer();
    const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
    await addVms(database.store, [vm]);
    const told: string[] = [];
    const client = createClient({
      url: `${server.url.replace(/^http/, "ws")}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      generateID: ({ extensions }) => String(extensions?.["id"]),
      on: {
        message: (message) => {
          if (message.type === MessageType.Next) told.push(`${message.id}: event`);
          if (message.type === MessageType.Ping)
            told.push(`${String(message.payload?.["current"])}: current`);
        },
      },
    });
    onTestFinished(() => client.dispose());
    const follow = (id: string, query: string, variables = {}) =>
      client.subscribe(
        { query, variables, extensions: { id } },
        { next: () => undefined, error: () => told.push(`${id}: error`), complete: () => undefined },
      );
    follow("state", FOLLOW);
    await eventually(() => {
      expect(told).toEqual(["state: event", "state: current"]);
    });
    await changeIps(database.store, vm, "10.0.0.2");
    await eventually(() => {
      expect(told).toEqual(["state: event", "state: current", "state: event"]);
    });
    told.length = 0;
    follow("now", FOLLOW, { after: "now" });
    await eventually(() => {
      expect(told).toEqual(["now: current"]);
    });
    told.length = 0;
    follow("bad", FOLLOW, { after: "nonsense" });
    follow("hosts", "subscription { hostStateChanged { hostId } }");
    await eventually(() => {
      expect(told.filter((each) => each.startsWith("hosts"))).toEqual([
        ...HOSTS.map(() => "hosts: event"),
        "hosts: current",
      ]);
    });
    expect(told).toContain("bad: error");
    expect(told).not.toContain("bad: current");
  });

  test("each get a change that all of them match, however few requests may wait", async () => {
    const live = await startLiveServer({ limits: { running: 1, waiting: 0 } });
    const { server, database } = live;
    const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
    await addVms(database.store, [vm]);
    const count = 300;
    const clients = [connect(server), connect(server), connect(server)];
    // Each asks in its own words, so that no answer is shared.
    const all = Array.from({ length: count }, (_, at) =>
      subscribe(clients[at % 3]!, FOLLOW.replace("kind cursor", `kind cursor a${at}: at`)),
    );
    await eventually(() => {
      expect(live.listening()).toBe(count);
    });
    await changeIps(database.store, vm, "10.0.0.2");
    await eventually(() => {
      for (const { answers, errors } of all) {
        expect(errors).toEqual([]);
        expect(toIps(answers)).toEqual(["STATE 10.0.0.1", "CHANGE 10.0.0.2"]);
      }
    });
  });

  test("refuse a bad cursor, a bad filter and what is no subscription, each with its code", async () => {
    const { server } = await startLiveServer();
    const client = connect(server);
    const refused = async (query: string, variables?: Record<string, unknown>) => {
      const received = subscribe(client, query, variables);
      await eventually(() => {
        expect(received.errors).toHaveLength(1);
      });
      return received.errors[0];
    };
    const withCode = (code: string) => [
      expect.objectContaining({ extensions: expect.objectContaining({ code }) as unknown }),
    ];
    expect(await refused(FOLLOW, { after: "nonsense" })).toEqual([
      expect.objectContaining({
        message: expect.stringContaining("the cursor is not one that this gateway gave") as unknown,
        extensions: expect.objectContaining({ code: "BAD_USER_INPUT" }) as unknown,
      }),
    ]);
    expect(await refused(FOLLOW, { filter: { vmIds: ["x"] } })).toEqual(withCode("BAD_USER_INPUT"));
    expect(await refused("{ hosts { name } }")).toEqual([
      expect.objectContaining({ extensions: { code: "OPERATION_NOT_SUPPORTED" } }),
    ]);
    expect(await refused("subscription { nothing }")).toEqual(withCode("GRAPHQL_VALIDATION_FAILED"));
    expect(await refused("subscription {")).toEqual(withCode("GRAPHQL_PARSE_FAILED"));
  });

  test("are answered by one execution for all who ask the same, and one read of the log", async () => {
    const { server, database, contexts, listening } = await startLiveServer();
    const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
    await addVms(database.store, [vm]);
    const client = connect(server);
    const all = Array.from({ length: 30 }, () => subscribe(client, FOLLOW));
    await eventually(() => {
      for (const { answers } of all) expect(answers).toHaveLength(1);
      expect(listening()).toBe(30);
    });
    const before = contexts();
    database.statements();
    await changeIps(database.store, vm, "10.0.0.2");
    await eventually(() => {
      for (const { answers } of all) expect(toIps(answers)).toEqual(["STATE 10.0.0.1", "CHANGE 10.0.0.2"]);
    });
    expect(contexts() - before).toBe(1);
    const reads = database.statements().filter((sql) => sql.includes("unnest($1::uuid[], $2::timestamptz[]"));
    expect(reads).toHaveLength(1);
  });

  test("tell how hosts are, with no statement for an event, also to a viewer who sees no VM", async () => {
    const scope = { namePatterns: ["nothing"], hostIds: [], vmIds: [] };
    const viewer: KnownViewer = { name: "narrow", roles: new Set<Role>(["reader"]), scope };
    const identity = createIdentity([{ identify: () => Promise.resolve(viewer) }]);
    const { server, database } = await startLiveServer({ identity });
    const { store } = database;
    const query = `subscription ($hostIds: [ID!]) {
      hostStateChanged(hostIds: $hostIds) { kind at hostId previousStatus host { name status lastError } }
    }`;
    const client = connect(server);
    const received = subscribe(client, query, { hostIds: [HOST_A] });
    await eventually(() => {
      expect(received.answers).toHaveLength(1);
    });
    database.statements();
    await store.fail(await claimHost(store, HOST_A), { kind: "timeout", message: "late" }, 5);
    await eventually(() => {
      expect(received.answers).toHaveLength(2);
    });
    expect(
      received.answers.map(({ data }) => (data as { hostStateChanged: unknown }).hostStateChanged),
    ).toEqual([
      {
        ...{ kind: "STATE", at: expect.any(String) as unknown, hostId: HOST_A, previousStatus: null },
        host: { name: "host-a", status: "UNASSIGNED", lastError: null },
      },
      {
        ...{
          kind: "CHANGE",
          at: expect.any(String) as unknown,
          hostId: HOST_A,
          previousStatus: "UNASSIGNED",
        },
        host: { name: "host-a", status: "NON_RESPONSIVE", lastError: "late" },
      },
    ]);
    const reads = database.statements().filter((sql) => sql.startsWith("SELECT s.vds_id AS id, s.vds_name"));
    expect(reads.filter((sql) => sql.includes("ANY($1"))).toEqual([]);
    const many = subscribe(client, query, { hostIds: Array.from({ length: 501 }, () => HOST_A) });
    await eventually(() => {
      expect(JSON.stringify(many.errors)).toContain("hostIds: has 501 values; at most 500 are allowed");
    });
  });

  test("are bounded for each connection, each viewer and all together", async () => {
    const { server, database } = await startLiveServer({
      limits: { subscriptions: 3, viewerConnections: 1, lasting: 4 },
      identity: byName,
    });
    const [one, two, three] = ["anne", "bert", "anne"].map((authorization) =>
      connect(server, { authorization }),
    ) as [Connected, Connected, Connected];
    const ofOne = Array.from({ length: 4 }, () => subscribe(one, FOLLOW));
    await eventually(() => {
      expect(JSON.stringify(ofOne.map(({ errors }) => errors))).toContain("TOO_MANY_SUBSCRIPTIONS");
    });
    const ofTwo = Array.from({ length: 2 }, () => subscribe(two, FOLLOW));
    await eventually(() => {
      expect(JSON.stringify(ofTwo.map(({ errors }) => errors))).toContain("OVERLOADED");
    });
    subscribe(three, FOLLOW);
    await eventually(() => {
      expect(three.closes.map(({ code }) => code)).toEqual([4_429]);
    });
    for (const { leave } of [...ofOne, ...ofTwo]) leave();
    // Their places are free again.
    await addVms(database.store, [storedVm(1)]);
    await eventually(async () => {
      const fresh = subscribe(one, FOLLOW);
      await eventually(() => {
        expect(fresh.answers.length + fresh.errors.length).toBeGreaterThan(0);
      });
      fresh.leave();
      expect(fresh.errors).toEqual([]);
    });
  });

  test("leave a quarter of all connections for requests, and lists their own places", async () => {
    const { server } = await startLiveServer({
      limits: { connections: 8, lasting: 8 },
      identity: byName,
      routes: (scope, admitted) => {
        scope.get("/list", { config: { rule: LONG_LIST_RULE } }, (request) =>
          admitted(request).work(() => Promise.resolve("list")),
        );
      },
    });
    const clients = Array.from({ length: 6 }, (_, at) => connect(server, { authorization: `viewer ${at}` }));
    const all = clients.map((client) => subscribe(client, FOLLOW));
    const ask = async (path: string) =>
      (await fetch(server.url + path, { headers: { accept: "*/*", authorization: "late" } })).status;
    await eventually(async () => {
      expect(
        await ask(`/graphql/stream?query=${encodeURIComponent("subscription { guestChanged { kind } }")}`),
      ).toBe(503);
    });
    const late = connect(server, { authorization: "late" });
    subscribe(late, FOLLOW);
    await eventually(() => {
      expect(late.closes.map(({ code }) => code)).toEqual([1_013]);
    });
    expect(await ask("/healthz")).toBe(200);
    expect(await ask("/list")).toBe(200);
    expect(all.flatMap(({ errors }) => errors)).toEqual([]);
    expect(clients.flatMap(({ closes }) => closes)).toEqual([]);
  });

  test("need a valid token, from the first message or the header, and end when it is withdrawn", async () => {
    const viewers = new Map<string, KnownViewer>([
      ["Bearer good", { name: "good", roles: new Set<Role>(["reader"]), scope: null }],
      ["Bearer metrics", { name: "metrics", roles: new Set<Role>(["metrics"]), scope: null }],
    ]);
    const identity = createIdentity([
      { identify: ({ authorization }) => Promise.resolve(viewers.get(authorization ?? "") ?? null) },
    ]);
    const { server } = await startLiveServer({ identity });
    const nobody = connect(server);
    subscribe(nobody, FOLLOW);
    const metrics = connect(server, { authorization: "Bearer metrics" });
    subscribe(metrics, FOLLOW);
    const good = connect(server, { Authorization: "Bearer good" });
    const received = subscribe(good, FOLLOW);
    await eventually(() => {
      expect(nobody.closes.map(({ code }) => code)).toEqual([4_401]);
      expect(metrics.closes.map(({ code }) => code)).toEqual([4_403]);
    });
    expect(received.errors).toEqual([]);
    viewers.delete("Bearer good");
    await eventually(() => {
      expect(good.closes.map(({ code }) => code)).toEqual([4_403]);
    });
  });

  test("are told to connect again when the server stops", async () => {
    const { server, database } = await startLiveServer();
    await addVms(database.store, [storedVm(1)]);
    const client = connect(server);
    const received = subscribe(client, FOLLOW);
    await eventually(() => {
      expect(received.answers).toHaveLength(1);
    });
    await server.drain({ timeoutMs: 5_000 });
    await eventually(() => {
      expect(client.closes.map(({ code }) => code)).toEqual([1_012]);
    });
  });

  test("are refused for another site's page, a strange host, another path and the old protocol", async () => {
    const { server } = await startLiveServer();
    const url = server.url.replace("http", "ws");
    const refused = (path: string, protocol: string, headers: Record<string, string> = {}) =>
      new Promise<number>((resolve, reject) => {
        const socket = new WebSocket(url + path, protocol, { headers });
        socket.on("open", () => {
          reject(new Error("it was accepted"));
        });
        socket.on("error", () => undefined);
        socket.on("unexpected-response", (_request, response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
      });
    const current = "graphql-transport-ws";
    expect(await refused("/graphql", current, { origin: "http://elsewhere.example" })).toBe(403);
    expect(await refused("/graphql", current, { host: "elsewhere.example" })).toBe(421);
    expect(await refused("/other", current)).toBe(404);
    expect(await refused("/graphql", "graphql-ws")).toBe(400);
  });

  test("leave nothing behind when their clients go at any moment", async () => {
    const { server, database } = await startLiveServer({ limits: { lasting: 27, viewerConnections: 20 } });
    await addVms(database.store, [storedVm(1)]);
    for (let delayMs = 0; delayMs < 60; delayMs += 3) {
      const client = connect(server);
      const received = Array.from({ length: 5 }, () => subscribe(client, FOLLOW));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (delayMs % 2 === 0) for (const { leave } of received) leave();
      else client.terminate();
      await client.dispose();
    }
    // All places of this address are free again: so many fit at once.
    const clients = Array.from({ length: 4 }, () => connect(server));
    await eventually(async () => {
      const all = clients.flatMap((client) => Array.from({ length: 5 }, () => subscribe(client, FOLLOW)));
      await eventually(() => {
        for (const { answers, errors } of all) expect(answers.length + errors.length).toBeGreaterThan(0);
      });
      for (const { leave } of all) leave();
      for (const { errors } of all) expect(errors).toEqual([]);
    });
  });
});

describe("subscriptions as server-sent events", () => {
  test("tell the same to a client of GraphQL over SSE, and complete", async () => {
    const { server, database } = await startLiveServer();
    const vm = storedVm(1, { ips: "fe80::1", interfaces: [], silence: "ips-only" });
    await addVms(database.store, [vm]);
    const client = createSseClient({ url: `${server.url}/graphql/stream`, retryAttempts: 0 });
    onTestFinished(() => {
      client.dispose();
    });
    const follow = client.iterate({ query: FOLLOW });
    expect(toIps([(await follow.next()).value as Record<string, unknown>])).toEqual(["STATE fe80::1"]);
    const ready = client.iterate({
      query: `subscription { vmAddressReady(vmId: "${id(1)}") { address } }`,
    });
    const first = ready.next();
    await changeIps(database.store, vm, "10.0.0.2");
    expect(toIps([(await follow.next()).value as Record<string, unknown>])).toEqual(["CHANGE 10.0.0.2"]);
    expect((await first).value).toEqual({ data: { vmAddressReady: { address: "10.0.0.2" } } });
    expect((await ready.next()).done).toBe(true);
    await follow.return?.(undefined);
  });

  test("end without being complete when the server stops, so that clients connect again", async () => {
    const { server, database } = await startLiveServer();
    await addVms(database.store, [storedVm(1)]);
    const response = await fetch(`${server.url}/graphql/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query: FOLLOW }),
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString();
      }
    })();
    await eventually(() => {
      expect(text).toMatch(/event: next\ndata: .*\n\n/);
    });
    await server.drain();
    await reading;
    expect(text).toMatch(/^:\n\nevent: next\ndata: .*\n\n$/);
  });

  test("tell a refusal as an event", async () => {
    const { server } = await startLiveServer();
    const response = await fetch(
      `${server.url}/graphql/stream?query=${encodeURIComponent("subscription { nothing }")}`,
      { headers: { accept: "text/event-stream" } },
    );
    expect(await response.text()).toMatch(
      /^:\n\nevent: next\ndata: .*GRAPHQL_VALIDATION_FAILED.*\n\nevent: complete/,
    );
  });
});
