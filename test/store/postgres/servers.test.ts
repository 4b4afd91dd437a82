import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataSource } from "typeorm";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../src/embedded-postgres/embedded-postgres.js";
import { checkDatabase } from "../../../src/commands/doctor/database.js";
import { loadConfig } from "../../../src/config.js";
import { createAuthority, type Credentials } from "../../../src/simulator/wire/certificates.js";
import { parseCursor } from "../../../src/store/changes/cursor.js";
import { advanceAddressIndex } from "../../../src/store/changes/spans/span-indexer.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { createStore } from "../../../src/store/store.js";
import { eventually } from "../../support/eventually.js";
import { temporaryFolder } from "../../support/processes/gateway.js";
import { runSql } from "../../support/databases/postgres-server.js";
import { copyForStandby, startStandby, writeAsOwner } from "../../support/databases/standby.js";
import { freePort } from "../../support/processes/tcp.js";
import { listEveryRead } from "../../support/reads/every-read.js";

const SETTINGS = { fsync: "off" };
const NO_LOG = () => undefined;

const folder = temporaryFolder();
let primary: EmbeddedPostgres;
let standby: EmbeddedPostgres;
let right: Credentials;
let foreign: Credentials;
const open: DataSource[] = [];

/**
 * A primary, and a standby that was copied from it while it was down. The primary has TLS, and its standby has none.
 */
beforeAll(async () => {
  // The server's user must get through it.
  chmodSync(folder.path, 0o755);
  const [first, second] = [join(folder.path, "first"), join(folder.path, "second")];
  primary = await startEmbeddedPostgres({ dataDir: first, log: NO_LOG, settings: SETTINGS });
  const tables = await createDataSource(primary.url, { poolSize: 1 }).initialize();
  await migrate(tables);
  while ((await advanceAddressIndex(tables)) === "more");
  await tables.destroy();
  await primary.stop();
  copyForStandby(first, second);
  primary = await startEmbeddedPostgres({ dataDir: first, log: NO_LOG, settings: SETTINGS });
  standby = await startStandby(second, null, primary.url);
  const authority = await createAuthority("Private CA");
  right = await authority.issueHost("db.example.org", undefined, ["db.example.org", "127.0.0.1"]);
  foreign = await (await createAuthority("Foreign CA")).issueHost("db.example.org");
  const cluster = join(first, "postgresql");
  writeAsOwner(cluster, "own.crt", right.cert);
  writeAsOwner(cluster, "own.key", right.key);
  writeFileSync(join(folder.path, "ca.pem"), right.ca);
  writeFileSync(join(folder.path, "foreign.pem"), foreign.ca);
  await runSql(primary.url, "ALTER SYSTEM SET ssl_cert_file = 'own.crt'");
  await runSql(primary.url, "ALTER SYSTEM SET ssl_key_file = 'own.key'");
  await runSql(primary.url, "ALTER SYSTEM SET ssl = on");
  await runSql(primary.url, "SELECT pg_reload_conf()");
});

afterEach(async () => {
  for (const each of open.splice(0)) if (each.isInitialized) await each.destroy();
});

afterAll(async () => {
  await standby.stop();
  await primary.stop();
  folder.remove();
});

const portOf = (server: EmbeddedPostgres): number => Number(new URL(server.url).port);

/** The URL of several servers, as one writes it by hand. */
function urlOf(hosts: string, parameters: string): string {
  const { username, password, pathname } = new URL(primary.url);
  return `postgres://${username}:${password}@${hosts}${pathname}?${parameters}`;
}

async function connect(hosts: string, parameters: string): Promise<DataSource> {
  const dataSource = createDataSource(urlOf(hosts, parameters), { poolSize: 2, connectTimeoutMs: 2_000 });
  open.push(dataSource);
  return dataSource.initialize();
}

async function ask(dataSource: DataSource): Promise<{ port: number | null; encrypted: boolean }> {
  const [row] = await dataSource.query<{ port: number | null; encrypted: boolean }[]>(
    `SELECT inet_server_port() AS port, coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)
       AS encrypted`,
  );
  return row!;
}

type ServerName = "primary" | "standby";

describe("of several servers", () => {
  test.each(
    Object.entries<{
      readonly attributes: string;
      readonly order: readonly ServerName[];
      readonly expected: ServerName;
    }>({
      "any takes the first that answers": {
        attributes: "any",
        order: ["standby", "primary"],
        expected: "standby",
      },
      "read-write takes the one that can be written": {
        attributes: "read-write",
        order: ["standby", "primary"],
        expected: "primary",
      },
      "primary takes the primary": {
        attributes: "primary",
        order: ["standby", "primary"],
        expected: "primary",
      },
      "read-only takes the one that cannot be written": {
        attributes: "read-only",
        order: ["primary", "standby"],
        expected: "standby",
      },
      "standby takes the standby": {
        attributes: "standby",
        order: ["primary", "standby"],
        expected: "standby",
      },
      "prefer-standby takes the standby, wherever it stands": {
        attributes: "prefer-standby",
        order: ["primary", "standby"],
        expected: "standby",
      },
      "prefer-standby takes the primary where there is no standby": {
        attributes: "prefer-standby",
        order: ["primary"],
        expected: "primary",
      },
    }),
  )("%s", async (_title, { attributes, order, expected }) => {
    const servers = { primary, standby };
    const hosts = order.map((name) => `127.0.0.1:${portOf(servers[name])}`).join(",");
    const dataSource = await connect(hosts, `target_session_attrs=${attributes}`);
    expect((await ask(dataSource)).port).toBe(portOf(servers[expected]));
  });

  test("one that does not answer is left out", async () => {
    const hosts = `127.0.0.1:${await freePort()},127.0.0.1:${portOf(primary)}`;
    expect((await ask(await connect(hosts, "target_session_attrs=read-write"))).port).toBe(portOf(primary));
  });

  test("none is taken where none is what was asked for, and that is said", async () => {
    const refused = connect(`127.0.0.1:${portOf(standby)}`, "target_session_attrs=read-write");
    await expect(refused).rejects.toMatchObject({
      name: "DatabaseUnavailableError",
      cause: { message: `127.0.0.1:${portOf(standby)} is not read-write` },
    });
  });

  test("random order reaches each of them", async () => {
    const hosts = `127.0.0.1:${portOf(standby)},127.0.0.1:${portOf(primary)}`;
    const seen = new Set<number | null>();
    await eventually(async () => {
      seen.add((await ask(await connect(hosts, "load_balance_hosts=random"))).port);
      expect(seen.size).toBe(2);
    });
  });
});

describe("TLS", () => {
  const CA = `sslrootcert=${encodeURIComponent(join(folder.path, "ca.pem"))}`;
  const FOREIGN_CA = `sslrootcert=${encodeURIComponent(join(folder.path, "foreign.pem"))}`;

  test.each([
    ["sslmode=disable", false],
    ["", false],
    ["sslmode=allow", false],
    ["sslmode=prefer", true],
    ["sslmode=require", true],
    ["sslmode=no-verify", true],
    [`sslmode=require&${CA}`, true],
    [`sslmode=verify-ca&${CA}`, true],
    [`sslmode=verify-full&${CA}`, true],
  ])(
    "%j beside a server with a certificate of a private CA: encrypted is %s",
    async (parameters, encrypted) => {
      await eventually(async () => {
        expect((await ask(await connect(`127.0.0.1:${portOf(primary)}`, parameters))).encrypted).toBe(
          encrypted,
        );
      });
    },
  );

  test.each([
    [`sslmode=require&${FOREIGN_CA}`, /self.signed|unable to verify|unable to get/],
    [`sslmode=verify-ca&${FOREIGN_CA}`, /self.signed|unable to verify|unable to get/],
    [`sslmode=verify-full&${FOREIGN_CA}`, /self.signed|unable to verify|unable to get/],
    ["sslmode=verify-full", /self.signed|unable to verify|unable to get/],
    ["sslmode=verify-ca&sslrootcert=%2Fnowhere.pem", /sslrootcert in DATABASE_URL cannot be read \(ENOENT\)/],
  ])("%j is refused there, with the reason", async (parameters, reason) => {
    await expect(connect(`127.0.0.1:${portOf(primary)}`, parameters)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(reason) as string },
    });
  });

  test("verify-full refuses a certificate of another name, which verify-ca takes", async () => {
    const hosts = `localhost:${portOf(primary)}`;
    expect((await ask(await connect(hosts, `sslmode=verify-ca&${CA}`))).encrypted).toBe(true);
    await expect(connect(hosts, `sslmode=verify-full&${CA}`)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/altnames/) as string },
    });
  });

  test.each([
    ["sslmode=prefer", null],
    ["sslmode=allow", null],
    ["sslmode=require", /does not support SSL/],
    [`sslmode=verify-full&${CA}`, /does not support SSL/],
  ])("%j beside a server without TLS", async (parameters, refusal) => {
    const connected = connect(`127.0.0.1:${portOf(standby)}`, parameters);
    if (refusal === null) expect((await ask(await connected)).encrypted).toBe(false);
    else {
      await expect(connected).rejects.toMatchObject({
        cause: { message: expect.stringMatching(refusal) as string },
      });
    }
  });

  test("channel_binding=require takes only a login that is bound to TLS", async () => {
    const bound = await connect(`127.0.0.1:${portOf(primary)}`, "sslmode=require&channel_binding=require");
    expect((await ask(bound)).encrypted).toBe(true);
    for (const server of [primary, standby]) {
      await expect(
        connect(`127.0.0.1:${portOf(server)}`, "sslmode=disable&channel_binding=require"),
      ).rejects.toMatchObject({ cause: { message: expect.stringMatching(/bound to its TLS/) as string } });
    }
  });

  test.each(["require", `verify-full&${CA}`])(
    "sslmode=%s does not count on a Unix socket, where there is no TLS",
    async (mode) => {
      const [{ folder: socket } = { folder: "" }] = await runSql<{ folder: string }>(
        standby.url,
        "SELECT current_setting('unix_socket_directories') AS folder",
      );
      const host = `host=${encodeURIComponent(socket)}&port=${portOf(standby)}`;
      expect(await ask(await connect("", `${host}&sslmode=${mode}`))).toEqual({
        port: null,
        encrypted: false,
      });
    },
  );

  test("a server that insists on TLS is reached by allow and prefer, and says so to disable", async () => {
    const cluster = join(folder.path, "first", "postgresql");
    const rules = readFileSync(join(cluster, "pg_hba.conf"), "utf8");
    writeAsOwner(cluster, "pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n");
    const reload = urlOf(`127.0.0.1:${portOf(primary)}`, "sslmode=no-verify");
    await runSql(reload, "SELECT pg_reload_conf()");
    const hosts = `127.0.0.1:${portOf(primary)}`;
    await eventually(() =>
      expect(connect(hosts, "sslmode=disable")).rejects.toMatchObject({ cause: { code: "28000" } }),
    );
    for (const mode of ["allow", "prefer"]) {
      expect((await ask(await connect(hosts, `sslmode=${mode}`))).encrypted).toBe(true);
    }
    writeAsOwner(cluster, "pg_hba.conf", rules);
    await runSql(reload, "SELECT pg_reload_conf()");
  });
});

describe("the doctor has a hint for", () => {
  const CA = encodeURIComponent(join(folder.path, "ca.pem"));
  const find = async (hosts: string, parameters: string) => {
    const config = loadConfig({ DATABASE_URL: urlOf(hosts, parameters) });
    const { findings } = await checkDatabase(config);
    return findings.map(({ verdict, what, mend }) => ({ verdict, what, mend: mend ?? "" }));
  };

  test.each(
    Object.entries({
      "a private CA that is not named": {
        host: "127.0.0.1",
        parameters: "sslmode=verify-full",
        hint: /name the server's CA: sslrootcert=/,
      },
      "a certificate of another name": {
        host: "localhost",
        parameters: `sslmode=verify-full&sslrootcert=${CA}`,
        hint: /for another name/,
      },
      "a file that is not there": {
        host: "127.0.0.1",
        parameters: "sslmode=verify-ca&sslrootcert=nowhere.pem",
        hint: /correct the file that sslrootcert/,
      },
      "a server of another kind": {
        host: "127.0.0.1",
        parameters: "target_session_attrs=standby",
        hint: /none of the servers is what/,
      },
    }),
  )("%s", async (_cause, { host, parameters, hint }) => {
    expect(await find(`${host}:${portOf(primary)}`, parameters)).toMatchObject([
      { verdict: "fail", mend: expect.stringMatching(hint) as string },
    ]);
  });

  test("a server without TLS, a login that is not bound to it, a standby, and a socket's folder that is not there", async () => {
    const follower = `127.0.0.1:${portOf(standby)}`;
    expect(await find(follower, "sslmode=require")).toMatchObject([
      { mend: expect.stringMatching(/the server has no TLS/) as string },
    ]);
    expect((await find(follower, ""))[0]).toMatchObject({ what: "is a standby, which cannot be written" });
    expect(await find(follower, "channel_binding=require")).toMatchObject([
      { mend: expect.stringMatching(/over TLS, with a password of scram-sha-256/) as string },
    ]);
    expect(await find("", "host=%2Fnowhere")).toMatchObject([
      { mend: expect.stringMatching(/folder of the Unix socket/) as string },
    ]);
  });
});

test("a standby answers every read, and has the cursors of its primary", async () => {
  const [ofPrimary, ofStandby] = await Promise.all(
    [primary, standby].map(async (server) => createStore(await connect(`127.0.0.1:${portOf(server)}`, ""))),
  );
  for (const read of Object.values(listEveryRead(ofStandby!))) await read();
  const logIds = await Promise.all(
    [ofPrimary!, ofStandby!].map(async (store) => parseCursor((await store.readChangeCursor())!).logId),
  );
  expect(logIds[1]).toBe(logIds[0]);
});

test("after a failover the same DataSource writes to the new primary", async () => {
  const hosts = `127.0.0.1:${portOf(primary)},127.0.0.1:${portOf(standby)}`;
  const dataSource = await connect(hosts, "target_session_attrs=read-write");
  expect((await ask(dataSource)).port).toBe(portOf(primary));
  await primary.stop();
  await expect(dataSource.query("SELECT 1")).rejects.toThrow();
  await runSql(standby.url, "SELECT pg_promote()");
  await eventually(async () => {
    expect((await ask(dataSource)).port).toBe(portOf(standby));
  });
  await dataSource.query("CREATE TABLE after_failover (id int)");
});
