import { BoundedMap } from "../../model/bounded-map.js";
import type { Nic } from "../vm-types.js";
import { KEPT_ONE_OF, LONGEST_KEPT_MS } from "./kept-vms.js";

/** Which VMs an answer has, in its order; of a search for vNICs, the vNIC with each. */
export interface KeptList {
  readonly vmIds: readonly string[];
  readonly nics: readonly Nic[] | null;
}

/** What makes a list another one, and since when it holds. */
export interface ListTerms {
  /** Bits of the changes that decide who is in the list, and where. */
  readonly kinds: number;
  /** The last look before it was read. */
  readonly readAfterLook: number;
  /** The first look in whose state it holds for certain. */
  readonly holdsFrom: number;
  readonly readAtMs: number;
}

/** Lists of VMs that were read, as long as nothing changed that they depend on. */
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

  /** Finds a list that holds in the state of this look; `null`: it has to be read. */
  find(key: string, asOfLook: number, nowMs: number): KeptList | null {
    const found = this.kept.use(key);
    if (found === undefined || found.holdsFrom > asOfLook) return null;
    if (this.hasChanged(found) || nowMs - found.readAtMs >= LONGEST_KEPT_MS) {
      this.kept.delete(key);
      return null;
    }
    return found;
  }

  /** Keeps a list. One that is kept and holds as well stays, or it would wait for the next look once more. */
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
/** The place of an id, whose text is nearly always that of a kept VM. */
const ID_BYTES = 16;
const NIC_BYTES = 370;
