import { createHash } from "node:crypto";
import type { VmCursor, VmRow } from "../loaders/rows.js";
import { formatDnsName, formatLabel, formatLabelWithId, isReservedName } from "./dns-names.js";
import type { ExportWork } from "./export-records.js";

/** The DNS names under which a VM is published. */
export interface DnsNames {
  /** The VM's name, or a label made from it. */
  readonly own: string;
  /** The guest's own name for itself; `null`: it has none that it may publish. */
  readonly claimed: string | null;
}

/** Finds the names under which VMs are published. No two VMs have one name, and no guest gets the name of another VM. */
export interface PublishedNames {
  /**
   * Finds the names of a VM:
   * 1. Its own name is the VM's name, or a label made from it. A part of its id is added if several VMs would have the
   *    same.
   * 2. The guest's name for itself counts only if its first label is the VM's own name, and no VM has that name.
   */
  readonly find: (vm: {
    readonly id: string;
    readonly name: string;
    readonly fqdn: string | null;
  }) => DnsNames;
}

/** Reads the names of all VMs that a viewer sees, whatever is exported. It keeps 16 bytes of each. */
export async function readPublishedNames(work: ExportWork): Promise<PublishedNames> {
  const [names, vms] = [new HashList(), new HashList()];
  let after: VmCursor | null = null;
  do {
    const cursor: VmCursor | null = after;
    const rows: readonly VmRow[] = await work(
      (loaders) => loaders.loadVmsPage({ limit: PIECE, after: cursor, filter: {}, order: "NAME_ASC" }),
      true,
    );
    for (const { id, name } of rows) {
      const own = findOwnName(name);
      names.add(own);
      vms.add(`${own} ${id}`);
    }
    const last = rows.length < PIECE ? undefined : rows.at(-1);
    after = last === undefined ? null : { name: last.name, id: last.id };
  } while (after !== null);
  names.sort();
  vms.sort();
  return {
    find: ({ id, name, fqdn }) => {
      const own = findOwnName(name);
      // A VM that was added or renamed after the names were read may have another VM's name.
      const isAlone = names.count(own) === 1 && vms.count(`${own} ${id}`) === 1;
      if (!isAlone || isReservedName(own)) return { own: formatLabelWithId(own, id), claimed: null };
      const said = formatDnsName(fqdn);
      const mayClaim = said !== null && said.split(".", 1)[0] === own && names.count(said) === 0;
      return { own, claimed: mayClaim && !isReservedName(said) ? said : null };
    },
  };
}

function findOwnName(name: string): string {
  return formatDnsName(name) ?? formatLabel(name);
}

/** Number of names that one read takes. */
const PIECE = 2_000;

/** A list of texts as eight bytes of their hashes. Sort it before counting. */
class HashList {
  private hashes = new BigUint64Array(1_024);
  private length = 0;

  add(text: string): void {
    if (this.length === this.hashes.length) {
      const larger = new BigUint64Array(2 * this.length);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[this.length] = hash(text);
    this.length += 1;
  }

  sort(): void {
    this.hashes = this.hashes.subarray(0, this.length).sort();
  }

  /** Counts a text: 0, 1, or 2 if it is there more often. */
  count(text: string): number {
    const wanted = hash(text);
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.hashes[middle] ?? 0n) < wanted) low = middle + 1;
      else high = middle;
    }
    return [0, 1].filter((next) => this.hashes[low + next] === wanted).length;
  }
}

function hash(text: string): bigint {
  return createHash("sha256").update(text).digest().readBigUInt64LE(0);
}
