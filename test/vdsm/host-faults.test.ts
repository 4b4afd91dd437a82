import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HostError } from "../../src/vdsm/errors.js";
import { createVdsmClient, type VdsmClient, type VdsmClientOptions } from "../../src/vdsm/vdsm-client.js";
import type { Fault } from "../../src/simulator/wire/faults.js";
import { startCluster, type SimulatedCluster } from "../../src/simulator/cluster.js";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";

let cluster: SimulatedCluster;
let server: VdsmServer;
const clients: VdsmClient[] = [];

beforeAll(async () => {
  cluster = await startCluster({
    hosts: 2,
    vms: 30,
    port: 0,
    seed: 7,
    tls: true,
    tickMs: null,
    legacyHosts: 1,
  });
  server = cluster.hosts[0]!.server;
});

afterEach(async () => {
  server.faults.clear();
  for (const client of clients.splice(0)) await client.close();
});

afterAll(() => cluster.stop());

function createClient(options: Partial<VdsmClientOptions> = {}, at = 0): VdsmClient {
  const tls = () => Promise.resolve({ ...cluster.clientTls!, serverName: null });
  const client = createVdsmClient({ host: "127.0.0.1", port: cluster.hosts[at]!.port, tls, ...options });
  clients.push(client);
  return client;
}

async function readKind(answer: Promise<unknown>): Promise<string> {
  const error: unknown = await answer.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return "answered";
  expect(error).toBeInstanceOf(HostError);
  return (error as HostError).kind;
}

describe("a client of a simulated cluster", () => {
  test("reads every verb of a host of release 4.5, over TLS", async () => {
    const client = createClient();
    await client.ping2();
    expect(await client.getCapabilities()).toEqual({
      hostname: "host1.example.test",
      softwareVersion: "4.50",
    });
    const { vms } = await client.getAllVmStats();
    const ids = vms.map(({ vmId }) => vmId).sort();
    expect(ids.length).toBeGreaterThan(5);
    const nics = await client.dumpxmls(ids);
    expect([...nics.keys()].sort()).toEqual(ids);
    for (const nic of [...nics.values()].flat()) {
      expect(nic.id).toMatch(/^[0-9a-f-]{36}$/);
      expect(nic.network).not.toBeNull();
    }
    expect((await client.getVMFullList(ids)).size).toBe(0);
    expect(server.accepted).toBe(1);
  });

  test("reads the inventory of a host of release 4.3", async () => {
    const client = createClient({}, 1);
    const ids = (await client.getAllVmStats()).vms.map(({ vmId }) => vmId);
    expect(await readKind(client.dumpxmls(ids))).toBe("fault");
    const nics = await client.getVMFullList(ids);
    expect([...nics.keys()].sort()).toEqual([...ids].sort());
    expect([...nics.values()].flat().every(({ id, macAddr }) => id !== null && macAddr !== null)).toBe(true);
  });

  test.each<[Fault, string]>([
    [{ kind: "hang" }, "timeout"],
    [{ kind: "silence" }, "timeout"],
    [{ kind: "drip", everyMs: 10 }, "timeout"],
    [{ kind: "wrong-id" }, "timeout"],
    [{ kind: "garbage" }, "protocol"],
    [{ kind: "malformed-json" }, "protocol"],
    [{ kind: "oversize", bytes: 100_000_000 }, "protocol"],
    [{ kind: "recovering" }, "recovering"],
    [{ kind: "error", code: 1100 }, "fault"],
    [{ kind: "result", result: { not: "a list" } }, "protocol"],
    [{ kind: "close", atByte: 20 }, "unreachable"],
    [{ kind: "slow-tls" }, "unreachable"],
    [{ kind: "mute" }, "unreachable"],
    [{ kind: "close-before-connected" }, "untrusted"],
  ])("meets %o once, and is answered the next time", async (fault, kind) => {
    const client = createClient({ callTimeoutMs: 1_000 });
    server.faults.failNext(fault);
    expect(await readKind(client.getAllVmStats())).toBe(kind);
    expect(await readKind(createClient().getAllVmStats())).toBe("answered");
    expect(await readKind(client.ping2())).toBe("answered");
  });

  test("finds a connection without the promised heartbeats dead, though calls wait longer", async () => {
    server.faults.failNext({ kind: "no-heartbeats" }).failNext({ kind: "hang" });
    const client = createClient({ heartbeatMs: 1_000 });
    const error: unknown = await client.ping2().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "unreachable" });
    expect((error as HostError).message).toContain("no sign of life for 1500 ms");
  });

  test("whose host resets after any number of bytes of an answer fails and recovers", async () => {
    // Without TLS, so that the bytes of the answer are the bytes of the wire.
    const plain = await startVdsmServer({ world: cluster.world.createAnswers("host1.example.test") });
    const client = createClient({ port: plain.port, tls: null });
    const answerLength = 260;
    for (let atByte = 0; atByte < answerLength; atByte += 1) {
      plain.faults.failNext({ kind: "reset", atByte }, "Host.ping2");
      const kind = await readKind(client.ping2());
      // Past its end the answer is whole, and what follows is for the next call to find out.
      expect(["unreachable", "answered"]).toContain(kind);
      if (atByte < 200) expect(kind).toBe("unreachable");
    }
    plain.faults.clear();
    await expect.poll(() => readKind(client.ping2())).toBe("answered");
    await client.close();
    await plain.stop();
  });

  test("keeps its connection over many calls at once, and leaves none behind", async () => {
    await expect.poll(() => server.connections).toBe(0);
    const client = createClient();
    const reports = await Promise.all(Array.from({ length: 50 }, () => client.getAllVmStats()));
    expect(new Set(reports.map(({ vms }) => vms.length)).size).toBe(1);
    expect(server.connections).toBe(1);
    await client.close();
    await expect.poll(() => server.connections).toBe(0);
  });
});
