import { setImmediate as takeTurn } from "node:timers/promises";
import { formatAddress, parseAddress, type IpFamily } from "../../model/address/cidr.js";

/**
 * VMs with their primary addresses, in one block of memory, sorted by id. An address is a byte of its family and 16 bytes of its
 * number, so that bytes compare as PostgreSQL compares `inet` and `uuid`: IPv4 comes before IPv6. A VM without an address has
 * zeros there. Beside it stands a digest of all that the address was found from; zeros: it was not found yet.
 */
export class Places {
  private readonly bytes: Buffer;

  /** Makes room for so many VMs. */
  constructor(readonly count: number) {
    this.bytes = Buffer.alloc(count * WIDTH);
  }

  /** Sets the ids of a part of the VMs. `ids`: 16 bytes of each VM, which begin every `step` bytes, sorted. */
  setIds(ids: Buffer, step: number, [from, to]: Part): void {
    for (let at = from; at < to; at += 1) {
      ids.copy(this.bytes, at * WIDTH + ID, at * step, at * step + ID_BYTES);
    }
  }

  /** Returns the id of a VM, as hexadecimal digits. */
  getId(at: number): string {
    return this.bytes.toString("hex", at * WIDTH + ID, (at + 1) * WIDTH);
  }

  /** Returns whether the VM's digest is the one that begins at a byte of these. */
  hasDigest(at: number, digests: Buffer, start: number): boolean {
    return (
      this.bytes.compare(digests, start, start + DIGEST_BYTES, at * WIDTH, at * WIDTH + DIGEST_BYTES) === 0
    );
  }

  /** Returns whether the VM's address, or that it has none, was found. */
  isFound(at: number): boolean {
    return !this.hasDigest(at, NOT_FOUND, 0);
  }

  hasAddress(at: number): boolean {
    return this.bytes[at * WIDTH + ADDRESS] !== 0;
  }

  getAddress(at: number): string | null {
    const start = at * WIDTH + ADDRESS;
    const family = this.bytes[start];
    if (family === 0) return null;
    const value = BigInt(`0x${this.bytes.toString("hex", start + 1, start + ADDRESS_BYTES)}`);
    return formatAddress({ family: family as IpFamily, value });
  }

  /** Sets what was found of a VM. */
  set(at: number, digest: Buffer, address: string | null): void {
    digest.copy(this.bytes, at * WIDTH, 0, DIGEST_BYTES);
    writeAddress(this.bytes, at * WIDTH + ADDRESS, address);
  }

  /** Compares addresses. Unknown ones are the lowest. */
  compareAddresses(left: number, right: number): number {
    return this.comparePart(left, this, right, ADDRESS, ADDRESS_BYTES);
  }

  /** Compares addresses, then ids. */
  compare(left: number, right: number): number {
    return this.comparePart(left, this, right, ADDRESS, EDGE_BYTES);
  }

  /** Compares a VM's address and id with those that {@link encodeEdge} wrote. */
  compareWithEdge(at: number, edge: Buffer): number {
    const start = at * WIDTH + ADDRESS;
    return this.bytes.compare(edge, 0, EDGE_BYTES, start, start + EDGE_BYTES);
  }

  /**
   * Takes over what was found of the same VMs among others, for one part of the VMs. Returns where to go on among the others
   * for the next part.
   */
  takeOver(others: Places, [from, to]: Part, first: number): number {
    let next = first;
    for (let at = from; at < to; at += 1) {
      next = others.findId(this, at, next);
      if (next === others.count) break;
      if (this.compareIds(at, others, next) === 0 && others.isFound(next)) this.copyFrom(others, next, at);
    }
    return next;
  }

  /** Takes over what was found of one VM, if it is among these. Returns whether it is. */
  learn(others: Places, at: number): boolean {
    const place = this.findId(others, at, 0);
    if (place === this.count || others.compareIds(at, this, place) !== 0) return false;
    this.copyFrom(others, at, place);
    return true;
  }

  /** Lists the ids of both, sorted, each once: {@link ID_BYTES} bytes of each. Other requests have their turn in between. */
  async joinIds(others: Places): Promise<Buffer> {
    const ids = Buffer.allocUnsafe((this.count + others.count) * ID_BYTES);
    let [filled, left, right] = [0, 0, 0];
    while (left < this.count || right < others.count) {
      const isEnd = left === this.count;
      const order = isEnd ? 1 : right === others.count ? -1 : this.compareIds(left, others, right);
      const [from, at] = order > 0 ? [others, right] : [this, left];
      filled += from.bytes.copy(ids, filled, at * WIDTH + ID, (at + 1) * WIDTH);
      if (order <= 0) left += 1;
      if (order >= 0) right += 1;
      if (filled % (VMS_A_TURN * ID_BYTES) === 0) await takeTurn();
    }
    return ids.subarray(0, filled);
  }

  /** Finds the first of these VMs, from one on, whose id is not below that of a VM of others. It looks near that one first. */
  private findId(others: Places, other: number, from: number): number {
    let [low, step] = [from, 1];
    while (low + step <= this.count && others.compareIds(other, this, low + step - 1) > 0) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step - 1, this.count);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (others.compareIds(other, this, middle) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns a copy, which does not change with these. */
  copy(): Places {
    const copy = new Places(this.count);
    this.bytes.copy(copy.bytes);
    return copy;
  }

  private copyFrom(others: Places, from: number, to: number): void {
    others.bytes.copy(this.bytes, to * WIDTH, from * WIDTH, from * WIDTH + ID);
  }

  private compareIds(at: number, others: Places, other: number): number {
    return this.comparePart(at, others, other, ID, ID_BYTES);
  }

  private comparePart(at: number, others: Places, other: number, start: number, length: number): number {
    const [one, two] = [at * WIDTH + start, other * WIDTH + start];
    return this.bytes.compare(others.bytes, two, two + length, one, one + length);
  }
}

/** A part of the VMs: from one to before another. */
export type Part = readonly [number, number];

/** Writes an address and an id as bytes, which compare as the two do. */
export function encodeEdge(address: string | null, id: string): Buffer {
  const edge = Buffer.alloc(EDGE_BYTES);
  writeAddress(edge, 0, address);
  edge.write(id.replaceAll("-", ""), ADDRESS_BYTES, ID_BYTES, "hex");
  return edge;
}

function writeAddress(bytes: Buffer, start: number, address: string | null): void {
  const parsed = address === null ? null : parseAddress(address);
  if (parsed === null) {
    bytes.fill(0, start, start + ADDRESS_BYTES);
    return;
  }
  bytes[start] = parsed.family;
  bytes.write(parsed.value.toString(16).padStart(2 * (ADDRESS_BYTES - 1), "0"), start + 1, "hex");
}

/** Bytes of a VM's id. */
export const ID_BYTES = 16;

/** Bytes of a digest. */
export const DIGEST_BYTES = 16;

const ADDRESS_BYTES = 17;
const EDGE_BYTES = ADDRESS_BYTES + ID_BYTES;
const ADDRESS = DIGEST_BYTES;
const ID = ADDRESS + ADDRESS_BYTES;
const WIDTH = ID + ID_BYTES;

/** The VMs that are joined in one turn, which takes some milliseconds. */
const VMS_A_TURN = 10_000;

const NOT_FOUND = Buffer.alloc(DIGEST_BYTES);
