import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runDoctor } from "../../src/commands/doctor.js";
import { loadConfig } from "../../src/config.js";
import { createAuthority, type Credentials } from "../../src/simulator/wire/certificates.js";
import { startCluster, type SimulatedCluster } from "../../src/simulator/cluster.js";
import { startVdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { createEngineDatabase } from "../engine-store/engine-database.js";
import { readContents } from "../support/databases/contents.js";
import { asAdmin, createDatabase, type TestDatabase } from "../support/databases/database.js";
import { freePort } from "../support/processes/tcp.js";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("vnic-graph doctor", () => {
  test("finds nothing to mend where all is well, and leaves no trace", async () => {
    const { url, dataSource } = await database();
    const cluster = await simulated({ tls: true });
    const redis = await fakeRedis("redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n");
    const before = await readContents(dataSource);
    const { text, isWell } = await diagnosis({
      DATABASE_URL: url,
      REDIS_URL: redis,
      VDSM_HOSTS: cluster.vdsmHosts,
      ...certificateFiles(cluster.clientTls!),
    });
    expect(text).toMatch(
      new RegExp(
        [
          "^ok    settings: understood: hosts are polled into the PostgreSQL of DATABASE_URL",
          "ok    client certificate: good until .*",
          "ok    database: PostgreSQL \\d+.* answers",
          "ok    clock: this machine and the database are \\d+\\.\\d s apart",
          "ok    tables: up to date",
          "ok    statements: all that a gateway asks and writes was tried, and undone",
          "ok    Redis: Redis 7\\.2\\.4 answers",
          "ok    host 127\\.0\\.0\\.1:\\d+: host1\\.example\\.test, VDSM 4\\S+: 6 VMs, \\d with a guest agent .*",
          "ok    host 127\\.0\\.0\\.1:\\d+: host2\\.example\\.test, VDSM 4\\S+: 6 VMs, \\d with a guest agent .*",
          "9 ok, 0 to look at, 0 failed$",
        ].join("\n"),
      ),
    );
    expect(isWell).toBe(true);
    expect(await readContents(dataSource)).toEqual(before);
  });

  test("looks at an empty database without making a table", async () => {
    const { url, dataSource } = await database({ template: null });
    const { text } = await diagnosis({ DATABASE_URL: url });
    expect(text).toMatch(/^ok {4}tables: `vnic-graph start` or `migrate` will run InitialTables\d+, .+$/m);
    expect(text).toMatch(/^warn {2}hosts: none is polled from here, for want of a client certificate$/m);
    expect(await readContents(dataSource)).toEqual({});
  });

  test.each(["nowhere", "pg_catalog"])(
    "says that tables can be in no schema of search_path %s",
    async (path) => {
      const { url } = await database({ template: null });
      const lost = new URL(url);
      lost.searchParams.set("options", `-csearch_path=${path}`);
      const { text } = await diagnosis({ DATABASE_URL: lost.href });
      expect(text).toMatch(
        new RegExp(
          `^fail {2}tables: search_path is ${path}, .*\n.*ALTER ROLE \\S+ SET search_path = public`,
          "m",
        ),
      );
    },
  );

  test("asks the hosts that were added to the database, too", async () => {
    const { url, store } = await database();
    const port = await freePort();
    const host = { id: "c842562f-a8bc-5d3a-891d-f837d498568b", name: "h", host: "127.0.0.1", port };
    await store.addHost(host, 15_000);
    const { text, isWell } = await diagnosis({ DATABASE_URL: url, VDSM_TLS: "off" });
    expect(text).toMatch(
      new RegExp(`^fail {2}host 127\\.0\\.0\\.1:${port}: Host\\.ping2: connection refused`, "m"),
    );
    expect(text).toContain("-> on the host: `systemctl status vdsmd`");
    expect(isWell).toBe(false);
  });

  test("V10: does not ask a host that the settings no longer name, and says so", async () => {
    const { url, store } = await database();
    const [gone, named] = [await freePort(), await freePort()];
    const host = { id: "c842562f-a8bc-5d3a-891d-f837d498568b", name: "h", host: "127.0.0.1", port: gone };
    await store.registerHosts([host], 15_000);
    const settings = { DATABASE_URL: url, VDSM_TLS: "off", VDSM_HOSTS: `127.0.0.1:${named}` };
    const { text } = await diagnosis(settings);
    expect(text).toMatch(
      new RegExp(`^warn {2}host 127\\.0\\.0\\.1:${gone}: no longer polled by these settings`, "m"),
    );
    expect(text).not.toMatch(new RegExp(`^fail {2}host 127\\.0\\.0\\.1:${gone}`, "m"));
    expect(text).toMatch(new RegExp(`^fail {2}host 127\\.0\\.0\\.1:${named}`, "m"));
  });

  test("tells hosts apart that are starting, do not answer, speak otherwise, and send VMs that cannot be read", async () => {
    const cluster = await simulated({ tls: false, hosts: 5 });
    const [starting, mute, garbage, broken, faulty] = cluster.hosts.map(({ server }) => server.faults);
    starting!.failAlways({ kind: "recovering" }, "Host.getAllVmStats");
    mute!.failAlways({ kind: "hang" });
    garbage!.failAlways({ kind: "garbage" });
    broken!.failAlways({ kind: "result", result: [{ vmId: 7 }] }, "Host.getAllVmStats");
    faulty!.failAlways({ kind: "error", code: -32603 });
    const settings = { DATABASE_URL: (await database()).url, VDSM_TLS: "off", VDSM_TIMEOUT: "500ms" };
    const { text } = await diagnosis({ ...settings, VDSM_HOSTS: cluster.vdsmHosts });
    const verdicts = cluster.hosts.map(({ port }) =>
      [
        ...text.matchAll(
          new RegExp(`^(\\w+) +host 127\\.0\\.0\\.1:${port}: .*\\n(?: +-> (\\S+ \\S+))?`, "gm"),
        ),
      ].map(([, verdict, mend]) => [verdict, mend ?? null]),
    );
    expect(verdicts).toEqual([
      [["warn", "vdsmd has"]],
      [["fail", "it takes"]],
      [["fail", "if vdsm.conf"]],
      [
        ["ok", null],
        ["warn", "their stored"],
      ],
      [["fail", "look into"]],
    ]);
  });

  test("warns before certificates expire, the host's and ours", async () => {
    const authority = await createAuthority();
    const soon = {
      notBefore: new Date(Date.now() - 86_400_000),
      notAfter: new Date(Date.now() + 10.5 * 86_400_000),
    };
    const world = (await simulated({ tls: false })).world.createAnswers("host1.example.test");
    const server = await startVdsmServer({ tls: await authority.issueHost("host1", soon), world });
    cleanups.push(() => server.stop());
    const { text, isWell } = await diagnosis({
      DATABASE_URL: (await database()).url,
      VDSM_HOSTS: `127.0.0.1:${server.port}`,
      ...certificateFiles(await authority.issueClient("client", soon)),
    });
    expect(text).toMatch(
      /^warn {2}client certificate: VDSM_CERT_FILE expires in 10 days, on .*\n +-> have it/m,
    );
    expect(text).toMatch(/^warn {2}host \S+: its certificate expires in 10 days, on .*\n +-> on the engine/m);
    expect(isWell).toBe(true);
  });

  test("tells a certificate of another CA from one that is no certificate", async () => {
    const cluster = await simulated({ tls: true });
    const stranger = await (await createAuthority()).issueClient();
    const settings = { DATABASE_URL: (await database()).url, VDSM_HOSTS: cluster.vdsmHosts };
    const foreign = await diagnosis({ ...settings, ...certificateFiles(stranger) });
    expect(foreign.text).toMatch(
      /^fail {2}host \S+: Host\.ping2: the host's certificate is not from our CA/m,
    );
    const none = await diagnosis({ ...settings, ...certificateFiles({ ...stranger, cert: "nothing" }) });
    expect(none.text).toMatch(/^fail {2}client certificate: .*client\.pem: is not what was expected/m);
    expect(none.text).not.toContain("Host.ping2");
    expect([foreign.isWell, none.isWell]).toEqual([false, false]);
  });

  test.each([
    [{ PORT: "seven" }, /^fail {2}settings: PORT must be a port/m],
    [
      { AUTH_TOKENS_FILE: "nowhere.json" },
      /^fail {2}identity: AUTH_TOKENS_FILE: .*nowhere\.json cannot be read/m,
    ],
    [{ TRUSTED_DOCUMENTS_FILE: "nowhere.json" }, /^fail {2}operations: TRUSTED_DOCUMENTS_FILE: /m],
    [{ TLS_CERT_FILE: "nowhere.pem", TLS_KEY_FILE: "nowhere.key" }, /^fail {2}https: TLS_CERT_FILE: /m],
    [{ HOST: "0.0.0.0", INSECURE: "on" }, /^warn {2}identity: everybody who can reach 0\.0\.0\.0 may ask/m],
  ])("says what is wrong with the settings %j", async (settings, line) => {
    const { text } = await diagnosis({ DATABASE_URL: await nowhere(), ...settings });
    expect(text).toMatch(line);
  });

  test("says why a database is of no use", async () => {
    const strange = await database({ template: null });
    await strange.dataSource.query("CREATE TABLE vm_static (vm_guid uuid PRIMARY KEY)");
    const foreign = await diagnosis({ DATABASE_URL: strange.url });
    expect(foreign.text).toMatch(/^fail {2}tables: .*has tables that vnic-graph did not make \(vm_static\)/m);
    const missing = new URL(strange.url);
    missing.pathname = "/vnic_graph_nowhere";
    const none = await diagnosis({ DATABASE_URL: missing.href });
    expect(none.text).toMatch(/^fail {2}database: cannot be reached: .*\n +-> create the database/m);
    const down = await diagnosis({ DATABASE_URL: await nowhere() });
    expect(down.text).toMatch(/^fail {2}database: cannot be reached: .*ECONNREFUSED/m);
    for (const { text } of [foreign, none, down])
      expect(text).not.toContain(missing.password || "no password");
  });

  test("says that role or database allow fewer connections than a gateway opens, and that a database takes none", async () => {
    const engine = await createEngineDatabase();
    cleanups.push(() => engine.drop());
    const settings = { SOURCE: "engine", DATABASE_URL: engine.url };
    const name = new URL(engine.url).pathname.slice(1);
    await asAdmin(`ALTER DATABASE ${name} CONNECTION LIMIT 8`);
    const few = await diagnosis(settings);
    expect(few.text).toMatch(/^warn {2}connections: database \w+ allows 8, and a gateway opens up to 10$/m);
    expect((await diagnosis({ ...settings, DATABASE_POOL_SIZE: "8" })).text).not.toContain("connections:");
    await asAdmin(`ALTER ROLE ${engine.role} CONNECTION LIMIT 2`);
    await engine.dataSource.destroy();
    const tooFew = await diagnosis(settings);
    expect(tooFew.text).toMatch(
      /^fail {2}connections: role \w+ allows 2, .*\n +-> ALTER ROLE \w+ CONNECTION LIMIT -1/m,
    );
    await asAdmin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    expect((await diagnosis(settings)).text).toMatch(
      /cannot be reached: .*\n +-> ALTER DATABASE … ALLOW_CONN/,
    );
  });

  test.each([
    ["the list of migrations", "vnic_graph_migrations", "tables"],
    ["the list of hosts", "vds_static", "(?:database|statements)"],
  ])("says that somebody holds a lock on %s", async (_, table, check) => {
    const { url, dataSource } = await database();
    const holder = dataSource.createQueryRunner();
    cleanups.push(() => holder.release());
    await holder.startTransaction();
    await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    const { text } = await diagnosis({ DATABASE_URL: url });
    await holder.rollbackTransaction();
    expect(text).toMatch(
      new RegExp(`^fail {2}${check}: .*canceling statement due to lock.*\\n +-> somebody holds a lock`, "m"),
    );
  });

  test("says what an engine's database lacks, and what its role has too much", async () => {
    const engine = await createEngineDatabase();
    cleanups.push(() => engine.drop());
    const settings = { SOURCE: "engine", DATABASE_URL: engine.url };
    expect((await diagnosis(settings)).text).toMatch(/^ok {4}tables: engine database \S+: read only/m);
    await engine.asEngine(`GRANT INSERT ON vm_static TO ${engine.role}`);
    expect((await diagnosis(settings)).text).toMatch(/^warn {2}tables: .*this role may write/m);
    await engine.asEngine("BEGIN", "LOCK TABLE vm_static");
    expect((await diagnosis(settings)).text).toMatch(/^fail {2}tables: .*\n +-> somebody holds a lock/m);
    await engine.asEngine("ROLLBACK", "DROP TABLE vm_device");
    const lacking = await diagnosis(settings);
    expect(lacking.text).toMatch(/^fail {2}tables: .*lacks table vm_device/m);
    expect(lacking.isWell).toBe(false);
  });

  test.each([
    ["redis_version:7.0.0\r\nmaxmemory_policy:allkeys-lru\r\n", /^warn {2}Redis: it may throw keys away/m],
    ["redis_version:5.0.7\r\n", /^fail {2}Redis: Redis 5\.0\.7 is too old/m],
    ["redis_version:7.0.0\r\nrole:slave\r\n", /^fail {2}Redis: is a replica/m],
  ])("reads what Redis says of itself: %j", async (info, line) => {
    const { text } = await diagnosis({ DATABASE_URL: await nowhere(), REDIS_URL: await fakeRedis(info) });
    expect(text).toMatch(line);
  });

  test("says that Redis does not answer", async () => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
    const { text } = await diagnosis({ DATABASE_URL: await nowhere(), REDIS_URL });
    expect(text).toMatch(/^fail {2}Redis: does not answer: .*\n +-> check REDIS_URL/m);
  });
});

async function diagnosis(settings: Record<string, string>): Promise<{ text: string; isWell: boolean }> {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const isWell = await runDoctor(
    () => loadConfig(settings),
    (line) => lines.push(line),
    signal,
  );
  return { text: lines.join("\n"), isWell };
}

async function database(options: { template?: null } = {}): Promise<TestDatabase> {
  const created = await createDatabase(options);
  cleanups.push(() => created.drop());
  return created;
}

async function nowhere(): Promise<string> {
  return `postgres://vnic@127.0.0.1:${await freePort()}/vnic`;
}

async function simulated(options: { tls: boolean; hosts?: number }): Promise<SimulatedCluster> {
  const cluster = await startCluster({ hosts: 2, vms: 12, port: 0, seed: 1, tickMs: null, ...options });
  cleanups.push(() => cluster.stop());
  return cluster;
}

function certificateFiles({ ca, cert, key }: Credentials): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "vnic-graph-doctor-"));
  cleanups.push(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, pem: string) => {
    writeFileSync(join(folder, name), pem);
    return join(folder, name);
  };
  return {
    VDSM_CA_FILE: write("ca.pem", ca),
    VDSM_CERT_FILE: write("client.pem", cert),
    VDSM_KEY_FILE: write("client.key", key),
  };
}

/** Says `INFO`'s words, and yes to all else; as much of a Redis as the doctor asks for. */
async function fakeRedis(info: string): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      for (const [, command] of chunk.toString().matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)/gm)) {
        socket.write(command!.toLowerCase() === "info" ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
