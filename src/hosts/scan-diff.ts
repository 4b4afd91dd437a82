import { hash } from "node:crypto";
import type { RecordParts } from "./scan-record.js";
import type { RejectedVm, ReportedVm } from "./types.js";
import { checkVm, isRejected } from "./vm-stats.js";

/** What is remembered of an answer: digests instead of bytes, because a fleet has a million VMs. */
export interface KnownVms {
  readonly count: number;
  /** SHA-256 of all parts: equal ones need no further look. */
  readonly digest: Buffer;
  /** 16 bytes a VM, of its part; zero where the VM was rejected. */
  readonly vmDigests: Buffer;
  /** 16 bytes a VM; zero where not even the id could be read. */
  readonly vmIds: Buffer;
  readonly rejected: readonly RejectedVm[];
}

/** What differs, and what is known now. */
export interface VmDifference {
  readonly vms: readonly ReportedVm[];
  readonly rejected: readonly RejectedVm[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly known: KnownVms;
}

/** Parses the parts that are not known yet; `null` if one VM is there twice, since then others decide which counts. */
export function diffVms(parts: RecordParts, digest: Buffer, before: KnownVms | null): VmDifference | null {
  const count = parts.ends.length;
  const vmDigests = Buffer.alloc(WIDTH * count);
  const vmIds = Buffer.alloc(WIDTH * count);
  const vms: ReportedVm[] = [];
  const rejected: RejectedVm[] = [];
  const known = before === null ? null : new Lookup(before);
  for (let position = 0; position < count; position += 1) {
    const part = parts.at(position);
    const vmDigest = hash("sha256", part, "buffer").subarray(0, WIDTH);
    const id = known?.idOf(vmDigest, position) ?? null;
    if (id !== null) {
      vmDigest.copy(vmDigests, WIDTH * position);
      id.copy(vmIds, WIDTH * position);
      continue;
    }
    const vm = checkVm(JSON.parse(part.toString("latin1")));
    if (vm.vmId !== null) vmIds.write(vm.vmId.replaceAll("-", ""), WIDTH * position, "hex");
    if (isRejected(vm)) {
      rejected.push(vm);
    } else {
      vms.push(vm);
      vmDigest.copy(vmDigests, WIDTH * position);
    }
  }
  const idsNow = idSet(vmIds);
  const withoutId = rejected.filter((vm) => vm.vmId === null).length;
  if (idsNow.size + withoutId !== count) return null;
  return {
    vms,
    rejected,
    removed: before === null ? [] : removedIds(before, idsNow),
    unchanged: count - vms.length - rejected.length,
    known: { count, digest, vmDigests, vmIds, rejected },
  };
}

/** Finds a VM of the earlier answer by its digest: nearly always where it was, since hosts keep their order. */
class Lookup {
  private positions: Map<string, number> | null = null;

  constructor(private readonly before: KnownVms) {}

  /** The id of the VM with this digest, or `null` if it is not known. */
  idOf(vmDigest: Buffer, position: number): Buffer | null {
    const { vmDigests, vmIds } = this.before;
    const here = WIDTH * position;
    if (here < vmDigests.length && vmDigest.compare(vmDigests, here, here + WIDTH) === 0) {
      return vmIds.subarray(here, here + WIDTH);
    }
    this.positions ??= positionsOf(vmDigests);
    const found = this.positions.get(vmDigest.toString("latin1"));
    return found === undefined ? null : vmIds.subarray(found, found + WIDTH);
  }
}

function positionsOf(vmDigests: Buffer): Map<string, number> {
  const positions = new Map<string, number>();
  for (let at = 0; at < vmDigests.length; at += WIDTH)
    positions.set(vmDigests.toString("latin1", at, at + WIDTH), at);
  return positions;
}

function removedIds(before: KnownVms, idsNow: ReadonlySet<string>): string[] {
  return [...idSet(before.vmIds)].filter((id) => !idsNow.has(id)).map(toUuid);
}

/** The ids, each as 16 characters. */
function idSet(vmIds: Buffer): Set<string> {
  const ids = new Set<string>();
  for (let at = 0; at < vmIds.length; at += WIDTH) ids.add(vmIds.toString("latin1", at, at + WIDTH));
  ids.delete(NO_ID);
  return ids;
}

function toUuid(id: string): string {
  const hex = Buffer.from(id, "latin1").toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const WIDTH = 16;
/** No VM has the nil UUID; an answer that says so counts as having that VM twice, and is parsed whole. */
const NO_ID = "\0".repeat(WIDTH);
