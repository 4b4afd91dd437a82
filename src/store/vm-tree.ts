import { joinFreshness, type HostFreshness, type OwnFreshness } from "../model/guest/freshness.js";
import type { HostRow, VmRow } from "./row-types.js";
import type { VmPageRequest } from "./vm-search.js";
import type { GuestInterface, Nic } from "./vm-types.js";

/** Says which parts of VMs are read. Parts that are not asked for cost nothing. */
export interface VmTreeParts {
  /** The complete row, with what depends on the host's state. Without it, only the fields of {@link VmTree.vm}. */
  readonly row: boolean;
  readonly interfaces: boolean;
  readonly nics: boolean;
  /**
   * MACs that the guest reports under an ignored name. The change log does not record when they change, so that VMs with this part are
   * read for each answer.
   */
  readonly ignored?: boolean;
}

/** No part but the fields of {@link VmTree.vm}. */
export const NO_PARTS: VmTreeParts = { row: false, interfaces: false, nics: false };

/** Joins the parts that two readers need. */
export function joinParts(one: VmTreeParts, other: VmTreeParts): VmTreeParts {
  return {
    row: one.row || other.row,
    interfaces: one.interfaces || other.interfaces,
    nics: one.nics || other.nics,
    ...((one.ignored === true || other.ignored === true) && { ignored: true }),
  };
}

/** Returns `true` if the parts that were read include all that are asked for. */
export function hasParts(read: VmTreeParts, asked: VmTreeParts): boolean {
  return (read.row || !asked.row) && (read.interfaces || !asked.interfaces) && (read.nics || !asked.nics);
}

/** The interfaces and vNICs of a VM, which are parsed when somebody reads them. Lists that were not asked for are empty. */
export interface TreeLists {
  /** In reported order. */
  readonly interfaces: readonly GuestInterface[];
  /** Sorted by name. */
  readonly nics: readonly Nic[];
  /** The length of the text from which both are parsed. */
  readonly characters: number;
  /** Drops the parsed lists. The next read parses them again. */
  putAway(): void;
}

/** The lists of a VM of which none were asked for. */
export const NO_LISTS: TreeLists = { interfaces: [], nics: [], characters: 0, putAway: () => undefined };

/** Returns `true` if a VM has so many interfaces, vNICs or addresses that it is neither written at once nor kept. */
export function isLargeTree({ lists }: Pick<VmTree, "lists">): boolean {
  if (lists.characters < MOST_IN_A_TREE * LEAST_CHARACTERS) return false;
  const isLarge =
    lists.interfaces.length + lists.nics.length > MOST_IN_A_TREE || countAddresses(lists) > MOST_ADDRESSES;
  lists.putAway();
  return isLarge;
}

function countAddresses({ interfaces }: TreeLists): number {
  let count = 0;
  for (const { ipv4Addresses, ipv6Addresses } of interfaces)
    count += ipv4Addresses.length + ipv6Addresses.length;
  return count;
}

const MOST_IN_A_TREE = 100;
const MOST_ADDRESSES = 1_000;

/** The characters of an interface of which nothing is known. */
const LEAST_CHARACTERS = 20;

/** A VM with its interfaces and vNICs, all of one state of the database. */
export interface VmTree {
  /** `interfacesKnown` is told only if interfaces or the row were asked for. */
  readonly vm: Pick<
    VmRow,
    "id" | "name" | "status" | "hostId" | "interfacesKnown" | "nicsKnown" | "orderKey"
  >;
  /** `null`: not asked for. */
  readonly row: VmRow | null;
  /** The part of the row that does not depend on the host's state; `null`: not asked for. */
  readonly own: OwnRow | null;
  readonly lists: TreeLists;
  /** The texts that were written of the tree, if the tree is kept; left out: write them each time. */
  readonly texts?: TreeTexts;
}

/** The part of a VM's row that does not depend on its host's state, and whose changes the change log records. */
export type OwnRow = OwnFreshness & Required<Pick<VmRow, "ips" | "fqdn" | "staleDetail" | "lastChangedAt">>;

/** A text that was written of a tree, and the number of an answer's objects in it. */
export interface TreeText {
  readonly text: string;
  readonly objects: number;
}

/** Keeps the texts of a tree, one for each shape of an answer, as long as the tree is valid. */
export interface TreeTexts {
  /** The number of this state of the VM. No other state of any VM has the same. */
  readonly state: number;
  find(shape: string): TreeText | undefined;
  keep(shape: string, text: TreeText): void;
}

/** Stands for the VM of what belongs to none. */
export const NO_VM: VmTree = {
  vm: { id: "", name: "", status: 0, hostId: null, interfacesKnown: false, nicsKnown: false },
  row: null,
  own: null,
  lists: NO_LISTS,
};

/** A vNIC and the VM that has it. */
export interface NicTree {
  readonly nic: Nic;
  readonly tree: VmTree;
}

/** A host, and VMs whose reports it gives, in no order. */
export interface HostTrees {
  readonly host: HostRow;
  readonly trees: readonly VmTree[];
}

/**
 * Reads VMs with their interfaces and vNICs. Each read sees one state of the database.
 */
export interface TreeReads {
  readTreesByIds(ids: readonly string[], parts: VmTreeParts): Promise<VmTree[]>;
  readTreesPage(page: VmPageRequest, parts: VmTreeParts): Promise<VmTree[]>;
  /**
   * Tells whether a page takes many statements, each of which begins only while somebody waits for the answer. It has to be executed.
   * Left out: none does.
   */
  readonly isLongPage?: (page: VmPageRequest) => boolean;
  /** Reads vNICs by MAC, `limit` at most, in no order. */
  readNicTrees(macs: readonly string[], limit: number, parts: VmTreeParts): Promise<NicTree[]>;
  /**
   * Reads hosts by name, all or those with the ids, and the first VMs of each by name, `limit` at most. `null`: these may be too many
   * for one read. Left out: hosts are read otherwise.
   */
  readonly readHostTrees?: (
    limit: number,
    parts: VmTreeParts,
    hostIds: readonly string[] | null,
  ) => Promise<HostTrees[] | null>;
  /**
   * Returns the check whether the last read would find exactly the same now, without a statement. `null`: it was read from
   * the database. Left out: every read is.
   */
  readonly findCheck?: () => StillHolds | null;
}

/** Tells whether what was found before is still valid now. */
export type StillHolds = () => boolean;

/** Joins a VM's own values and its host's state into the row that readers get. */
export function joinRow(vm: VmTree["vm"], own: OwnRow, host: HostFreshness | null): VmRow {
  const { ips, fqdn, staleDetail, lastChangedAt } = own;
  const rest = { ips, fqdn, staleDetail, lastChangedAt };
  return { ...vm, ...rest, ...joinFreshness(own, host) };
}
