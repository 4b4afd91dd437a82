import { createHash } from "node:crypto";
import { mergeRecords, ReportList } from "../records/host-report.js";
import { parsePart, VmDiff, type KeptAnswer } from "./scan-diff.js";
import { RecordParts } from "./scan-record.js";
import { AnswerWalk } from "./scan-walk.js";
import { isRejected } from "../records/vm-stats.js";
import { runAtOnce, runInSlices, type SlicedWork } from "./sliced-work.js";
import type { WorkMeter } from "./work-meter.js";
import type { HostReport, RejectedVm, ReportedVm } from "../records/types.js";

/** An answer of `Host.getAllVmStats`, compared with the one that was kept before. */
export interface ScannedReport {
  /**
   * `true`: `vms` and `rejected` are all VMs of the answer, and `removed` is empty. This happens if no answer was kept,
   * or if this one cannot be compared. The caller then has to find out which VMs are gone.
   */
  readonly listsAllVms: boolean;
  /** VMs that are new or reported differently than in the kept answer, in the answer's order. */
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
 * Reads a host's answer and parses only the VMs that differ from the kept answer; `kept` is `null`: all VMs.
 *
 * The counters in an answer change with every poll, but the fields that we read hardly ever do. So 32 bytes of each VM
 * are kept, and a part with a known digest is not parsed. The structure of every record is still walked over, at a
 * third of the cost of parsing. Throws if the answer's envelope is broken.
 *
 * Keep an answer only after all its data are stored. Until then compare the next answer with the one that was kept
 * before.
 */
export function scanAnswer(
  body: Buffer,
  kept: KeptAnswer | null,
  meter: WorkMeter,
): ScannedReport | Promise<ScannedReport> {
  if (body.length > LARGE_ANSWER_BYTES) return scanInSlices(body, kept, meter);
  return meter.measure(() => scanAtOnce(body, kept));
}

/** Reads an answer that is not compared with another one. */
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

/** Reads an answer, and pauses after each slice. */
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

  const list = new ReportList(parts.ends.length);
  const rejected: RejectedVm[] = [];
  for (let position = 0, from = 0; position < parts.ends.length; position += 1) {
    const vm = parsePart(parts.getPart(position), parts.getDamage(position));
    if (isRejected(vm)) rejected.push(vm);
    else list.add(vm, position);
    const end = parts.ends[position] ?? 0;
    if (end - from < sliceBytes) continue;
    from = end;
    yield;
  }
  return { listsAllVms: true, vms: mergeRecords(list.vms), rejected, ...NOT_COMPARED };
}

/** Creates the report of an answer that equals the kept one. */
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

/** All answers that are scanned at once share these parts, which are filled and emptied within one call. */
const parts = new RecordParts();

/** The size of a slice: at most some 20 ms of work, if all its VMs are new. */
const SLICE_BYTES = 1_048_576;

/** The size from which an answer is scanned in slices: some 1,600 VMs. A smaller one takes a few milliseconds in one go. */
const LARGE_ANSWER_BYTES = 4_194_304;
