import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createEngineDatabase } from "../engine-store/engine-database.js";
import { SMALL_ENGINE } from "../engine-store/small-engine.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { runVnicGraph, type Run } from "../support/processes/process.js";
import { eventually } from "../support/eventually.js";
import { forward, freePort } from "../support/processes/tcp.js";

const runs: Run[] = [];
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill("SIGKILL");
    await run.ended;
  }
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("the demo", () => {
  test("says what it is, answers with guests' addresses, follows their changes, and stops cleanly", async () => {
    const gateway = start({ REFRESH_INTERVAL: "1s", DATA_DIR: folder() });
    const url = await readUrl(gateway);
    expect(gateway.output().split("\n")[0]).toMatch(
      /^This is a demonstration: DATABASE_URL and VDSM_HOSTS are not set/,
    );
    expect(gateway.output()).toContain("simulated cluster");
    await ready(url);

    const question = `{ vms(filter: { nameContains: "web-01" }) { totalCount nodes { name status guestInfo {
      ips stale networkDevices { name macAddress ipv4Addresses vmNic { id } } } nics { guestInterface { ipv4Addresses } } } } }`;
    const before = await ask(url, question);
    expect(before.data.vms.totalCount).toBe(1);
    const [device] = before.data.vms.nodes[0].guestInfo.networkDevices;
    expect(device.ipv4Addresses[0]).toMatch(/^10\./);
    expect(device.vmNic.id).toMatch(/^[0-9a-f-]{36}$/);

    await eventually(async () => {
      const after = await ask(url, question);
      expect(after.data.vms.nodes[0].guestInfo.ips).not.toEqual(before.data.vms.nodes[0].guestInfo.ips);
    });

    gateway.child.kill("SIGTERM");
    expect(await gateway.ended).toBe(0);
    expect(gateway.output()).toContain('"msg":"stopped"');
  });

  test("finds its hosts and VMs again after a restart", async () => {
    const DATA_DIR = folder();
    const question = "{ hosts { id name } vms(first: 500) { totalCount } }";
    const answers = [];
    for (const run of [1, 2]) {
      const gateway = start({ DATA_DIR, REFRESH_INTERVAL: "1s" });
      const url = await readUrl(gateway);
      await ready(url);
      answers.push(await ask(url, question));
      gateway.child.kill("SIGTERM");
      expect([run, await gateway.ended]).toEqual([run, 0]);
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0].data.hosts).toHaveLength(2);
  });

  test("ends at a signal that comes while it starts", async () => {
    const gateway = start({ DATA_DIR: folder() });
    await gateway.says(/demonstration/);
    gateway.child.kill("SIGTERM");
    expect(await gateway.ended).toBe(0);
  });
});

describe("a database that was named", () => {
  test("never gets demo data", async () => {
    const { url: DATABASE_URL } = await database();
    const gateway = start({ DATABASE_URL, CACHE_MAX_AGE: "5s" });
    const url = await readUrl(gateway);
    await ready(url);
    expect(gateway.output()).not.toContain("demonstration");
    const hinted = await fetch(`${url}/graphql?query={hosts{id}}`);
    expect(hinted.headers.get("cache-control")).toBe("public, max-age=5");
    expect(await ask(url, "{ hosts { id } vms { totalCount } }")).toEqual({
      data: { hosts: [], vms: { totalCount: 0 } },
    });
  });

  test("a database that stops a statement at its limit makes the graph and the REST flow answer 504, with no word of an internal error", async () => {
    const { url: DATABASE_URL, dataSource } = await database();
    const gateway = start({ DATABASE_URL });
    const url = await readUrl(gateway);
    await ready(url);
    const holder = dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query("LOCK TABLE vm_static IN ACCESS EXCLUSIVE MODE");
    const paths = ["/graphql?query={vms{nodes{id}}}", "/ovirt-engine/api/vms"];
    const answers = Promise.all(
      paths.map((path) => fetch(url + path, { headers: { accept: "application/json" } })),
    );
    let isAnswered = false;
    void answers.finally(() => (isAnswered = true));
    await eventually(async () => {
      // What PostgreSQL does at the limit, without waiting for it.
      await dataSource.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(isAnswered).toBe(true);
    });
    const [graph, rest] = await answers;
    expect([graph!.status, rest!.status]).toEqual([504, 504]);
    const detail = "The database took too long and was stopped. Ask for less at once.";
    expect(await graph!.json()).toMatchObject({
      errors: [{ message: detail, extensions: { code: "DEADLINE_EXCEEDED" } }],
    });
    expect(await rest!.json()).toEqual({ reason: "Gateway Timeout", detail });
    expect(gateway.output()).not.toMatch(/internal error|request failed/);
    await holder.rollbackTransaction();
    await holder.release();
  });

  test("serves others while refreshHost waits for a host that hangs: its place comes back at the deadline", async () => {
    const { url: DATABASE_URL } = await database();
    const sockets = new Set<Socket>();
    const hanging = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      hanging.close();
    });
    const { port } = hanging.address() as AddressInfo;
    const gateway = start({
      DATABASE_URL,
      VDSM_HOSTS: `127.0.0.1:${port}`,
      VDSM_TLS: "off",
      VDSM_TIMEOUT: "60s",
      REFRESH_INTERVAL: "1h",
      LIMITS: "deadlineMs=1500,running=1",
    });
    const url = await readUrl(gateway);
    let hosts: { id: string }[] = [];
    await eventually(async () => {
      ({ hosts } = (await ask(url, "{ hosts { id } }")).data);
      expect(hosts).toHaveLength(1);
    });
    for (let round = 0; round < 2; round++) {
      const refreshed = ask(url, `mutation { refreshHost(id: "${hosts[0]!.id}") { id } }`);
      expect((await refreshed).errors).toMatchObject([{ extensions: { code: "DEADLINE_EXCEEDED" } }]);
      // The only place there is.
      expect(await ask(url, "{ hosts { id } }")).toEqual({ data: { hosts } });
    }
  });

  test("is waited for, while health is served, and used once it is there", async () => {
    const { url } = await database();
    const { port } = new URL(url);
    const proxyPort = await freePort();
    const named = new URL(url);
    named.port = String(proxyPort);
    const gateway = start({ DATABASE_URL: named.href });
    const base = await readUrl(gateway);
    await gateway.says(/the database cannot be reached; waiting for it/);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const notReady = await fetch(`${base}/readyz`);
    expect([notReady.status, await notReady.json()]).toEqual([
      503,
      { ready: false, reasons: ["the database has not answered yet"] },
    ]);
    expect((await ask(base, "{ hosts { id } }")).errors[0].extensions.code).toBe("NOT_AVAILABLE");
    expect(gateway.output()).not.toContain(named.password || "no password");

    const forwarding = await forward(proxyPort, Number(port));
    cleanups.push(() => forwarding.close());
    await ready(base);
    expect(await ask(base, "{ hosts { id } }")).toEqual({ data: { hosts: [] } });
  });

  test("of somebody else is refused in one line", async () => {
    const strange = await database();
    await strange.dataSource.query("DROP SCHEMA public CASCADE");
    await strange.dataSource.query("CREATE SCHEMA public");
    await strange.dataSource.query("CREATE TABLE vm_static (vm_guid uuid PRIMARY KEY)");
    const gateway = start({ DATABASE_URL: strange.url });
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(
      /vnic-graph: database \S+: has tables that vnic-graph did not make \(vm_static\)/,
    );
    expect(gateway.output(), "neither a banner nor a stack").toMatch(/^vnic-graph: .*\n$/);
  });
});

describe("an engine's own database", () => {
  test("is read by a role that has only SELECT, said so, and never changed", async () => {
    const engine = await createEngineDatabase();
    await engine.asEngine(...SMALL_ENGINE);
    cleanups.push(() => engine.drop());
    const gateway = start({ SOURCE: "engine", DATABASE_URL: engine.url });
    const url = await readUrl(gateway);
    await ready(url);
    await gateway.says(/read only, as \S+; nothing is migrated, written or polled/);
    const answer = await ask(
      url,
      "{ vms { totalCount nodes { name guestInfo { networkDevices { name } } } } }",
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data.vms.totalCount).toBeGreaterThan(3);
    const refused = await ask(
      url,
      'mutation { refreshHost(id: "3fa4b3ff-6b11-4d30-9a1f-0a6f3dd7a001") { id } }',
    );
    expect(refused.errors[0].extensions).toEqual({ code: "NOT_AVAILABLE", permanent: true });
  });

  test("an engine's own database that lacks a table is refused, naming it", async () => {
    const { url: DATABASE_URL } = await database();
    const gateway = start({ SOURCE: "engine", DATABASE_URL });
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(/^vnic-graph: engine database .* lacks .*vnic_profiles.*\n$/);
  });
});

describe("hosts", () => {
  test("simulated in another process are refreshed once, and the exit code tells whether all answered", async () => {
    const { url: DATABASE_URL } = await database();
    const certs = folder();
    const simulator = run(["simulate", "--hosts", "2", "--vms", "12", "--certs", certs, "--tick", "3600000"]);
    await simulator.says(/VDSM_KEY_FILE=(\S+)/);
    const settings = Object.fromEntries(
      [...simulator.output().matchAll(/^(VDSM_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    const first = run(["refresh", "--once"], { DATABASE_URL, ...settings });
    expect(await first.ended).toBe(0);
    expect(first.output()).toMatch(/host1\.example\.test|127\.0\.0\.1:\d+ +done +6/);
    expect(first.output()).toContain("2 hosts asked, 0 failed");

    simulator.child.kill("SIGTERM");
    expect(await simulator.ended).toBe(0);
    const second = run(["refresh", "--once"], { DATABASE_URL, ...settings });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain("2 hosts asked, 2 failed");
  });

  test("with certificates that cannot be used are refused at start, naming the file", async () => {
    const gateway = start({
      VDSM_HOSTS: "127.0.0.1:1",
      VDSM_CA_FILE: "nowhere.pem",
      VDSM_CERT_FILE: "nowhere.pem",
      VDSM_KEY_FILE: "nowhere.key",
      DATA_DIR: folder(),
    });
    expect(await gateway.ended).toBe(2);
    expect(gateway.output()).toMatch(/^vnic-graph: .*nowhere\.pem.*\n$/);
  });
});

describe("a start that cannot be", () => {
  test.each([
    [{ PORT: "99999" }, 2, /^vnic-graph: PORT must be a port from 0 to 65535, not "99999"; .*\n$/],
    [{ HOST: "0.0.0.0" }, 2, /^vnic-graph: HOST is 0\.0\.0\.0, which others can reach, .*\n$/],
    [{ AUTH_TOKENS_FILE: "nowhere.json" }, 2, /^vnic-graph: .*nowhere\.json.*\n$/],
  ])("is told in one line: %j", async (environment, code, line) => {
    const gateway = start(environment);
    expect(await gateway.ended).toBe(code);
    expect(gateway.output()).toMatch(line);
  });

  test("names the port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    cleanups.push(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const gateway = start({ PORT: String(port), DATA_DIR: folder() });
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(new RegExp(`vnic-graph: .*${port}.*\n$`));
  });

  test("names the folder of data that another gateway uses, before it announces anything", async () => {
    const DATA_DIR = folder();
    await readUrl(start({ DATA_DIR }));
    const second = start({ DATA_DIR });
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/^vnic-graph: .*in use by process \d+.*\n$/);
  });

  test("with words that do not exist exits with 2", async () => {
    const wrong = run(["strat"]);
    expect(await wrong.ended).toBe(2);
    expect(wrong.output()).toContain("unknown command 'strat'");
  });
});

function start(environment: Record<string, string>): Run {
  return run(["start"], { PORT: "0", ...environment });
}

function run(words: string[], environment: Record<string, string> = {}): Run {
  const started = runVnicGraph(words, environment);
  runs.push(started);
  return started;
}

async function readUrl(gateway: Run): Promise<string> {
  const [, url] = await gateway.says(/GraphQL: (http:\S+)\/graphql/);
  return url!;
}

async function ready(url: string): Promise<void> {
  await eventually(async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
}

// The answers are read as loosely as a client would.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function ask(url: string, query: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

function folder(): string {
  const made = temporaryFolder();
  cleanups.push(() => {
    made.remove();
  });
  return made.path;
}

async function database(): Promise<TestDatabase> {
  const created = await createDatabase();
  cleanups.push(() => created.drop());
  return created;
}
