import { HostError } from "../../src/vdsm/errors.js";
import { scanAtOnce, type ScannedReport } from "../../src/vdsm/scan/scan.js";
import { WorkMeter } from "../../src/vdsm/scan/work-meter.js";
import type { KeptAnswer } from "../../src/vdsm/scan/scan-diff.js";
import type {
  HostCapabilities,
  HostReport,
  RejectedVm,
  ReportedNic,
  ReportedVm,
} from "../../src/vdsm/records/types.js";
import type { VdsmClient } from "../../src/vdsm/vdsm-client.js";
import { reportedNic, reportedVm, hostReport } from "../support/builders/reported.js";

/** A host that answers, or fails, exactly as told. It does what a wire cannot be made to do at the right moment. */
export class FakeHost implements VdsmClient {
  readonly address = "192.0.2.1:54321";
  readonly meter = new WorkMeter();
  readonly calls: string[] = [];
  report: HostReport = hostReport(reportedVm());
  hostname: string | null = "host-a.example.test";
  nics: (vmId: string) => readonly ReportedNic[] | null = () => [reportedNic()];
  isClosed = false;
  /** Errors to throw, by verb. */
  readonly broken = new Map<string, Error>();
  /** Runs when the verb is called, before it answers. */
  readonly onCall = new Map<string, () => void | Promise<void>>();

  getAllVmStats(): Promise<HostReport> {
    return Promise.reject(new Error("nobody asks this here"));
  }

  scanAllVmStats(kept: KeptAnswer | null, signal?: AbortSignal): Promise<ScannedReport> {
    return this.answer("getAllVmStats", () => scanAtOnce(formatBody(this.report), kept), signal);
  }

  dumpxmls(vmIds: readonly string[], signal?: AbortSignal): Promise<Map<string, readonly ReportedNic[]>> {
    return this.answer("dumpxmls", () => this.nicsOf(vmIds), signal);
  }

  getVMFullList(
    vmIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, readonly ReportedNic[]>> {
    return this.answer("getVMFullList", () => this.nicsOf(vmIds), signal);
  }

  getCapabilities(signal?: AbortSignal): Promise<HostCapabilities> {
    return this.answer("getCapabilities", () => ({ hostname: this.hostname, softwareVersion: null }), signal);
  }

  ping2(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  private nicsOf(vmIds: readonly string[]): Map<string, readonly ReportedNic[]> {
    return new Map(
      vmIds.flatMap((vmId) => {
        const nics = this.nics(vmId);
        return nics === null ? [] : [[vmId, nics] as const];
      }),
    );
  }

  private async answer<T>(verb: string, make: () => T, signal?: AbortSignal): Promise<T> {
    this.calls.push(verb);
    await this.onCall.get(verb)?.();
    if (signal?.aborted === true) throw new HostError("aborted", `${this.address}: ${verb}: aborted`);
    const error = this.broken.get(verb);
    if (error !== undefined) throw error;
    return make();
  }
}

/** The answer as it goes over the wire, so that what is compared with the last one is what is compared there. */
function formatBody({ vms, rejected }: HostReport): Buffer {
  const result = [...vms.map(createRecord), ...rejected.map(createUnreadable)];
  return Buffer.from(`{"jsonrpc": "2.0", "id": "1", "result": ${JSON.stringify(result)}}`);
}

function createRecord(vm: ReportedVm): Record<string, unknown> {
  return Object.fromEntries(Object.entries(vm).filter(([, value]) => value !== null));
}

function createUnreadable({ vmId }: RejectedVm): Record<string, unknown> {
  return vmId === null ? {} : { vmId };
}
