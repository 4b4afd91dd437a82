import { BoundedMap } from "../../model/kept/bounded-map.js";
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

/** What an answer needs of a kept VM. */
export interface KeptQuestion {
  readonly parts: VmTreeParts;
  /**
   * The hosts' states in the state of the database that the answer shows; `null`: not known, so that no row can be made.
   */
  readonly hosts: ReadonlyMap<string, HostFreshness> | null;
  /** Only VMs that are valid in the state of this look; `null`: also VMs that were read after it. */
  readonly asOfLook: number | null;
  readonly nowMs: number;
}

/** Keeps VMs that were read, until a change of them is known. */
export class KeptVms {
  /**
   * The parts that different operations asked of the same VMs. All of them are read, because otherwise each operation would
   * replace what the other one needs.
   */
  commonParts: VmTreeParts = NO_PARTS;
  private readonly kept: BoundedMap<KeptVm>;

  constructor(maxBytes: number) {
    this.kept = new BoundedMap(maxBytes, KEPT_ONE_OF);
  }

  /** The memory of the kept VMs. */
  get bytes(): number {
    return this.kept.weight;
  }

  get figures(): { readonly vms: number; readonly evictions: number } {
    const { size, evictions } = this.kept;
    return { vms: size, evictions };
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

  /** Keeps a VM as it was read. If it is kept with more parts, that one stays, because it is valid as well. */
  keep(
    tree: VmTree,
    {
      parts,
      holdsFrom,
      readAtMs,
    }: { readonly parts: VmTreeParts; readonly holdsFrom: number; readonly readAtMs: number },
  ): void {
    const { id } = tree.vm;
    // Answers with large VMs are not written from kept ones.
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
    // Leaves out `orderKey`, which belongs to the list in which the VM was found.
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

  /** Returns the tree with its row. It is the same object as long as the host's state is the same. */
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
  /** The number of the first look in whose state it is certainly valid. */
  readonly holdsFrom: number;
  readonly readAtMs: number;
}

/** Keeps the texts that were written of a VM. There are so few that a list is as fast as a map, and smaller. */
class KeptTexts implements TreeTexts {
  readonly state = ++states;
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

/** The number of states of VMs that this process has kept. */
let states = 0;

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

/** Frequent operations select few different shapes of a VM. */
const MOST_TEXTS = 8;

/**
 * When the memory is full, one of so many new VMs is kept. So a part of a fleet that is larger than the memory stays in it,
 * and what is asked for often still comes in soon.
 */
export const KEPT_ONE_OF = 4;

/**
 * After this time a VM is read again, although no change of it is known. Somebody who switches triggers off and writes a
 * table leaves neither a row in the log nor a note.
 */
export const LONGEST_KEPT_MS = 10 * 60_000;
