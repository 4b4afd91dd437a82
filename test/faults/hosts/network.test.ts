import { spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createTlsReader } from "../../../src/vdsm/wire/tls.js";
import { createVdsmClient, type VdsmClientOptions } from "../../../src/vdsm/vdsm-client.js";
import { createAuthority, type Credentials } from "../../../src/simulator/wire/certificates.js";
import { Random } from "../../../src/simulator/world/random.js";
import { startVdsmServer } from "../../../src/simulator/wire/vdsm-server.js";
import type { GenerationHost } from "../support/generations.js";
import { startProxy } from "../support/proxy.js";
import { startRefreshing, type Refreshing } from "../support/refreshing.js";

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of ends.splice(0).reverse()) await end();
});

/** One host of three VMs, asked through whatever the client options say at that moment. */
async function refreshing(client: () => Partial<VdsmClientOptions>): Promise<[Refreshing, GenerationHost]> {
  const all: Refreshing = await startRefreshing({
    hosts: 1,
    vmsPerHost: 3,
    refresher: {
      createClient: ({ host, port }) =>
        createVdsmClient({ host, port, tls: null, callTimeoutMs: 5_000, ...client() }),
    },
  });
  ends.push(() => all.stop());
  return [all, all.fleet.hosts[0]!];
}

/** The host says something new, and a client made now does not get to hear it. */
async function failureWith(all: Refreshing, host: GenerationHost) {
  const before = await all.storedGeneration(host);
  host.next();
  // Another client: as after a restart, or a change of the host's address.
  await all.refresher.removeHost(host.configured.id);
  all.refresher.addHost(host.configured);
  const result = await all.pass(host);
  expect(result.outcome).toBe("failed");
  await all.expectWhole();
  expect(await all.storedGeneration(host)).toBe(before);
  const [row] = await all.database.store.readHostsByIds([host.configured.id]);
  expect(row?.lastError).toBe(result.failure?.message);
  return result.failure!;
}

describe("F3: a host whose packets vanish", () => {
  test.skipIf(process.platform !== "linux")("costs one deadline, one attempt at a time", async () => {
    // A stopped process accepts nobody: when its queue is full, the kernel drops what comes.
    const child = spawn(
      process.execPath,
      [
        "-e",
        "const s=require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},()=>console.log(s.address().port))",
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    ends.push(async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    child.kill("SIGSTOP");
    const port = Number(line.toString());
    const fillers: Socket[] = [];
    let connected = 0;
    for (let at = 0; at < 6; at += 1) {
      fillers.push(connect({ port, host: "127.0.0.1" }).on("connect", () => (connected += 1)));
    }
    for (const filler of fillers) filler.on("error", () => undefined);
    ends.push(() => {
      for (const filler of fillers) filler.destroy();
      return Promise.resolve();
    });
    await expect.poll(() => connected).toBeGreaterThanOrEqual(2);
    const client = createVdsmClient({ host: "127.0.0.1", port, tls: null, connectTimeoutMs: 500 });
    await expect(client.ping2()).rejects.toMatchObject({ kind: "unreachable" });
    await expect(client.ping2()).rejects.toThrow(/no TCP connection within 500 ms/);
    await client.close();
  });
});

describe("F6: a host that cannot be trusted", () => {
  test("expired, of another name, of another CA, or without TLS: refused, told, never spoken to in the clear", async () => {
    const authority = await createAuthority();
    const stranger = await createAuthority();
    const own = await authority.issueClient();
    const PAST = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };
    let client: Partial<VdsmClientOptions> = {};
    const [all, host] = await refreshing(() => client);
    const heard: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on("data", (chunk) => heard.push(chunk));
      socket.on("error", () => undefined);
      socket.write("hello\n");
    }).listen(0, "127.0.0.1");
    await once(plain, "listening");
    ends.push(() => new Promise((resolve) => plain.close(resolve)));
    const serve = async (tls: Credentials) => {
      const server = await startVdsmServer({ world: all.fleet.world.createAnswers(host.name), tls });
      ends.push(() => server.stop());
      return server.port;
    };
    const tls = (serverName: string | null) => () => Promise.resolve({ ...own, serverName });
    const cases: { readonly options: Partial<VdsmClientOptions>; readonly reason: RegExp }[] = [
      {
        options: { port: await serve(await authority.issueHost(host.name, PAST)), tls: tls(host.name) },
        reason: /has expired/,
      },
      {
        options: { port: await serve(await authority.issueHost(host.name)), tls: tls("other.example.test") },
        reason: /another name/,
      },
      {
        options: { port: await serve(await stranger.issueHost(host.name)), tls: tls(host.name) },
        reason: /not from our CA/,
      },
      {
        options: { port: (plain.address() as { port: number }).port, tls: tls(host.name) },
        reason: /does not speak TLS/,
      },
    ];
    for (const { options, reason } of cases) {
      client = options;
      const failure = await failureWith(all, host);
      expect(failure.kind).toBe("untrusted");
      expect(failure.message).toMatch(reason);
      expect(await all.staleReasons(host)).toEqual(["HOST_FAILED"]);
    }
    // A TLS client speaks first, and nothing but its hello was heard.
    expect(heard.length).toBeGreaterThan(0);
    for (const chunk of heard) expect(chunk.readUInt8(0)).toBe(22);
    expect(Buffer.concat(heard).includes("CONNECT")).toBe(false);
  });
});

describe("F28: certificates that are changed", () => {
  test("are read again at the next connection; until then the host refuses, and is not asked fast", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vnic-graph-fault-"));
    ends.push(() => rm(folder, { recursive: true }));
    const files = {
      caFile: join(folder, "ca.pem"),
      certFile: join(folder, "cert.pem"),
      keyFile: join(folder, "key.pem"),
      serverName: "none",
    };
    const put = async (credentials: Credentials) => {
      await writeFile(files.caFile, credentials.ca);
      await writeFile(files.certFile, credentials.cert);
      await writeFile(files.keyFile, credentials.key);
    };
    const [before, after] = [await createAuthority(), await createAuthority()];
    const world = { answer: () => true };
    const old = await startVdsmServer({ world, tls: await before.issueHost("host1") });
    const { port } = old;
    await put(await before.issueClient());
    const client = createVdsmClient({ host: "127.0.0.1", port, tls: createTlsReader(files) });
    ends.push(() => client.close());
    await client.ping2();
    await old.stop();
    const rotated = await startVdsmServer({ port, world, tls: await after.issueHost("host1") });
    ends.push(() => rotated.stop());
    await expect(client.ping2()).rejects.toMatchObject({ kind: "untrusted" });
    await put(await after.issueClient());
    await expect.poll(() => client.ping2().then(() => "answered", String)).toBe("answered");
  });
});

describe("F26: a host whose address changes", () => {
  test.skipIf(process.platform !== "linux")("is looked up at every connection", async () => {
    const world = { answer: () => true };
    const here = await startVdsmServer({ world });
    ends.push(() => here.stop());
    const there = await startVdsmServer({ world, host: "127.0.0.2", port: here.port });
    ends.push(() => there.stop());
    let address: string | null = "127.0.0.1";
    const lookup = vi.spyOn(dns, "lookup").mockImplementation((...given: unknown[]) => {
      const callback = given.at(-1) as (...result: unknown[]) => void;
      const isAll = (given[1] as { all?: boolean }).all === true;
      queueMicrotask(() => {
        if (address === null) callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }));
        else if (isAll) callback(null, [{ address, family: 4 }]);
        else callback(null, address, 4);
      });
    });
    const client = createVdsmClient({ host: "moving.example.test", port: here.port, tls: null });
    ends.push(() => client.close());
    await client.ping2();
    expect([here.accepted, there.accepted]).toEqual([1, 0]);
    address = null;
    here.dropConnections();
    await expect.poll(() => client.ping2().catch(String)).toMatch(/its name does not resolve/);
    address = "127.0.0.2";
    await client.ping2();
    expect([here.accepted, there.accepted]).toEqual([1, 1]);
    expect(lookup.mock.calls.length).toBeGreaterThanOrEqual(3);
  });
});

describe("F29: a line of 200 ms on which every tenth packet comes late", () => {
  test("loses no refresh", async () => {
    const random = new Random(29);
    const all = await startRefreshing({
      hosts: 12,
      vmsPerHost: 3,
      refresher: { createClient: ({ host, port }) => clientThrough(ports.get(port) ?? port, host) },
    });
    ends.push(() => all.stop());
    for (const { configured } of all.fleet.hosts) {
      const proxy = await startProxy({ host: "127.0.0.1", port: configured.port });
      proxy.delayMs = () => (random.drawChance(0.1) ? 400 : 100);
      ends.push(() => proxy.stop());
      ports.set(configured.port, proxy.port);
      await all.refresher.removeHost(configured.id);
      all.refresher.addHost(configured);
    }
    for (let round = 0; round < 3; round += 1) {
      for (const host of all.fleet.hosts) host.next();
      const results = await all.refresher.refreshAll();
      expect(results.filter(({ outcome }) => outcome !== "done")).toEqual([]);
      await all.expectWhole();
    }
  });
  const ports = new Map<number, number>();
  const clientThrough = (port: number, host: string) =>
    createVdsmClient({ host, port, tls: null, callTimeoutMs: 20_000 });
});

test("F20: an answer over the limit is refused whole; a large one under it is taken", async () => {
  const [all, host] = await refreshing(() => ({ maxFrameBytes: 40_000 }));
  const { world } = all.fleet;
  const record = world.createRecord(world.vms[0]!, world.vms[0]!.presences[0]!);
  const before = await all.storedGeneration(host);
  const many = Array.from({ length: 50 }, (_, at) => ({
    ...record,
    vmId: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`,
  }));
  host.server.faults.failNext({ kind: "result", result: many }, "Host.getAllVmStats");
  const refused = await all.pass(host);
  expect(refused).toMatchObject({ outcome: "failed", failure: { kind: "protocol" } });
  await all.expectWhole();
  expect(await all.storedGeneration(host)).toBe(before);
  expect(await all.database.store.countVms({})).toBe(3);
  expect((await all.pass(host)).outcome).toBe("done");
});
