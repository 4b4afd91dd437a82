import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SettingValueError, parseInteger, parsePort } from "../config/setting-types.js";
import { ConfigError } from "../config.js";
import { makeFolder } from "../embedded-postgres/make-folder.js";
import { formatError } from "../gateway/format-error.js";
import { createPathError } from "../model/config-error.js";
import { startCluster, type SimulatedCluster } from "../simulator/cluster.js";

/** The flags of `vnic-graph simulate`, as given. */
export interface SimulateFlags {
  readonly hosts: string;
  readonly vms: string;
  readonly port: string;
  readonly seed: string;
  readonly tls: string;
  /**
   * The folder in which the client's certificate is written and stays. Without it, it is in a temporary folder that is
   * removed at the end.
   */
  readonly certs?: string | undefined;
  readonly tick: string;
}

/** Runs simulated VDSM hosts until the signal. Prints how to reach them. */
export async function simulate(flags: SimulateFlags, print: (line: string) => void, signal: AbortSignal) {
  if (flags.tls !== "on" && flags.tls !== "off") {
    throw new ConfigError(`--tls must be on or off, not "${flags.tls}"; mend or leave it out`);
  }
  const hosts = parseFlag("hosts", flags.hosts, parseInteger(1, 10_000));
  const options = {
    hosts,
    vms: parseFlag("vms", flags.vms, parseInteger(0, 1_000_000)),
    port: parseFlag("port", flags.port, parsePort),
    seed: parseFlag("seed", flags.seed, parseInteger(0, 999_999_999)),
    tls: flags.tls === "on",
    tickMs: parseFlag("tick", flags.tick, parseInteger(100, 3_600_000)),
  };
  if (options.port !== 0 && options.port + hosts - 1 > LAST_PORT) {
    throw new ConfigError(
      `--port must leave room for ${hosts} ports up to ${LAST_PORT}, not "${flags.port}"; mend or leave it out`,
    );
  }
  const cluster = await startCluster(options).catch((cause: unknown) => {
    throw new Error(
      `the simulated hosts cannot listen: ${formatError(cause)}; give another --port, or 0 for free ones`,
      { cause },
    );
  });
  const temporary = flags.certs === undefined ? mkdtempSync(join(tmpdir(), "vnic-graph-simulator-")) : null;
  try {
    await tellHowToReach(cluster, temporary ?? resolve(flags.certs ?? ""), print);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    if (temporary !== null) rmSync(temporary, { recursive: true, force: true });
    await cluster.stop();
  }
}

const LAST_PORT = 65_535;

async function tellHowToReach(
  cluster: SimulatedCluster,
  folder: string,
  print: (line: string) => void,
): Promise<void> {
  for (const host of cluster.hosts) print(`${host.name} listens on ${host.host}:${host.port}`);
  print(`VDSM_HOSTS=${cluster.vdsmHosts}`);
  if (cluster.clientTls === null) {
    print("VDSM_TLS=off");
    return;
  }
  const { ca, cert, key } = cluster.clientTls;
  const files = [
    { name: "VDSM_CA_FILE", path: join(folder, "ca.pem"), pem: ca },
    { name: "VDSM_CERT_FILE", path: join(folder, "client.pem"), pem: cert },
    { name: "VDSM_KEY_FILE", path: join(folder, "client.key"), pem: key },
  ] as const;
  try {
    await makeFolder(folder, 0o700);
    for (const { path, pem } of files) writeFileSync(path, pem, { mode: 0o600 });
  } catch (cause) {
    const problem = `--certs ${folder} cannot be written: ${formatError(cause)}`;
    throw createPathError(problem, "name another folder", cause);
  }
  for (const { name, path } of files) print(`${name}=${path}`);
}

function parseFlag<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(`--${name} must be ${error.checkAgainst(text)}; mend or leave it out`);
  }
}
