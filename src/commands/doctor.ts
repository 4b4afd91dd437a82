import { ConfigError, type Config } from "../config.js";
import { toPrintable } from "../model/printable.js";
import { openHostPool, type HostPool } from "../gateway/hosts/host-pool.js";
import { joinRunningGateway } from "../gateway/running-gateway.js";
import type { ConfiguredHost, PolledHost } from "../store/types.js";
import { checkDatabase } from "./doctor/database.js";
import { fail, warn, type Finding } from "./doctor/finding.js";
import { checkHosts } from "./doctor/hosts.js";
import { checkRedis } from "./doctor/redis.js";
import { checkFiles } from "./doctor/settings.js";

/**
 * Checks all that a gateway with these settings needs, without changing anything. Prints for each thing what is wrong
 * and how to mend it. Resolves with `false` if something does not work.
 */
export async function runDoctor(
  load: () => Config,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const counts = { ok: 0, warn: 0, fail: 0 };
  for await (const finding of examine(load, signal)) {
    counts[finding.verdict] += 1;
    print(toPrintable(`${finding.verdict.padEnd(4)}  ${finding.check}: ${finding.what}`));
    if (finding.mend !== null) print(`      -> ${toPrintable(finding.mend)}`);
  }
  print(`${counts.ok} ok, ${counts.warn} to look at, ${counts.fail} failed`);
  return counts.fail === 0;
}

async function* examine(load: () => Config, signal: AbortSignal): AsyncGenerator<Finding> {
  let config: Config;
  try {
    config = load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield fail(
      "settings",
      error.message,
      "README.md lists every setting; the rest is looked at once they are right",
    );
    return;
  }
  const files = await checkFiles(config);
  yield* files;
  const { findings: ofDatabase, hosts: stored } = await checkDatabase(await joinRunningGateway(config));
  yield* ofDatabase;
  yield* await checkRedis(config);
  // If a certificate cannot be used, which a finding above says, no host can be asked.
  if (config.source === "engine" || files.some(isUnusableCertificate)) return;
  const pool = await openHostPool(config, "join");
  try {
    const dropped = stored.filter((host) => isDropped(host, pool));
    yield* dropped.map(createDroppedFinding);
    const polled = stored.filter((host) => !dropped.includes(host));
    yield* checkHosts(mergeHosts(pool, polled), pool, config, signal);
  } finally {
    await pool.stop();
  }
}

function isUnusableCertificate({ verdict, check }: Finding): boolean {
  return verdict === "fail" && check === "client certificate";
}

/**
 * Tells whether the settings named the host once and no longer do. Hosts that were added while a gateway ran do not
 * count.
 */
function isDropped({ id, fromSettings }: PolledHost, { named }: HostPool): boolean {
  return fromSettings && named !== null && !named.some((host) => host.id === id);
}

/**
 * Creates the finding about a host that the settings no longer name. The host is not asked, because this gateway does
 * not poll it.
 */
function createDroppedFinding({ host, port }: PolledHost): Finding {
  return warn(
    `host ${host.includes(":") ? `[${host}]` : host}:${port}`,
    "no longer polled by these settings: VDSM_HOSTS does not name it",
    "name it in VDSM_HOSTS, unless it is gone or another gateway's settings name it",
  );
}

/** Lists the named hosts and those that were added to the database. */
function mergeHosts({ named }: HostPool, stored: readonly ConfiguredHost[]): ConfiguredHost[] {
  const all = new Map([...stored, ...(named ?? [])].map((host) => [host.id, host]));
  return [...all.values()];
}
