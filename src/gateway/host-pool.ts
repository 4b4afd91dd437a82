import type { Config } from "../config.js";
import { checkTlsFiles, createTlsReader, type TlsCredentials } from "../vdsm/wire/tls.js";
import { createVdsmClient, type VdsmClient } from "../vdsm/vdsm-client.js";
import { createConfiguredHost, deriveDemoHostId } from "./host-ids.js";
import { startCluster } from "../simulator/cluster.js";
import type { ConfiguredHost } from "../store/types.js";
import { formatError } from "./format-error.js";

/** The hosts to poll and how to speak to them. */
export interface HostPool {
  /** Those that the settings name; `null`: the settings say nothing of hosts. */
  readonly named: readonly ConfiguredHost[] | null;
  /** `null`: no host can be spoken to, for want of certificates. */
  readonly clientFor: ((host: ConfiguredHost) => VdsmClient) | null;
  /** Ends what was started for them; clients are closed by whoever asked for them. */
  stop(): Promise<void>;
}

/** The demo cluster: two hosts with fifty VMs that change while you watch. */
export const DEMO = { hosts: 2, vms: 50, seed: 1, tickMs: 5_000 } as const;

/** The hosts that are named, after a look at the certificates; or the demo's. */
export async function openHostPool(config: Config): Promise<HostPool> {
  if (config.demo) return demoPool(config);
  const { vdsmTransport: transport } = config;
  const named = config.vdsmHosts?.map(createConfiguredHost) ?? null;
  const stop = () => Promise.resolve();
  if (transport === null) return { named, clientFor: null, stop };
  if (transport === "plain") return { named, clientFor: (host) => clientOf(host, null, config), stop };
  // A file that cannot be used is told at start, not at the first poll.
  await checkTlsFiles(transport).catch((cause: unknown) => {
    throw new Error(`${SETTINGS_OF_FILES}: ${formatError(cause)}`, { cause });
  });
  const tls = createTlsReader(transport);
  return { named, clientFor: (host) => clientOf(host, tls, config), stop };
}

const SETTINGS_OF_FILES = "VDSM_CA_FILE, VDSM_CERT_FILE, VDSM_KEY_FILE";

/** Simulated hosts listen on free ports; their ids follow from their names, so that a restart finds the same hosts. */
async function demoPool(config: Config): Promise<HostPool> {
  const cluster = await startCluster({ ...DEMO, port: 0, tls: true });
  const { clientTls } = cluster;
  const tls = clientTls === null ? null : () => Promise.resolve({ ...clientTls, serverName: null });
  return {
    named: cluster.hosts.map(({ name, host, port }) => ({ id: deriveDemoHostId(name), name, host, port })),
    clientFor: (host) => clientOf(host, tls, config),
    stop: () => cluster.stop(),
  };
}

function clientOf(
  { host, port }: ConfiguredHost,
  tls: (() => Promise<TlsCredentials>) | null,
  config: Config,
): VdsmClient {
  return createVdsmClient({ host, port, tls, callTimeoutMs: config.vdsmTimeoutMs });
}
