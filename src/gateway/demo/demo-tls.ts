import type { TlsCredentials } from "../../vdsm/wire/tls.js";
import type { DemoRecord } from "./demo-record.js";

/** Creates what reads the demo's credentials: they are in memory, and the hosts' certificates bear their dialled names. */
export function createDemoTlsReader(
  clientTls: DemoRecord["clientTls"],
): (() => Promise<TlsCredentials>) | null {
  return clientTls === null ? null : () => Promise.resolve({ ...clientTls, serverName: null });
}
