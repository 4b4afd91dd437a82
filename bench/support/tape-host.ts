import { FrameReader } from "../../src/vdsm/wire/frames.js";
import { readReplyId } from "../../src/vdsm/wire/reply.js";
import { scanAtOnce, type ScannedReport } from "../../src/vdsm/scan/scan.js";
import { WorkMeter } from "../../src/vdsm/scan/work-meter.js";
import type { KeptAnswer } from "../../src/vdsm/scan/scan-diff.js";
import type { HostCapabilities, ReportedNic } from "../../src/vdsm/records/types.js";
import type { VdsmClient } from "../../src/vdsm/vdsm-client.js";

/** A host with prepared answers and without a socket. It measures all our work from the first byte of a frame on. */
export class TapeHost implements VdsmClient {
  readonly address = "127.0.0.1:54321";
  readonly meter = new WorkMeter();
  private chunks: readonly Buffer[] = [];

  /** Loads the next answer. */
  load(chunks: readonly Buffer[]): void {
    this.chunks = chunks;
  }

  scanAllVmStats(kept: KeptAnswer | null): Promise<ScannedReport> {
    const answers: ScannedReport[] = [];
    const reader = new FrameReader(MAX_FRAME_BYTES, ({ body }) => {
      if (readReplyId(body) !== null) answers.push(scanAtOnce(body, kept));
    });
    for (const chunk of this.chunks) reader.read(chunk);
    return answers[0] === undefined ? refuseCall() : Promise.resolve(answers[0]);
  }

  dumpxmls(vmIds: readonly string[]): Promise<Map<string, readonly ReportedNic[]>> {
    return Promise.resolve(new Map(vmIds.map((vmId) => [vmId, [createNic(vmId)]])));
  }

  getCapabilities(): Promise<HostCapabilities> {
    return Promise.resolve({ hostname: null, softwareVersion: null });
  }

  readonly getAllVmStats = refuseCall;
  readonly getStats = refuseCall;
  readonly getVMFullList = refuseCall;
  readonly getVMList = refuseCall;
  readonly ping2 = refuseCall;

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Creates the bytes of an answer's frame, in pieces as a socket would give them, without leaving garbage. */
export function cutChunks(body: Buffer): Buffer[] {
  const head = `MESSAGE\ndestination:q\nsubscription:1\ncontent-length:${body.length}\n\n`;
  const bytes = Buffer.concat([Buffer.from(head), body, Buffer.of(0)]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}

function createNic(vmId: string): ReportedNic {
  return { id: null, name: "vnet0", macAddr: `56:60:${vmId.slice(28).match(/../g)!.join(":")}`, ...NIC };
}

const NIC = { network: "ovirtmgmt", linkActive: true };

function refuseCall(): Promise<never> {
  return Promise.reject(new Error("no such answer on this tape"));
}

/** The bytes that Node reads from a socket at once. */
const CHUNK_BYTES = 65_536;
const MAX_FRAME_BYTES = 268_435_456;
