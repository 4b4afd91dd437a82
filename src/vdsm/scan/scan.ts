import { createHash } from "node:crypto";
import { mergeRecords } from "../records/host-report.js";
import { parsePart, VmDiff, type KeptAnswer } from "./scan-diff.js";
import { RecordParts } from "./scan-record.js";
import { AnswerWalk } from "./scan-walk.js";
import { runAtOnce, runInSlices, type SlicedWork } from "./sliced-work.js";
import type { WorkMeter } from "./work-meter.js";
import type { HostReport, RejectedVm, ReportedVm } from "../records/types.js";

/** An answer of `Host.getAllVmStats`, compared with the one that was kept before. */
export interface ScannedReport {
  /**
   * `true`: `vms` and `rejected` are all VMs of the answer, and `removed` is empty. So it is where no answer was kept, or
   * where this one cannot be compared; the caller then has to find out itself which VMs are gone.
   */
  readonly listsAllVms: boolean;
  /** VMs that are new or reported otherwise than in the kept answer, in the answer's order. */
  readonly vms: readonly ReportedVm[];
  /** All VMs that cannot be read in this answer, changed or not. */
  readonly rejected: readonly RejectedVm[];
  /** VMs of the kept answer that are not in this one. */
  readonly removed: readonly string[];
  /** VMs reported exactly as in the kept answer. */
  readonly unchanged: number;
  /** What to keep of this answer, for the scan of the next one; `null`: the next one cannot be compared with it. */
  readonly toKeep: KeptAnswer | null;
}

/**
 * Reads a host's answer and parses only the VMs that differ from the kept answer; `null`: all of them.
 *
 * The counters in an answer change with every poll, and what we read hardly ever does. So 32 bytes a VM are kept of an
 * answer, and a part whose digest is known is not parsed. The structure of every record is still walked over, at a third
 * of the cost of parsing. Throws if the answer's envelope is broken.
 *
 * Keep an answer only once all that it means is stored; until then compare the next one with what was kept before.
 */
export function scanAnswer(
  body: Buffer,
  kept: KeptAnswer | null,
  meter: WorkMeter,
): ScannedReport | Promise<ScannedReport> {
  if (body.length > LARGE_ANSWER_BYTES) return scanInSlices(body, kept, meter);
  return meter.measure(() => scanAtOnce(body, kept));
}

/** Reads an answer with which no other is compared. */
export function parseHostReport(body: Buffer): HostReport {
  const { vms, rejected } = scanAtOnce(body, null);
  return { vms, rejected };
}

/** Scans an answer in one go. */
export function scanAtOnce(body: Buffer, kept: KeptAnswer | null): ScannedReport {
  return runAtOnce(scan(body, parts, kept, Infinity));
}

/** Scans an answer in slices. Other work gets a turn of the event loop after each slice. */
export function scanInSlices(
  body: Buffer,
  kept: KeptAnswer | null,
  meter: WorkMeter,
  sliceBytes = SLICE_BYTES,
): Promise<ScannedReport> {
  return runInSlices(scan(body, new RecordParts(), kept, sliceBytes), meter);
}

/** Reads an answer, pausing after each slice. */
function* scan(
  body: Buffer,
  parts: RecordParts,
  kept: KeptAnswer | null,
  sliceBytes: number,
): SlicedWork<ScannedReport> {
  const walk = new AnswerWalk(body, parts);
  while (!walk.isDone) {
    walk.walk(sliceBytes);
    yield;
  }

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
  const difference = diff.finish();
  if (difference !== null) return { listsAllVms: kept === null, ...difference };

  const vms: ReturnType<typeof parsePart>[] = [];
  for (let position = 0, from = 0; position < parts.ends.length; position += 1) {
    vms.push(parsePart(parts.at(position)));
    const end = parts.ends[position] ?? 0;
    if (end - from < sliceBytes) continue;
    from = end;
    yield;
  }
  return { listsAllVms: true, ...mergeRecords(vms), ...NOT_COMPARED };
}

/** Creates the scan of an answer whose every part is as in the kept one. */
function createUnchangedReport(kept: KeptAnswer): ScannedReport {
  const { count, rejected } = kept;
  return {
    listsAllVms: false,
    vms: [],
    rejected,
    removed: [],
    unchanged: count - rejected.length,
    toKeep: kept,
  };
}

const NOT_COMPARED = { removed: [], unchanged: 0, toKeep: null } as const;

/** Shared by all answers that are scanned at once: filled and emptied within one call. */
const parts = new RecordParts();

/** At most some 20 ms of work, where all VMs in it are new. */
const SLICE_BYTES = 1_048_576;

/** Some 1,600 VMs. A smaller answer takes few milliseconds, and costs the least if it is scanned in one go. */
const LARGE_ANSWER_BYTES = 4_194_304;
