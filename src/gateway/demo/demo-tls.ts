import type { TlsCredentials } from "../../vdsm/wire/tls.js";
import type { DemoRecord } from "./demo-record.js";

/**
 * Creates the function that reads the demo's credentials. They are in memory, and the hosts' certificates have the
 * dialled names.
 */
export function createDemoTlsReader(
  clientTls: DemoRecord["clientTls"],
): (() => Promise<TlsCredentials>) | null {
  return clientTls === null ? null : () => Promise.resolve({ ...clientTls, serverName: null });
}
