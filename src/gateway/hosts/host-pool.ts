import { ConfigError, type Config } from "../../config.js";
import { checkTlsFiles, createTlsReader, type TlsCredentials } from "../../vdsm/wire/tls.js";
import { createReadingRooms } from "../../vdsm/wire/reading-room.js";
import { createVdsmClient, type VdsmClient } from "../../vdsm/vdsm-client.js";
import { readDemoRecord } from "../demo/demo-record.js";
import { createDemoTlsReader } from "../demo/demo-tls.js";
import { createConfiguredHost } from "./host-ids.js";
import type { ConfiguredHost } from "../../store/types.js";
import { formatError } from "../format-error.js";

/** The hosts to poll, and the function that creates their clients. */
export interface HostPool {
  /** The hosts that the settings name. `null`: the settings name no hosts. */
  readonly named: readonly ConfiguredHost[] | null;
  /** Creates a client for a host. `null`: certificates are missing, so no host can be asked. */
  readonly createClient: ((host: ConfiguredHost) => VdsmClient) | null;
  /** Stops what was started for the hosts. Clients are closed by those who created them. */
  stop(): Promise<void>;
}

/**
 * Finds the hosts that the settings name, and checks the certificates. For the demo it starts simulated hosts; a
 * command that runs beside a demo (`"join"`) gets the hosts of that demo.
 */
export async function openHostPool(config: Config, demo: "start" | "join" = "start"): Promise<HostPool> {
  if (config.demo) return (demo === "join" ? await joinDemoPool(config) : null) ?? startDemoPool(config);
  const { vdsmTransport: transport } = config;
  const named = config.vdsmHosts?.map(createConfiguredHost) ?? null;
  const stop = () => Promise.resolve();
  if (transport === null) return { named, createClient: null, stop };
  const createClient = createHostClients(config);
  if (transport === "plain") return { named, createClient: (host) => createClient(host, null), stop };
  // A file that cannot be used is reported at the start, not at the first poll.
  await checkTlsFiles(transport).catch((cause: unknown) => {
    throw new ConfigError(`${TLS_SETTINGS}: ${formatError(cause)}`, { cause });
  });
  const tls = createTlsReader(transport);
  return { named, createClient: (host) => createClient(host, tls), stop };
}

const TLS_SETTINGS = "VDSM_CA_FILE, VDSM_CERT_FILE, VDSM_KEY_FILE";

/** Starts the demo's hosts. The simulator is imported only here, because nothing else needs it. */
async function startDemoPool(config: Config): Promise<HostPool> {
  const { startDemoCluster } = await import("../demo/demo-cluster.js");
  const cluster = await startDemoCluster(config.dataDir);
  const createClient = createHostClients(config);
  return {
    named: cluster.hosts,
    createClient: (host) => createClient(host, cluster.readTls),
    stop: () => cluster.stop(),
  };
}

/** Uses the hosts of the running demo, and never stops them. */
async function joinDemoPool(config: Config): Promise<HostPool | null> {
  const record = await readDemoRecord(config.dataDir);
  if (record === null) return null;
  const readTls = createDemoTlsReader(record.clientTls);
  const createClient = createHostClients(config);
  return {
    named: record.hosts,
    createClient: (host) => createClient(host, readTls),
    stop: () => Promise.resolve(),
  };
}

/** Creates the function that creates hosts' clients with the settings' limits. Its `tls` is `null`: plain TCP. */
function createHostClients(
  config: Config,
): (host: ConfiguredHost, tls: (() => Promise<TlsCredentials>) | null) => VdsmClient {
  const rooms = createReadingRooms(config.vdsmMaxAnswerBytes);
  return ({ host, port }, tls) =>
    createVdsmClient({
      host,
      port,
      tls,
      callTimeoutMs: config.vdsmTimeoutMs,
      maxFrameBytes: config.vdsmMaxAnswerBytes,
      rooms,
    });
}
