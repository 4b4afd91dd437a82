import { describe, expect, test } from "vitest";
import { createMetrics, type Metrics } from "../../../src/gateway/serving/metrics.js";
import { addVms, changeIps, storedVm } from "../../store/changes/log-fixtures.js";
import { eventually } from "../../support/eventually.js";
import { connect, startLiveServer, subscribe } from "./live-server.js";

const FOLLOW =
  "subscription Follow($after: String) { guestNetworkChanged(after: $after) { kind cursor vm { name } } }";

function createLiveMetrics(liveLagMs: () => number | null = () => null): Metrics {
  return createMetrics({ fleet: () => null, pool: () => null, polling: () => null, liveLagMs });
}

/** Reads figures of subscriptions as they are printed. */
async function readFigures(metrics: Metrics): Promise<Record<string, number>> {
  const lines = [
    ...(await metrics.print()).matchAll(/^vnic_graph_(\S*(?:subscri|slow|resumes)\S*) (\S+)$/gm),
  ];
  return Object.fromEntries(lines.map(([, name = "", value]) => [name, Number(value)]));
}

/** Opens a stream of events; `leave` breaks the connection. */
async function openStream(url: string, query = FOLLOW) {
  const controller = new AbortController();
  const response = await fetch(`${url}/graphql/stream?query=${encodeURIComponent(query)}`, {
    headers: { accept: "text/event-stream" },
    signal: controller.signal,
  });
  const leave = () => {
    controller.abort();
  };
  return { response, leave };
}

describe("figures of subscriptions", () => {
  test("tell connections by transport, subscriptions and events, and all come back to none", async () => {
    const metrics = createLiveMetrics();
    const { server, database, listening } = await startLiveServer({ liveMeter: metrics.live });
    const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
    await addVms(database.store, [vm]);
    const client = connect(server);
    const followers = [subscribe(client, FOLLOW), subscribe(client, FOLLOW)];
    const stream = await openStream(server.url);
    await eventually(() => {
      expect(listening()).toBe(3);
    });
    await changeIps(database.store, vm, "10.0.0.2");
    await eventually(async () => {
      expect(await readFigures(metrics)).toEqual({
        'subscription_connections{transport="websocket"}': 1,
        'subscription_connections{transport="sse"}': 1,
        subscriptions: 3,
        subscription_events_total: 6,
        slow_readers_total: 0,
        resumes_refused_total: 0,
      });
    });
    for (const { leave } of followers) leave();
    await client.dispose();
    stream.leave();
    await eventually(async () => {
      expect(await readFigures(metrics)).toMatchObject({
        'subscription_connections{transport="websocket"}': 0,
        'subscription_connections{transport="sse"}': 0,
        subscriptions: 0,
      });
    });
  });

  test("count the cursors that are refused, over both transports", async () => {
    const metrics = createLiveMetrics();
    const { server, database } = await startLiveServer({ liveMeter: metrics.live });
    await addVms(database.store, [storedVm(1)]);
    const client = connect(server);
    const first = subscribe(client, FOLLOW);
    await eventually(() => {
      expect(first.answers).toHaveLength(1);
    });
    const { cursor } = (first.answers[0]!["data"] as { guestNetworkChanged: { cursor: string } })
      .guestNetworkChanged;
    const own = Buffer.from(cursor, "base64url").toString();
    const after = Buffer.from(own.replace(/^1 \w{12}/, "1 0123456789ab")).toString("base64url");
    const refused = subscribe(client, FOLLOW, { after });
    const { response } = await openStream(
      server.url,
      FOLLOW.replace("after: $after", `after: "${after}"`).replace("($after: String)", ""),
    );
    expect(await response.text()).toContain("CURSOR_LOST");
    await eventually(async () => {
      expect(JSON.stringify(refused.errors)).toContain("CURSOR_LOST");
      expect(JSON.stringify(refused.errors)).toContain("this cursor is of another database");
      expect(await readFigures(metrics)).toMatchObject({ resumes_refused_total: 2 });
    });
  });

  test("tell how far the reader of the log is behind, and nothing while nobody subscribes", async () => {
    let lagMs: number | null = null;
    const metrics = createLiveMetrics(() => lagMs);
    expect(await readFigures(metrics)).not.toHaveProperty("subscription_lag_seconds");
    lagMs = 1_500;
    expect(await readFigures(metrics)).toMatchObject({ subscription_lag_seconds: 1.5 });
  });
});

describe("the audit line of a stream of events", () => {
  const auditLines = (lines: readonly Record<string, unknown>[]) =>
    lines.filter(({ path, msg }) => path === "/graphql/stream" && msg === "request");

  test("is written when the stream ends, with its time and its events", async () => {
    const { server, database, listening } = await startLiveServer();
    const vm = storedVm(1, { ips: "10.0.0.1", interfaces: [] });
    await addVms(database.store, [vm]);
    const begun = performance.now();
    const stream = await openStream(server.url);
    await eventually(() => {
      expect(listening()).toBe(1);
    });
    const openMs = performance.now() - begun;
    await changeIps(database.store, vm, "10.0.0.2");
    const reader = stream.response.body!.getReader();
    let text = "";
    while (!text.includes("CHANGE")) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect(auditLines(server.lines)).toEqual([]);
    const heldMs = performance.now() - begun - openMs;
    stream.leave();
    await eventually(() => {
      expect(auditLines(server.lines)).toEqual([
        expect.objectContaining({
          ...{ method: "GET", operation: "Follow", rows: 2, status: 200, decision: "answered" },
        }),
      ]);
    });
    expect(auditLines(server.lines)[0]!["ms"]).toBeGreaterThanOrEqual(Math.floor(heldMs));
  });

  test("names the error by which the stream was refused", async () => {
    const { server } = await startLiveServer();
    const { response } = await openStream(server.url, "subscription { nothing }");
    await response.text();
    await eventually(() => {
      expect(auditLines(server.lines)).toEqual([
        expect.objectContaining({ rows: 0, status: 200, decision: "GRAPHQL_VALIDATION_FAILED" }),
      ]);
    });
  });
});
