import { joinFreshness, type HostFreshness, type OwnFreshness } from "../model/guest/freshness.js";
import type { VmRow } from "./row-types.js";
import type { VmPageRequest } from "./vm-search.js";
import type { GuestInterface, Nic } from "./vm-types.js";

/** Which parts of VMs are read; what is not asked for costs nothing. */
export interface VmTreeParts {
  /** The whole row, with what the state of the host adds to it; otherwise what {@link VmTree.vm} has. */
  readonly row: boolean;
  readonly interfaces: boolean;
  readonly nics: boolean;
}

/** Nothing but the VM itself. */
export const NO_PARTS: VmTreeParts = { row: false, interfaces: false, nics: false };

/** Joins what two readers need. */
export function joinParts(one: VmTreeParts, other: VmTreeParts): VmTreeParts {
  return {
    row: one.row || other.row,
    interfaces: one.interfaces || other.interfaces,
    nics: one.nics || other.nics,
  };
}

/** Tells whether what was read has all that is asked for. */
export function hasParts(read: VmTreeParts, asked: VmTreeParts): boolean {
  return (read.row || !asked.row) && (read.interfaces || !asked.interfaces) && (read.nics || !asked.nics);
}

/** What hangs on a VM, made when somebody looks at it. Lists that were not asked for are empty. */
export interface TreeLists {
  /** In reported order. */
  readonly interfaces: readonly GuestInterface[];
  /** By name. */
  readonly nics: readonly Nic[];
  /** How long the text is that both are made of. */
  readonly characters: number;
  /** Puts away what was made. Who looks at it next has it made again. */
  putAway(): void;
}

/** Tells whether a VM has so many interfaces and vNICs that it is not written, or kept, at once. */
export function isLargeTree({ lists }: Pick<VmTree, "lists">): boolean {
  if (lists.characters < MOST_IN_A_TREE * LEAST_CHARACTERS) return false;
  return lists.interfaces.length + lists.nics.length > MOST_IN_A_TREE;
}

const MOST_IN_A_TREE = 100;

/** Of an interface of which nothing is known. */
const LEAST_CHARACTERS = 20;

/** A VM and what hangs on it, all of one state of the database. */
export interface VmTree {
  readonly vm: Pick<
    VmRow,
    "id" | "name" | "status" | "hostId" | "interfacesKnown" | "nicsKnown" | "orderKey"
  >;
  /** `null`: not asked for. */
  readonly row: VmRow | null;
  /** What of the row is the VM's own; `null`: not asked for. */
  readonly own: OwnRow | null;
  readonly lists: TreeLists;
  /** Texts made of the tree, for trees that are kept; absent: make them anew. */
  readonly texts?: TreeTexts;
}

/** What of a VM's row does not depend on its host's state, of what the change log tells. */
export type OwnRow = OwnFreshness & Required<Pick<VmRow, "ips" | "fqdn" | "staleDetail" | "lastChangedAt">>;

/** A text that was made of a tree, and how many objects of an answer are in it. */
export interface TreeText {
  readonly text: string;
  readonly objects: number;
}

/** Keeps texts beside a tree, one for each shape of an answer, as long as the tree holds. */
export interface TreeTexts {
  find(shape: string): TreeText | undefined;
  keep(shape: string, text: TreeText): void;
}

/** A vNIC and the VM that has it. */
export interface NicTree {
  readonly nic: Nic;
  readonly tree: VmTree;
}

/** Reads of VMs with what hangs on them, each in one statement: so each sees one state without a transaction. */
export interface TreeReads {
  readTreesByIds(ids: readonly string[], parts: VmTreeParts): Promise<VmTree[]>;
  readTreesPage(page: VmPageRequest, parts: VmTreeParts): Promise<VmTree[]>;
  /** Reads vNICs by MAC, `limit` at most, in no order. */
  readNicTrees(macs: readonly string[], limit: number, parts: VmTreeParts): Promise<NicTree[]>;
}

/** Joins a VM's own values and its host's state to the row that readers get. */
export function joinRow(vm: VmTree["vm"], own: OwnRow, host: HostFreshness | null): VmRow {
  const { ips, fqdn, staleDetail, lastChangedAt } = own;
  const rest = { ips, fqdn, staleDetail, lastChangedAt };
  return { ...vm, ...rest, ...joinFreshness(own, host) };
}
