import { execFileSync, spawn } from "node:child_process";
import { chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareBinaries } from "../../../src/embedded-postgres/binaries.js";
import type { EmbeddedPostgres } from "../../../src/embedded-postgres/embedded-postgres.js";
import { eventually } from "../eventually.js";
import { freePort } from "../processes/tcp.js";
import { runSql } from "./postgres-server.js";

/** Copies the data directory of a server that is down, so that the copy will only follow. */
export function copyForStandby(primaryDir: string, standbyDir: string): void {
  execFileSync("cp", ["-a", primaryDir, standbyDir]);
  writeAsOwner(join(standbyDir, "postgresql"), "standby.signal", "");
}

/**
 * Starts a server on such a copy. `primaryUrl` is the server that it follows; `null`: it gets nothing from anybody. The
 * embedded server never is a standby.
 */
export async function startStandby(
  dataDir: string,
  primaryUrl: string | null,
  url: string,
): Promise<EmbeddedPostgres> {
  const cluster = join(dataDir, "postgresql");
  const { uid, gid } = statSync(join(cluster, "PG_VERSION"));
  const isOwn = uid === process.getuid?.();
  const binDir = await prepareBinaries(isOwn ? null : { uid, gid, name: "owner" }, dataDir);
  const own = new URL(url);
  own.port = String(await freePort());
  const settings = {
    unix_socket_directories: cluster,
    fsync: "off",
    ...(primaryUrl !== null && { primary_conninfo: formatConnection(primaryUrl) }),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(
    join(binDir, "postgres"),
    ["-D", cluster, "-p", own.port, "-h", "127.0.0.1", ...options],
    { stdio: "ignore", ...(isOwn ? {} : { uid, gid }) },
  );
  const ended = new Promise<void>((resolve) =>
    child.once("exit", () => {
      resolve();
    }),
  );
  await eventually(() => runSql(own.href, "SELECT 1"));
  return {
    url: own.href,
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}

/** Writes a file as the user who owns the cluster, for nobody else. */
export function writeAsOwner(cluster: string, name: string, text: string): void {
  const { uid, gid } = statSync(join(cluster, "PG_VERSION"));
  writeFileSync(join(cluster, name), text, { mode: 0o600 });
  chownSync(join(cluster, name), uid, gid);
}

function formatConnection(url: string): string {
  const { hostname, port, username, password } = new URL(url);
  return `host=${hostname} port=${port} user=${username} password=${password}`;
}
