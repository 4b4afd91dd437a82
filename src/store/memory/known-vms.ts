import type { HostFreshness } from "../../model/guest/freshness.js";
import { ALL_KINDS } from "../changes/kinds.js";
import { joinParts, type VmTree, type VmTreeParts } from "../vm-tree.js";
import { Belief } from "./belief.js";
import { KeptLists, type KeptList } from "./kept-lists.js";
import { KeptVms } from "./kept-vms.js";
import { describeAbsence, type ListKey } from "./list-keys.js";
import type { Look, LookAtChanges } from "./look.js";

/** How much is kept, how the log is looked at, and by which clocks: one that never steps, and the wall's. */
export interface KnownVmsOptions {
  readonly maxBytes: number;
  readonly look: LookAtChanges;
  /** Called after each look, with `null` or the error with which it failed. */
  readonly onLook: (error: unknown) => void;
  readonly now: () => number;
  readonly wallNow: () => number;
}

/** A running statement, and what it reads. */
export interface Reading {
  readonly parts: VmTreeParts;
  readonly keepVm: (tree: VmTree) => void;
  readonly keepList: (key: ListKey, list: KeptList) => void;
  /** Call it when the statement has ended and its rows were kept. */
  readonly end: () => void;
}

/**
 * Keeps VMs, and lists of them, between two looks at the log (`look.ts`). Looks have numbers. The rules:
 * 1. A VM that a statement read is kept only if no look has reported a change of it since the statement was sent.
 * 2. A look drops each changed VM, or replaces it by what it read of it in the same transaction.
 * 3. So a kept VM is valid in the state that the last look saw. One that was read after that look began may be newer; it is
 *    certainly valid from the next look on.
 * 4. An answer with several VMs, or with a host's state, uses only what is valid in the last look's state, so that it shows
 *    one state of the database. One VM by itself is one state anyway.
 */
export class KnownVms {
  readonly belief: Belief;
  private readonly vms: KeptVms;
  private readonly lists: KeptLists;
  private hosts: ReadonlyMap<string, HostFreshness> | null = null;
  private hostsAskedAtMs = -Infinity;
  /** The last look that reported a change of each VM; kept only while statements run. */
  private readonly named = new Map<string, number>();
  private statements = 0;
  /**
   * The look that emptied the memory last. What was read before it ended is not kept, because nobody knows what changed.
   */
  private forgottenAt = 0;
  /** The number of the first look in whose state everything that is kept is valid. */
  private allHoldFrom = 0;

  constructor(private readonly options: KnownVmsOptions) {
    const { maxBytes, look, onLook, now, wallNow } = options;
    this.vms = new KeptVms(maxBytes - maxBytes / LISTS_SHARE);
    this.lists = new KeptLists(maxBytes);
    this.belief = new Belief({
      ...{ now, wallNow },
      look: () =>
        look({
          hosts: now() - this.hostsAskedAtMs < HOSTS_WANTED_MS,
          findParts: (vmId) => this.vms.findParts(vmId),
        }),
      apply: (found, number) => {
        this.apply(found, number);
      },
      onLook,
    });
  }

  /** The memory of all that is kept. */
  get bytes(): number {
    return this.vms.bytes + this.lists.bytes;
  }

  get figures(): { readonly vms: number; readonly bytes: number; readonly evictions: number } {
    return { ...this.vms.figures, bytes: this.bytes };
  }

  /** Asks whether kept VMs may be used now. */
  ask(parts: VmTreeParts): boolean | Promise<boolean> {
    if (parts.row) this.hostsAskedAtMs = this.options.now();
    return this.belief.ask();
  }

  /** Gives lists what VMs leave of the memory. */
  private boundLists(): void {
    this.lists.bound(this.options.maxBytes - this.vms.bytes);
  }

  /** Finds a VM; `null`: it has to be read. `isAlone`: the answer shows nothing else. */
  find(id: string, parts: VmTreeParts, isAlone: boolean): VmTree | null {
    const mayBeNewer = isAlone && !parts.row;
    return this.vms.find(id, {
      parts,
      hosts: this.hosts,
      asOfLook: mayBeNewer ? null : this.belief.ended,
      nowMs: this.options.now(),
    });
  }

  findList({ key }: ListKey): KeptList | null {
    return this.lists.find(key, this.belief.ended, this.options.now());
  }

  /** Returns `true` if it is known that no VM has this id. */
  isAbsent(id: string): boolean {
    return this.findList(describeAbsence(id)) !== null;
  }

  /** Begins a statement. Call it before the statement is sent. */
  begin(asked: VmTreeParts): Reading {
    const { belief } = this;
    // A VM that was not found may be kept already, and may be used after the next look.
    if (this.allHoldFrom > belief.begun) belief.hurry();
    this.statements += 1;
    const parts = joinParts(asked, this.vms.commonParts);
    const afterLook = belief.ended;
    const readAtMs = this.options.now();
    const isLost = () => afterLook === 0 || this.forgottenAt > afterLook;
    const holdFromNext = (): number => (this.allHoldFrom = belief.begun + 1);
    return {
      parts,
      keepVm: (tree) => {
        if (isLost() || (this.named.get(tree.vm.id) ?? 0) > afterLook) return;
        this.vms.keep(tree, { parts, holdsFrom: holdFromNext(), readAtMs });
        this.boundLists();
      },
      keepList: ({ key, kinds }, list) => {
        if (isLost()) return;
        const vmIds = list.vmIds.map((id) => this.vms.shareId(id));
        const terms = { kinds, readAfterLook: afterLook, holdsFrom: holdFromNext(), readAtMs };
        this.boundLists();
        this.lists.keep(key, { ...list, vmIds }, terms);
      },
      end: () => {
        this.statements -= 1;
        if (this.statements === 0) this.named.clear();
      },
    };
  }

  async stop(): Promise<void> {
    await this.belief.stop();
    this.forget(Infinity);
  }

  private apply({ changes, hosts, trees, parts }: Look, number: number): void {
    this.hosts = hosts === null ? null : keepSame(hosts, this.hosts);
    if (changes === null) {
      this.forget(number);
      return;
    }
    let allKinds = 0;
    for (const { vmId, kinds } of changes) {
      // The row of an erased past stands for changes that cannot be read any more.
      allKinds |= kinds === 0 ? ALL_KINDS : kinds;
      this.vms.drop(vmId);
      if (this.statements > 0) this.named.set(vmId, number);
    }
    this.lists.note(allKinds, number);
    const readAtMs = this.options.now();
    for (const tree of trees) this.vms.keep(tree, { parts, holdsFrom: number, readAtMs });
  }

  private forget(number: number): void {
    this.forgottenAt = number;
    this.vms.clear();
    this.lists.clear();
  }
}

/**
 * Reuses the objects of hosts whose state is the same. Rows that were made with them stay valid as long as the object does.
 */
function keepSame(
  hosts: ReadonlyMap<string, HostFreshness>,
  before: ReadonlyMap<string, HostFreshness> | null,
): ReadonlyMap<string, HostFreshness> {
  if (before === null) return hosts;
  return new Map(
    [...hosts].map(([id, host]) => {
      const old = before.get(id);
      return [id, old !== undefined && isSame(old, host) ? old : host];
    }),
  );
}

function isSame(one: HostFreshness, other: HostFreshness): boolean {
  return (
    one.hostReason === other.hostReason &&
    one.lastSuccessAt?.getTime() === other.lastSuccessAt?.getTime() &&
    one.hostSince?.getTime() === other.hostSince?.getTime()
  );
}

/** At least a fifth of the memory is for lists, because ids take less than VMs. They get what VMs leave of the rest. */
const LISTS_SHARE = 5;

/** A look reads the states of hosts if an answer needed them within this time. */
const HOSTS_WANTED_MS = 10_000;
