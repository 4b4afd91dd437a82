import { createHash } from "node:crypto";
import { parseHostReport, mergeRecords } from "../records/host-report.js";
import { parsePart, VmDiff, type KnownVms } from "./scan-diff.js";
import { RecordParts } from "./scan-record.js";
import { AnswerWalk } from "./scan-walk.js";
import { runAtOnce, runInSlices, type SlicedWork } from "./sliced-work.js";
import type { RejectedVm, ReportedVm } from "../records/types.js";

/** How an answer of `Host.getAllVmStats` differs from the last one that was kept. */
export interface ScannedReport {
  /** Nothing was kept, or nothing could be compared: `vms` are all VMs, and who is gone only the caller can tell. */
  readonly isWhole: boolean;
  /** VMs that are new or reported otherwise than in the kept answer, in the answer's order. */
  readonly vms: readonly ReportedVm[];
  /** All VMs that cannot be read in this answer, changed or not. */
  readonly rejected: readonly RejectedVm[];
  /** VMs of the kept answer that are not in this one. */
  readonly removed: readonly string[];
  /** VMs reported exactly as in the kept answer. */
  readonly unchanged: number;
  /** For {@link ReportMemory.keep}; `null`: the next answer cannot be compared with this one. */
  readonly known: KnownVms | null;
}

/**
 * Remembers one host's last answer in 32 bytes a VM, so that the next is parsed only where it differs. The counters in an
 * answer move with every poll, what we read hardly ever. Every byte is still checked to be JSON, at a third of the cost
 * of parsing; whatever VDSM would not write is left to {@link parseHostReport}, so both always say the same.
 */
export class ReportMemory {
  private kept: KnownVms | null = null;

  /** Reads an answer and compares it with the kept one; throws what {@link parseHostReport} throws. */
  read(body: Buffer): ScannedReport {
    return runAtOnce(scanAnswer(body, parts, this.kept, Infinity));
  }

  /** The same for an answer so large that others must get a turn while it is read: one after each slice. */
  readInTurns(body: Buffer, sliceBytes = SLICE_BYTES): Promise<ScannedReport> {
    return runInSlices(scanAnswer(body, new RecordParts(), this.kept, sliceBytes));
  }

  /** To be called once all that an answer means has been stored: the next is compared with this one. */
  keep(scanned: ScannedReport): void {
    this.kept = scanned.known;
  }

  /** The next answer counts as new in all its parts, because what is stored may no longer be what was kept. */
  forget(): void {
    this.kept = null;
  }
}

/** Reads an answer, pausing after each slice; only what VDSM would not write is parsed in one go. */
function* scanAnswer(
  body: Buffer,
  parts: RecordParts,
  kept: KnownVms | null,
  sliceBytes: number,
): SlicedWork<ScannedReport> {
  const walk = new AnswerWalk(body, parts);
  while (walk.state === "walking") {
    walk.walk(sliceBytes);
    yield;
  }
  if (walk.state === "foreign") return { isWhole: true, ...parseHostReport(body), ...NOT_COMPARED };

  const hash = createHash("sha256");
  const { all } = parts;
  for (let at = 0; at < all.length; at += sliceBytes) {
    hash.update(all.subarray(at, at + sliceBytes));
    yield;
  }
  const digest = hash.digest();
  if (kept !== null && digest.equals(kept.digest)) return createUnchangedReport(kept);

  const diff = new VmDiff(parts, digest, kept);
  while (!diff.compare(sliceBytes)) yield;
  const difference = diff.result();
  if (difference !== null) return { isWhole: kept === null, ...difference };

  const vms: ReturnType<typeof parsePart>[] = [];
  for (let position = 0, from = 0; position < parts.ends.length; position += 1) {
    vms.push(parsePart(parts.at(position)));
    const end = parts.ends[position] ?? 0;
    if (end - from < sliceBytes) continue;
    from = end;
    yield;
  }
  return { isWhole: true, ...mergeRecords(vms), ...NOT_COMPARED };
}

function createUnchangedReport(known: KnownVms): ScannedReport {
  const { count, rejected } = known;
  return { isWhole: false, vms: [], rejected, removed: [], unchanged: count - rejected.length, known };
}

const NOT_COMPARED = { removed: [], unchanged: 0, known: null } as const;

/** Shared by all answers that are read at once: filled and emptied within one call. */
const parts = new RecordParts();

/** At most some 20 ms of work, where all VMs in it are new. */
const SLICE_BYTES = 1_048_576;
