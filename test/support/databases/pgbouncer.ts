import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "../eventually.js";
import { freePort } from "../processes/tcp.js";

/** A PgBouncer for one test. */
export interface PgBouncer {
  /** Formats the URL of the same database through PgBouncer. */
  formatUrl(databaseUrl: string): string;
  stop(): Promise<void>;
}

/** Finds the program at its usual paths; `undefined`: it is not installed. */
export function findPgBouncer(): string | undefined {
  return ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].find((path) =>
    existsSync(path),
  );
}

/** Starts a PgBouncer in front of the server of a URL, on a free port of loopback. PgBouncer refuses to run as root. */
export async function startPgBouncer(
  program: string,
  databaseUrl: string,
  settings: Readonly<Record<string, string | number>>,
): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(databaseUrl);
  const folder = mkdtempSync(join(tmpdir(), "vnic-graph-pgbouncer-"));
  chmodSync(folder, 0o755);
  const own = await freePort();
  const users = join(folder, "users.txt");
  writeFileSync(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`);
  const config = join(folder, "pgbouncer.ini");
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: own,
    auth_type: "trust",
    auth_file: users,
    unix_socket_dir: "",
    ...settings,
  };
  writeFileSync(
    config,
    [
      "[databases]",
      `* = host=${hostname} port=${port || 5432}`,
      "[pgbouncer]",
      ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
      "",
    ].join("\n"),
  );
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(program, [config], { ...user, stdio: "ignore" });
  const formatUrl = (url: string) => {
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String(own);
    return through.href;
  };
  await eventually(async () => {
    const client = new pg.Client({ connectionString: formatUrl(databaseUrl) });
    try {
      await client.connect();
    } finally {
      await client.end().catch(() => undefined);
    }
  });
  return {
    formatUrl,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGINT");
      const hard = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(hard);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
