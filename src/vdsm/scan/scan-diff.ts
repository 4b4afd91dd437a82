import { hash } from "node:crypto";
import { ReportList } from "../records/host-report.js";
import type { RejectedVm, ReportedVm } from "../records/types.js";
import { isRejected, parseVm } from "../records/vm-stats.js";
import { hasTooManyValues, parseTolerantJson } from "../json/tolerant-json.js";
import { dropLargeMembers, type RecordParts } from "./scan-record.js";
import { formatUuid } from "../../model/uuid.js";

/** What is kept of an answer. It is digests instead of bytes, because a fleet has a million VMs. */
export interface KeptAnswer {
  readonly count: number;
  /** SHA-256 of all parts; empty if anything was left out. If two answers have the same, they need no further comparison. */
  readonly digest: Buffer;
  /** 16 bytes a VM: the digest of its part; zero if the VM was rejected, or its interfaces left out. */
  readonly vmDigests: Buffer;
  /** 16 bytes a VM: its id; zero if the id could not be read. */
  readonly vmIds: Buffer;
  readonly rejected: readonly RejectedVm[];
}

/** The differences from the kept answer, and what to keep of the new one. */
export interface VmDifference {
  readonly vms: readonly ReportedVm[];
  readonly rejected: readonly RejectedVm[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly toKeep: KeptAnswer;
}

/**
 * Compares the parts of an answer with the kept ones, in steps as large as the caller wants. It parses the parts that
 * are new.
 */
export class VmDiff {
  private readonly count: number;
  private readonly vmDigests: Buffer;
  private readonly vmIds: Buffer;
  private readonly list: ReportList;
  private readonly rejected: RejectedVm[] = [];
  private readonly lookup: Lookup | null;
  private position = 0;

  constructor(
    private readonly parts: RecordParts,
    private readonly digest: Buffer,
    private readonly before: KeptAnswer | null,
  ) {
    this.count = parts.ends.length;
    this.list = new ReportList(this.count);
    this.vmDigests = Buffer.alloc(WIDTH * this.count);
    this.vmIds = Buffer.alloc(WIDTH * this.count);
    this.lookup = before === null ? null : new Lookup(before);
  }

  /** Compares this many bytes, and the rest of the part in which they end. Returns `true` if these were the last. */
  compare(bytes: number): boolean {
    const { parts, count } = this;
    const until = (parts.ends[this.position - 1] ?? 0) + bytes;
    while (this.position < count && (parts.ends[this.position - 1] ?? 0) < until) {
      this.compareAt(this.position);
      this.position += 1;
    }
    return this.position === count;
  }

  /**
   * Returns the differences; `null` if a VM is there twice, since all its records are then needed to decide which
   * counts.
   */
  finish(): VmDifference | null {
    const { count, vmDigests, vmIds, rejected, before } = this;
    const { vms, leftOut } = this.list;
    const idsNow = collectIds(vmIds);
    const withoutId = rejected.filter((vm) => vm.vmId === null).length;
    if (idsNow.size + withoutId !== count) return null;
    // What was left out is new to the next answer, also to an equal one.
    for (const position of leftOut) vmDigests.fill(0, WIDTH * position, WIDTH * (position + 1));
    const digest = leftOut.length === 0 ? this.digest : Buffer.alloc(0);
    return {
      vms,
      rejected,
      removed: before === null ? [] : findRemovedIds(before, idsNow),
      unchanged: count - vms.length - rejected.length,
      toKeep: { count, digest, vmDigests, vmIds, rejected },
    };
  }

  private compareAt(position: number): void {
    const { vmDigests, vmIds } = this;
    const part = this.parts.getPart(position);
    const vmDigest = hash("sha256", part, "buffer").subarray(0, WIDTH);
    const id = this.lookup?.findId(vmDigest, position) ?? null;
    if (id !== null) {
      vmDigest.copy(vmDigests, WIDTH * position);
      id.copy(vmIds, WIDTH * position);
      return;
    }
    const vm = parsePart(part, this.parts.getDamage(position));
    if (vm.vmId !== null) vmIds.write(vm.vmId.replaceAll("-", ""), WIDTH * position, "hex");
    if (isRejected(vm)) {
      this.rejected.push(vm);
    } else {
      this.list.add(vm, position);
      vmDigest.copy(vmDigests, WIDTH * position);
    }
  }
}

/**
 * Parses the VM of one part. If a record is larger than any real one, its large members are dropped and count as
 * unreadable.
 */
export function parsePart(part: Buffer, damage: string | null): ReportedVm | RejectedVm {
  if (!isTooLarge(part)) return parseVm(parseTolerantJson(part), damage);
  let kept = dropLargeMembers(part, LARGE_MEMBER_BYTES);
  if (kept !== null && isTooLarge(kept.part)) kept = dropLargeMembers(part, SMALL_MEMBER_BYTES);
  if (kept === null || isTooLarge(kept.part))
    return { vmId: null, reason: "the record has more members than are read of one" };
  const problems = kept.dropped.map((field) => ({ field, reason: "is too large to be read" }));
  return parseVm(parseTolerantJson(kept.part), damage, problems);
}

function isTooLarge(part: Buffer): boolean {
  return part.length > MAX_PART_BYTES || hasTooManyValues(part);
}

/** Finds a VM of the kept answer by its digest. It is nearly always at the same position, since hosts keep their order. */
class Lookup {
  private positions: Map<string, number> | null = null;

  constructor(private readonly before: KeptAnswer) {}

  /** Finds the id of the VM with this digest, or `null` if it is not known. */
  findId(vmDigest: Buffer, position: number): Buffer | null {
    const { vmDigests, vmIds } = this.before;
    const here = WIDTH * position;
    if (here < vmDigests.length && vmDigest.compare(vmDigests, here, here + WIDTH) === 0) {
      return vmIds.subarray(here, here + WIDTH);
    }
    this.positions ??= indexPositions(vmDigests);
    const found = this.positions.get(vmDigest.toString("latin1"));
    return found === undefined ? null : vmIds.subarray(found, found + WIDTH);
  }
}

function indexPositions(vmDigests: Buffer): Map<string, number> {
  const positions = new Map<string, number>();
  for (let at = 0; at < vmDigests.length; at += WIDTH)
    positions.set(vmDigests.toString("latin1", at, at + WIDTH), at);
  return positions;
}

function findRemovedIds(before: KeptAnswer, idsNow: ReadonlySet<string>): string[] {
  const removed = [...collectIds(before.vmIds)].filter((id) => !idsNow.has(id));
  return removed.map((id) => formatUuid(Buffer.from(id, "latin1").toString("hex")));
}

/** Collects the ids as texts of 16 characters. */
function collectIds(vmIds: Buffer): Set<string> {
  const ids = new Set<string>();
  for (let at = 0; at < vmIds.length; at += WIDTH) ids.add(vmIds.toString("latin1", at, at + WIDTH));
  ids.delete(NO_ID);
  return ids;
}

/**
 * The largest part: a guest with ten thousand interfaces and hundreds of addresses on each. Parsing it takes a tenth of
 * a second.
 */
const MAX_PART_BYTES = 8_388_608;
const LARGE_MEMBER_BYTES = 1_048_576;
/** A size that no id, state or name has. */
const SMALL_MEMBER_BYTES = 1_024;

const WIDTH = 16;
/** The nil UUID, which no VM has. An answer with it counts as having a VM twice, and is parsed completely. */
const NO_ID = "\0".repeat(WIDTH);
