import { writeFileSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Expected, integer, port } from "../config/setting-types.js";
import { ConfigError } from "../config.js";
import { startCluster } from "../simulator/cluster.js";

/** The flags of `vnic-graph simulate`, as given. */
export interface SimulateFlags {
  readonly hosts: string;
  readonly vms: string;
  readonly port: string;
  readonly seed: string;
  readonly tls: string;
  readonly certs: string | undefined;
  readonly tick: string;
}

/** Runs VDSM hosts in a box until the signal; prints how to reach them. */
export async function simulate(flags: SimulateFlags, print: (line: string) => void, signal: AbortSignal) {
  if (flags.tls !== "on" && flags.tls !== "off") {
    throw new ConfigError(`--tls must be on or off, not "${flags.tls}"; mend or leave it out`);
  }
  const cluster = await startCluster({
    hosts: flag("hosts", flags.hosts, integer(1, 10_000)),
    vms: flag("vms", flags.vms, integer(0, 1_000_000)),
    port: flag("port", flags.port, port),
    seed: flag("seed", flags.seed, integer(0, 999_999_999)),
    tls: flags.tls === "on",
    tickMs: flag("tick", flags.tick, integer(100, 3_600_000)),
  });
  for (const host of cluster.hosts) print(`${host.name} listens on ${host.host}:${host.port}`);
  print(`VDSM_HOSTS=${cluster.vdsmHosts}`);
  if (cluster.clientTls === null) print("VDSM_TLS=off");
  else {
    const folder = resolve(flags.certs ?? "simulator-certs");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = [
      ["VDSM_CA_FILE", "ca.pem", cluster.clientTls.ca],
      ["VDSM_CERT_FILE", "client.pem", cluster.clientTls.cert],
      ["VDSM_KEY_FILE", "client.key", cluster.clientTls.key],
    ] as const;
    for (const [name, file, pem] of files) {
      writeFileSync(join(folder, file), pem, { mode: 0o600 });
      print(`${name}=${join(folder, file)}`);
    }
  }
  if (!signal.aborted) {
    await new Promise<void>((done) => {
      signal.addEventListener("abort", () => {
        done();
      });
    });
  }
  await cluster.stop();
}

function flag<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof Expected)) throw error;
    throw new ConfigError(`--${name} must be ${error.against(text)}; mend or leave it out`);
  }
}
