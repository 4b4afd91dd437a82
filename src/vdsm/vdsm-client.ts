import { formatHostAddress } from "../model/connections/host-address.js";
import { parseHostReport } from "./scan/scan.js";
import { readResult } from "./wire/reply.js";
import { createReadingRooms, type ReadingRooms } from "./wire/reading-room.js";
import { Rpc } from "./wire/rpc.js";
import { scanAnswer, type ScannedReport } from "./scan/scan.js";
import type { KeptAnswer } from "./scan/scan-diff.js";
import type { TlsCredentials } from "./wire/tls.js";
import type { HostCapabilities, HostReport, ReportedNic } from "./records/types.js";
import { WorkMeter } from "./scan/work-meter.js";
import { parseCapabilities, parseDeviceLists, parseDomains } from "./records/vm-inventory.js";

/** A client of one VDSM host. Every call gives a complete answer or throws a {@link HostError}. */
export interface VdsmClient {
  /** `host:port`, for logs and errors. */
  readonly address: string;
  /** The time that reading its answers takes in this process. Callers may add the time of their own work on them. */
  readonly meter: WorkMeter;
  getAllVmStats(signal?: AbortSignal): Promise<HostReport>;
  /** Asks `Host.getAllVmStats`, and parses only what differs from the kept answer. The result says what to keep. */
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

/** The address of a host, and the limits of its client. */
export interface VdsmClientOptions {
  readonly host: string;
  readonly port: number;
  /** Called at every connection; `null`: plain TCP, for hosts with `ssl=false`. */
  readonly tls: (() => Promise<TlsCredentials>) | null;
  readonly connectTimeoutMs?: number;
  readonly callTimeoutMs?: number;
  readonly maxFrameBytes?: number;
  readonly heartbeatMs?: number;
  /** Shared by the clients of all hosts. By default a client has rooms of its own. */
  readonly rooms?: ReadingRooms;
}

/** Creates a client of one VDSM host. It connects with the first call. Every call ends with an answer or a HostError. */
export function createVdsmClient(options: VdsmClientOptions): VdsmClient {
  const callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS;
  const maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  const rpc = new Rpc(formatAddress(options.host, options.port), {
    host: options.host,
    port: options.port,
    tls: options.tls,
    connectTimeoutMs: Math.min(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, callTimeoutMs),
    callTimeoutMs,
    maxFrameBytes,
    rooms: options.rooms ?? createReadingRooms(maxFrameBytes),
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
    // VDSM takes an empty list for all VMs.
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

/** Default time for DNS, TCP, TLS and CONNECTED together. In a data centre they take milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Default deadline of a call, as in VDSM's own client. The engine waits 180 s, but asks for more than we do. */
const CALL_TIMEOUT_MS = 60_000;

/** The default limit of a frame: some 20,000 VMs of 3 kB. */
const MAX_FRAME_BYTES = 67_108_864;

/** Default interval of heartbeats. A dead host is noticed after one and a half intervals of silence. */
const HEARTBEAT_MS = 10_000;
