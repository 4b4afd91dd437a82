import { hash } from "node:crypto";
import { isRecord } from "../records/record.js";
import type { RejectedVm, ReportedVm } from "../records/types.js";
import { isRejected, parseVm } from "../records/vm-stats.js";
import { parseTolerantJson } from "../json/tolerant-json.js";
import { DAMAGE_KEY, dropLargeMembers, type RecordParts } from "./scan-record.js";

/** What is kept of an answer: digests instead of bytes, because a fleet has a million VMs. */
export interface KeptAnswer {
  readonly count: number;
  /** SHA-256 of all parts: equal ones need no further look. */
  readonly digest: Buffer;
  /** 16 bytes a VM, of its part; zero where the VM was rejected. */
  readonly vmDigests: Buffer;
  /** 16 bytes a VM; zero where not even the id could be read. */
  readonly vmIds: Buffer;
  readonly rejected: readonly RejectedVm[];
}

/** What differs from the kept answer, and what to keep of this one. */
export interface VmDifference {
  readonly vms: readonly ReportedVm[];
  readonly rejected: readonly RejectedVm[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly toKeep: KeptAnswer;
}

/** Compares parts with what is known, in as many steps as its caller likes. Parses those that are not known yet. */
export class VmDiff {
  private readonly count: number;
  private readonly vmDigests: Buffer;
  private readonly vmIds: Buffer;
  private readonly vms: ReportedVm[] = [];
  private readonly rejected: RejectedVm[] = [];
  private readonly lookup: Lookup | null;
  private position = 0;

  constructor(
    private readonly parts: RecordParts,
    private readonly digest: Buffer,
    private readonly before: KeptAnswer | null,
  ) {
    this.count = parts.ends.length;
    this.vmDigests = Buffer.alloc(WIDTH * this.count);
    this.vmIds = Buffer.alloc(WIDTH * this.count);
    this.lookup = before === null ? null : new Lookup(before);
  }

  /** Compares so many bytes of parts, and the part in which they end; whether these were the last. */
  compare(bytes: number): boolean {
    const { parts, count } = this;
    const until = (parts.ends[this.position - 1] ?? 0) + bytes;
    while (this.position < count && (parts.ends[this.position - 1] ?? 0) < until) {
      this.compareAt(this.position);
      this.position += 1;
    }
    return this.position === count;
  }

  /** Returns what differs. `null` if a VM is there twice: then all its records are needed to decide which counts. */
  finish(): VmDifference | null {
    const { count, digest, vmDigests, vmIds, vms, rejected, before } = this;
    const idsNow = collectIds(vmIds);
    const withoutId = rejected.filter((vm) => vm.vmId === null).length;
    if (idsNow.size + withoutId !== count) return null;
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
    const part = this.parts.at(position);
    const vmDigest = hash("sha256", part, "buffer").subarray(0, WIDTH);
    const id = this.lookup?.findId(vmDigest, position) ?? null;
    if (id !== null) {
      vmDigest.copy(vmDigests, WIDTH * position);
      id.copy(vmIds, WIDTH * position);
      return;
    }
    const vm = parsePart(part);
    if (vm.vmId !== null) vmIds.write(vm.vmId.replaceAll("-", ""), WIDTH * position, "hex");
    if (isRejected(vm)) {
      this.rejected.push(vm);
    } else {
      this.vms.push(vm);
      vmDigest.copy(vmDigests, WIDTH * position);
    }
  }
}

/** Parses the VM of one part. Of a record that is larger than anybody's, the large members cannot be read. */
export function parsePart(part: Buffer): ReportedVm | RejectedVm {
  if (part.length <= MAX_PART_BYTES) return parseVm(...readPart(part));
  let kept = dropLargeMembers(part, LARGE_MEMBER_BYTES);
  if (kept.part.length > MAX_PART_BYTES) kept = dropLargeMembers(part, SMALL_MEMBER_BYTES);
  const problems = kept.dropped
    .slice(0, MAX_NAMED)
    .map((field) => ({ field, reason: "is too large to be read" }));
  return parseVm(...readPart(kept.part), problems);
}

function readPart(part: Buffer): [unknown, string | null] {
  const record = parseTolerantJson(part);
  const damage = isRecord(record) ? record[DAMAGE_KEY] : undefined;
  return [record, typeof damage === "string" ? damage : null];
}

/** Finds a VM of the earlier answer by its digest: nearly always where it was, since hosts keep their order. */
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
  return [...collectIds(before.vmIds)].filter((id) => !idsNow.has(id)).map(formatUuid);
}

/** Collects the ids, each as 16 characters. */
function collectIds(vmIds: Buffer): Set<string> {
  const ids = new Set<string>();
  for (let at = 0; at < vmIds.length; at += WIDTH) ids.add(vmIds.toString("latin1", at, at + WIDTH));
  ids.delete(NO_ID);
  return ids;
}

function formatUuid(id: string): string {
  const hex = Buffer.from(id, "latin1").toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A guest with ten thousand interfaces and hundreds of addresses on each; a tenth of a second to parse. */
const MAX_PART_BYTES = 8_388_608;
const LARGE_MEMBER_BYTES = 1_048_576;
/** An id, a state and a name are smaller. */
const SMALL_MEMBER_BYTES = 1_024;
/** A record names each field once; whoever repeats one is told so a few times. */
const MAX_NAMED = 8;

const WIDTH = 16;
/** No VM has the nil UUID. An answer that says so counts as having that VM twice, and is parsed whole. */
const NO_ID = "\0".repeat(WIDTH);
