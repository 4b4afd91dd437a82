import { createHash } from "node:crypto";
import type { VmCursor, VmRow } from "../loaders/rows.js";
import { formatDnsName, formatLabel, formatLabelWithId, isReservedName } from "./dns-names.js";
import type { ExportWork } from "./export-records.js";

/** The names of the DNS under which a VM is published. */
export interface DnsNames {
  /** The VM's name, or a label made of it. */
  readonly own: string;
  /** What the guest says that it is called; `null`: nothing that it may publish. */
  readonly claimed: string | null;
}

/** Says under which names VMs are published, so that no two have one, and no guest has another VM's. */
export interface PublishedNames {
  /**
   * Finds the names of a VM:
   * 1. its own one is its name; or a label made of it, with a part of its id where several VMs would have the same;
   * 2. a guest's claim counts only if its first label is the VM's own name, and no VM is called so.
   */
  readonly find: (vm: {
    readonly id: string;
    readonly name: string;
    readonly fqdn: string | null;
  }) => DnsNames;
}

/** Reads the names of all VMs that a viewer sees, whatever is exported of them. Keeps 16 bytes of each. */
export async function readPublishedNames(work: ExportWork): Promise<PublishedNames> {
  const [names, vms] = [new HashList(), new HashList()];
  let after: VmCursor | null = null;
  do {
    const place: VmCursor | null = after;
    const rows: readonly VmRow[] = await work(
      (loaders) => loaders.loadVmsPage({ limit: PIECE, after: place, filter: {}, order: "NAME_ASC" }),
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
      // A VM that came or was renamed after the names were read may have another one's name.
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

/** Texts by eight bytes of their hashes, to be counted once they are sorted. */
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

  /** Counts a text: 0, 1, or 2 for more. */
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
