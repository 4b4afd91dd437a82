import { BoundedMap } from "../../model/bounded-map.js";
import { UNKNOWN_HOST, type HostFreshness } from "../../model/guest/freshness.js";
import {
  hasParts,
  isLargeTree,
  joinParts,
  joinRow,
  NO_PARTS,
  type TreeText,
  type TreeTexts,
  type VmTree,
  type VmTreeParts,
} from "../vm-tree.js";

/** What is asked of a kept VM. */
export interface KeptQuestion {
  readonly parts: VmTreeParts;
  /** How hosts are in the state that the answer shows; `null`: not known, so that no row can be told. */
  readonly hosts: ReadonlyMap<string, HostFreshness> | null;
  /** Only what holds in the state of this look; `null`: also what was read after it. */
  readonly asOfLook: number | null;
  readonly nowMs: number;
}

/** VMs that were read, as long as nothing is known to have changed them. */
export class KeptVms {
  /** What different operations asked of the same VMs: all of it is read, or each would push out what the other needs. */
  commonParts: VmTreeParts = NO_PARTS;
  private readonly kept: BoundedMap<KeptVm>;

  constructor(maxBytes: number) {
    this.kept = new BoundedMap(maxBytes, KEPT_ONE_OF);
  }

  get figures(): { readonly vms: number; readonly bytes: number; readonly evictions: number } {
    const { size, weight, evictions } = this.kept;
    return { vms: size, bytes: weight, evictions };
  }

  /** Finds a VM with what is asked of it; `null`: it has to be read. */
  find(id: string, { parts, hosts, asOfLook, nowMs }: KeptQuestion): VmTree | null {
    const vm = this.kept.use(id);
    if (vm === undefined || !hasParts(vm.parts, parts)) return null;
    if (asOfLook !== null && vm.holdsFrom > asOfLook) return null;
    if (nowMs - vm.readAtMs >= LONGEST_KEPT_MS) {
      this.kept.delete(id);
      return null;
    }
    if (!parts.row) return vm.tree;
    return hosts === null ? null : this.joinHost(id, vm, hosts);
  }

  /** Keeps a VM as it was read. One that is kept with more parts stays: it holds as well. */
  keep(
    tree: VmTree,
    {
      parts,
      holdsFrom,
      readAtMs,
    }: { readonly parts: VmTreeParts; readonly holdsFrom: number; readonly readAtMs: number },
  ): void {
    const { id } = tree.vm;
    // Large ones are answered otherwise anyway.
    if (isLargeTree(tree)) return;
    const held = this.kept.peek(id);
    if (held !== undefined && hasParts(held.parts, parts)) {
      if (readAtMs - held.readAtMs < LONGEST_KEPT_MS / 2) return;
    } else if (held !== undefined && !hasParts(parts, held.parts)) {
      this.commonParts = joinParts(this.commonParts, joinParts(parts, held.parts));
    }
    this.put(tree, { parts, holdsFrom, readAtMs });
  }

  /** Returns which parts of a VM are kept; `null`: it is not kept. */
  findParts(id: string): VmTreeParts | null {
    return this.kept.peek(id)?.parts ?? null;
  }

  /** Returns the text of an id that is kept anyway, so that lists of ids need no texts of their own. */
  shareId(id: string): string {
    return this.kept.peek(id)?.tree.vm.id ?? id;
  }

  drop(id: string): void {
    this.kept.delete(id);
  }

  clear(): void {
    this.kept.clear();
  }

  private put(
    { vm, own, lists }: VmTree,
    {
      parts,
      holdsFrom,
      readAtMs,
    }: { readonly parts: VmTreeParts; readonly holdsFrom: number; readonly readAtMs: number },
  ): void {
    const { id, name, status, hostId, interfacesKnown, nicsKnown } = vm;
    // Without the place in the list in which it was found.
    const known = { id, name, status, hostId, interfacesKnown, nicsKnown };
    lists.putAway();
    const bare = { vm: known, own, row: null, lists };
    const kept: KeptVm = {
      tree: { ...bare, texts: this.createTexts(id, () => kept) },
      joined: null,
      parts,
      holdsFrom,
      readAtMs,
    };
    this.kept.set(id, kept, estimateBytes(bare));
  }

  /** The tree with its row; the same one as long as the host is in the same state. */
  private joinHost(id: string, kept: KeptVm, hosts: ReadonlyMap<string, HostFreshness>): VmTree | null {
    const { vm, own } = kept.tree;
    if (own === null) return null;
    const host = vm.hostId === null ? null : (hosts.get(vm.hostId) ?? UNKNOWN_HOST);
    if (kept.joined === null || kept.joined.host !== host) {
      if (kept.joined !== null) this.kept.grow(id, kept, -kept.joined.texts.bytes);
      const texts = this.createTexts(id, () => kept);
      kept.joined = { host, texts, tree: { ...kept.tree, row: joinRow(vm, own, host), texts } };
    }
    return kept.joined.tree;
  }

  private createTexts(id: string, findKept: () => KeptVm): KeptTexts {
    return new KeptTexts((bytes) => {
      this.kept.grow(id, findKept(), bytes);
    });
  }
}

interface KeptVm {
  readonly tree: VmTree;
  joined: { readonly host: HostFreshness | null; readonly texts: KeptTexts; readonly tree: VmTree } | null;
  readonly parts: VmTreeParts;
  /** The first look in whose state it holds for certain. */
  readonly holdsFrom: number;
  readonly readAtMs: number;
}

/** Texts made of a VM, so few for each that a list is smaller than a map, and as fast. */
class KeptTexts implements TreeTexts {
  private readonly texts: { readonly shape: string; readonly text: TreeText }[] = [];
  bytes = 0;

  constructor(private readonly onGrow: (bytes: number) => void) {}

  find(shape: string): TreeText | undefined {
    return this.texts.find((each) => each.shape === shape)?.text;
  }

  keep(shape: string, text: TreeText): void {
    let grown = estimateText(text);
    const oldest = this.texts.length >= MOST_TEXTS ? this.texts.shift() : undefined;
    if (oldest !== undefined) grown -= estimateText(oldest.text);
    this.texts.push({ shape, text });
    this.bytes += grown;
    this.onGrow(grown);
  }
}

function estimateText({ text }: TreeText): number {
  return text.length + TEXT_BYTES;
}

/** Estimates the bytes that V8 takes. `test/store/memory/memory-size.test.ts` compares it with the heap. */
function estimateBytes({ own, lists }: Omit<VmTree, "texts">): number {
  return VM_BYTES + lists.characters + (own === null ? 0 : ROW_BYTES);
}

const VM_BYTES = 1_100;
const ROW_BYTES = 600;
const TEXT_BYTES = 150;

/** Operations that many people send ask for few shapes of a VM. */
const MOST_TEXTS = 8;

/** Where a fleet is larger than the memory, a part of it is kept and found again. What is asked for often comes in soon. */
export const KEPT_ONE_OF = 4;

/**
 * Even what nothing is known to have changed is read again in the end: whoever switches triggers off to write a table leaves
 * neither a row in the log nor a note.
 */
export const LONGEST_KEPT_MS = 10 * 60_000;
