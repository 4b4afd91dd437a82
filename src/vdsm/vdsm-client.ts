import { formatHostAddress } from "../model/connections/host-address.js";
import { parseHostReport } from "./scan/scan.js";
import { readResult } from "./wire/reply.js";
import { Rpc } from "./wire/rpc.js";
import { scanAnswer, type ScannedReport } from "./scan/scan.js";
import type { KeptAnswer } from "./scan/scan-diff.js";
import type { TlsCredentials } from "./wire/tls.js";
import type { HostCapabilities, HostReport, ReportedNic } from "./records/types.js";
import { WorkMeter } from "./scan/work-meter.js";
import { parseCapabilities, parseDeviceLists, parseDomains } from "./records/vm-inventory.js";

/** One VDSM host, asked one question at a time. Every call throws a {@link HostError} or gives a whole answer. */
export interface VdsmClient {
  /** `host:port`, for logs and errors. */
  readonly address: string;
  /** What reading its answers takes of this process; work on what they say may be added. */
  readonly meter: WorkMeter;
  getAllVmStats(signal?: AbortSignal): Promise<HostReport>;
  /** Asks `Host.getAllVmStats`, and parses only what differs from the kept answer. The scan says what to keep. */
  scanAllVmStats(kept: KeptAnswer | null, signal?: AbortSignal): Promise<ScannedReport>;
  /** Asks `Host.dumpxmls` (VDSM 4.2 and later) for vNICs by VM, with lower-case ids. VMs that are gone are absent. */
  dumpxmls(vmIds: readonly string[], signal?: AbortSignal): Promise<Map<string, readonly ReportedNic[]>>;
  /** Asks `Host.getVMFullList` for the same (up to 4.3; later releases send no devices, and so no entry here). */
  getVMFullList(vmIds: readonly string[], signal?: AbortSignal): Promise<Map<string, readonly ReportedNic[]>>;
  getCapabilities(signal?: AbortSignal): Promise<HostCapabilities>;
  ping2(signal?: AbortSignal): Promise<void>;
  /** Closes the connection; outstanding calls fail. Resolves when the socket is gone. */
  close(): Promise<void>;
}

/** One host to ask, and the limits. */
export interface VdsmClientOptions {
  readonly host: string;
  readonly port: number;
  /** Asked for anew at every connection; `null`: plain TCP, for hosts with `ssl=false`. */
  readonly tls: (() => Promise<TlsCredentials>) | null;
  readonly connectTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  readonly maxFrameBytes?: number;
  readonly heartbeatMs?: number;
}

/** Creates a client of one VDSM host; connects with the first call. Every call ends in an answer or a HostError. */
export function createVdsmClient(options: VdsmClientOptions): VdsmClient {
  const callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS;
  const rpc = new Rpc(formatAddress(options.host, options.port), {
    host: options.host,
    port: options.port,
    tls: options.tls,
    connectTimeoutMs: Math.min(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, callTimeoutMs),
    callTimeoutMs,
    maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES,
    heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS,
  });
  const meter = new WorkMeter();
  const ask = <T>(verb: string, params: object, check: (result: unknown) => T, signal?: AbortSignal) =>
    rpc.call(verb, params, (body) => meter.measure(() => check(readResult(body))), signal);

  return {
    address: rpc.address,
    meter,
    getAllVmStats: (signal) => rpc.call("Host.getAllVmStats", {}, parseHostReport, signal),
    scanAllVmStats: (kept, signal) =>
      rpc.call("Host.getAllVmStats", {}, (body) => scanAnswer(body, kept, meter), signal),
    // To VDSM an empty list means every VM.
    dumpxmls: async (vmIds, signal) =>
      vmIds.length === 0 ? new Map() : ask("Host.dumpxmls", { vmList: vmIds }, parseDomains, signal),
    getVMFullList: async (vmIds, signal) =>
      vmIds.length === 0 ? new Map() : ask("Host.getVMFullList", { vmList: vmIds }, parseDeviceLists, signal),
    getCapabilities: (signal) => ask("Host.getCapabilities", {}, parseCapabilities, signal),
    ping2: (signal) => ask("Host.ping2", {}, () => undefined, signal),
    close: () => rpc.close(),
  };
}

function formatAddress(host: string, port: number): string {
  return formatHostAddress({ host, port });
}

/** DNS, TCP, TLS and CONNECTED together; in a data centre they take milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Default deadline, as in VDSM's own client. The engine waits 180 s, but asks for more than we do. */
const CALL_TIMEOUT_MS = 60_000;

/** Some 20,000 VMs of 3 kB. */
const MAX_FRAME_BYTES = 67_108_864;

/** The longest silence before a dead host is noticed is half as long again. */
const HEARTBEAT_MS = 10_000;
