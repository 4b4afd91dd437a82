import { WorkMeter } from "../../../src/vdsm/scan/work-meter.js";
import { scanAtOnce, scanInSlices, type ScannedReport } from "../../../src/vdsm/scan/scan.js";
import type { KeptAnswer } from "../../../src/vdsm/scan/scan-diff.js";

/** Scans the answers of one host one after the other, each against the last one that was kept. */
export class KeptAnswers {
  private kept: KeptAnswer | null = null;

  read(body: Buffer): ScannedReport {
    return scanAtOnce(body, this.kept);
  }

  readInTurns(body: Buffer, sliceBytes?: number): Promise<ScannedReport> {
    return scanInSlices(body, this.kept, new WorkMeter(), sliceBytes);
  }

  keep({ toKeep }: ScannedReport): void {
    this.kept = toKeep;
  }

  forget(): void {
    this.kept = null;
  }
}
