import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import type { QueueBounds } from "../../../src/feed/event-queue.js";
import { createMetrics } from "../../../src/gateway/serving/metrics.js";
import type { ServerOptions } from "../../../src/server/options.js";
import type { StoredVm } from "../../../src/store/types.js";
import { addVms, changeAllIps, storedVm } from "../../store/changes/log-fixtures.js";
import { eventually } from "../../support/eventually.js";
import { connect, startLiveServer, subscribe, type LiveServer } from "./live-server.js";

/** So large that what waits for a reader cannot hide in the buffers of two sockets. */
const FOLLOW = `subscription ($after: String) { guestNetworkChanged(after: $after) { cursor at vm { id guestInfo { ips } }
  ${Array.from({ length: 40 }, (_, index) => `a${index}: vm { name }`).join(" ")} } }`;

interface Event {
  readonly cursor: string;
  readonly vm: { readonly id: string; readonly guestInfo: { readonly ips: readonly string[] } };
}

const VMS = Array.from({ length: 100 }, (_, index) =>
  storedVm(index + 1, { name: `${index}-${"n".repeat(200)}`, ips: "10.0.0.0", interfaces: [] }),
);

function describeEvent({ vm }: Event): string {
  return `${vm.id} ${vm.guestInfo.ips.join(" ")}`;
}

/** Changes each VM so many times; returns what subscribers must be told, in any order of VMs. */
async function change({ database }: LiveServer, rounds: number): Promise<string[]> {
  const expected: string[] = [];
  let vms: StoredVm[] = VMS;
  for (let round = 1; round <= rounds; round += 1) {
    const ips = `10.0.0.${round}`;
    await changeAllIps(database.store, vms, ips);
    vms = vms.map((vm) => ({ ...vm, ips }));
    expected.push(...vms.map(({ id }) => `${id} ${ips}`));
  }
  return expected;
}

/** A client on a plain WebSocket that can leave its socket unread. */
async function openReader({ server }: LiveServer) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  onTestFinished(() => {
    socket.terminate();
  });
  const events: Event[] = [];
  const closes: number[] = [];
  socket.on("message", (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString()) as {
      type: string;
      payload?: { data: { guestNetworkChanged: Event } };
    };
    if (type === "connection_ack") {
      socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query: FOLLOW } }));
    }
    if (type === "next" && payload !== undefined) events.push(payload.data.guestNetworkChanged);
  });
  socket.on("close", (code) => void closes.push(code));
  await once(socket, "open");
  socket.send('{"type":"connection_init"}');
  return { socket, events, closes };
}

async function startWithVms(
  bounds: Partial<QueueBounds>,
  options: Partial<ServerOptions> = {},
): Promise<LiveServer> {
  const live = await startLiveServer(options, bounds);
  await addVms(live.database.store, VMS);
  return live;
}

describe("a subscriber who does not read its socket", () => {
  test("holds up nobody: another one has got all changes while that one is still waited for", async () => {
    const hourMs = 3_600_000;
    const live = await startWithVms({ maxWaiting: 10, patienceMs: hourMs, stillMs: hourMs });
    const still = await openReader(live);
    const quick = subscribe(connect(live.server), FOLLOW);
    await eventually(() => {
      expect(live.listening()).toBe(2);
      expect([still.events.length, quick.answers.length]).toEqual([100, 100]);
    });
    still.socket.pause();
    const expected = await change(live, 20);
    await eventually(() => {
      const told = quick.answers.slice(100).map(({ data }) => data as { guestNetworkChanged: Event });
      expect(told.map((each) => describeEvent(each.guestNetworkChanged)).sort()).toEqual(expected.toSorted());
    });
    expect(quick.errors).toEqual([]);
    expect(still.closes).toEqual([]);
    expect(still.events).toHaveLength(100);
    // It was waited for, and loses nothing either.
    still.socket.resume();
    await eventually(() => {
      expect(still.events.slice(100).map(describeEvent).sort()).toEqual(expected.toSorted());
    });
  });

  test("is closed with 4290, and goes on behind its last cursor without a gap", async () => {
    const metrics = createMetrics({ fleet: () => null, pool: () => null, polling: () => null });
    const live = await startWithVms({ maxWaiting: 10, stillMs: 100 }, { liveMeter: metrics.live });
    const still = await openReader(live);
    await eventually(() => {
      expect(live.listening()).toBe(1);
      expect(still.events).toHaveLength(100);
    });
    still.socket.pause();
    const expected = await change(live, 20);
    await eventually(() => {
      expect(live.server.lines).toContainEqual(
        expect.objectContaining({ method: "WEBSOCKET", decision: "SLOW_READER" }),
      );
    });
    still.socket.resume();
    await eventually(() => {
      expect(still.closes).toEqual([4_290]);
    });
    expect(await metrics.print()).toContain("vnic_graph_slow_readers_total 1");
    expect(still.events.length).toBeLessThan(100 + expected.length);
    const next = subscribe(connect(live.server), FOLLOW, { after: still.events.at(-1)?.cursor });
    await eventually(() => {
      const told = [
        ...still.events.slice(100),
        ...next.answers.map(({ data }) => (data as { guestNetworkChanged: Event }).guestNetworkChanged),
      ];
      expect(told.map(describeEvent).sort()).toEqual(expected.toSorted());
    });
  });
});
