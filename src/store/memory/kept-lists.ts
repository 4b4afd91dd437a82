import { BoundedMap } from "../../model/kept/bounded-map.js";
import type { Nic } from "../vm-types.js";
import { KEPT_ONE_OF, LONGEST_KEPT_MS } from "./kept-vms.js";

/** The ids of the VMs of an answer, in its order. For a search for vNICs, also the vNIC of each. */
export interface KeptList {
  readonly vmIds: readonly string[];
  readonly nics: readonly Nic[] | null;
}

/** Says which changes make a list invalid, and from when on it is valid. */
export interface ListTerms {
  /** Bits of the kinds of changes that can change the list's members or their order. */
  readonly kinds: number;
  /** The number of the last look before it was read. */
  readonly readAfterLook: number;
  /** The number of the first look in whose state it is certainly valid. */
  readonly holdsFrom: number;
  readonly readAtMs: number;
}

/** Keeps lists of VMs that were read, until something changes on which they depend. */
export class KeptLists {
  private readonly kept: BoundedMap<KeptList & ListTerms>;
  /** For each bit of a kind, the last look that brought such a change. */
  private readonly lastLooks = new Map<number, number>();

  constructor(maxBytes: number) {
    this.kept = new BoundedMap(maxBytes, KEPT_ONE_OF);
  }

  get bytes(): number {
    return this.kept.weight;
  }

  /** Changes how much memory lists may take. */
  bound(maxBytes: number): void {
    this.kept.bound(maxBytes);
  }

  /** Finds a list that is valid in the state of this look; `null`: it has to be read. */
  find(key: string, asOfLook: number, nowMs: number): KeptList | null {
    const found = this.kept.use(key);
    if (found === undefined || found.holdsFrom > asOfLook) return null;
    if (this.hasChanged(found) || nowMs - found.readAtMs >= LONGEST_KEPT_MS) {
      this.kept.delete(key);
      return null;
    }
    return found;
  }

  /**
   * Keeps a list. If the same list is kept and still valid, that one stays: a new one could be used only after the next
   * look.
   */
  keep(key: string, list: KeptList, terms: ListTerms): void {
    if (this.hasChanged(terms)) return;
    const held = this.kept.peek(key);
    const isYoung = held !== undefined && terms.readAtMs - held.readAtMs < LONGEST_KEPT_MS / 2;
    if (isYoung && !this.hasChanged(held)) return;
    const bytes = key.length + LIST_BYTES + list.vmIds.length * (list.nics === null ? ID_BYTES : NIC_BYTES);
    this.kept.set(key, { ...list, ...terms }, bytes);
  }

  /** Notes changes that a look brought. */
  note(kinds: number, look: number): void {
    for (let bit = 1; bit <= kinds; bit *= 2) if ((kinds & bit) !== 0) this.lastLooks.set(bit, look);
  }

  clear(): void {
    this.kept.clear();
  }

  private hasChanged({ kinds, readAfterLook }: ListTerms): boolean {
    for (const [bit, look] of this.lastLooks) {
      if ((kinds & bit) !== 0 && look > readAfterLook) return true;
    }
    return false;
  }
}

const LIST_BYTES = 300;
/** A reference to an id. Its text is nearly always shared with a kept VM. */
const ID_BYTES = 16;
const NIC_BYTES = 370;
