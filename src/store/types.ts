import type { NamedKind, NamedRow, VmOrigin } from "./inventory-types.js";
import type { FindingReads } from "./finding-types.js";
import type { HistoryReads } from "./changes/past/history-types.js";
import type { HostRow, VmRow } from "./row-types.js";
import type { VmFilter, VmIdList, VmPageRequest } from "./vm-search.js";
import type { TreeReads } from "./vm-tree.js";
import type { GuestInterface, Nic, StoredVm, VmState } from "./vm-types.js";
import type { ClaimAnswer, ClaimOptions, HostClaim, HostFailure, HostRegistry } from "./host-types.js";

export type * from "./changes/past/history-types.js";
export type * from "./host-types.js";
export type * from "./row-types.js";
export type * from "./vm-types.js";

/** The store's contract: what the refresher compares and writes, and what the loaders read. Plain data only. */

/** What one pass over one host changes; empty lists mean that nothing did. Built by the refresher, pure data. */
export interface HostChanges {
  /** VMs seen for the first time. */
  readonly newVms: readonly VmState[];
  /** Known VMs with any 1:1 value changed: before (as read) and after. */
  readonly changedVms: readonly { readonly before: VmState; readonly after: VmState }[];
  readonly insertedInterfaces: readonly GuestInterface[];
  readonly deletedInterfaces: readonly GuestInterface[];
  /** Same VM, name and MAC, other values. */
  readonly updatedInterfaces: readonly { readonly before: GuestInterface; readonly after: GuestInterface }[];
  /** Per VM whose list of interfaces changed in membership: all names in reported order. */
  readonly interfaceOrders: readonly { readonly vmId: string; readonly names: readonly (string | null)[] }[];
  readonly upsertedNics: readonly Nic[];
  /** Gone from these VMs; one that another VM has by now stays. */
  readonly deletedNics: readonly Pick<Nic, "id" | "vmId">[];
}

/** A VM of which a reader sees a difference: what was stored (`null`: nothing), and what will be. */
export interface VisibleChange {
  readonly before: StoredVm | null;
  readonly after: StoredVm;
}

/** What a pass that succeeded found. */
export interface PassFindings {
  readonly vmCount: number;
  readonly durationMs: number;
  /** What of the report could not be read, in words; `null`: nothing. */
  readonly warning?: string | null;
  /** For the change log; no VM twice. */
  readonly visibleChanges: readonly VisibleChange[];
}

/** What the write side asks of the store. Statements per call are constant, whatever the number of VMs. */
export interface RefreshStore extends HostRegistry {
  /**
   * Begins a pass: raises the host's epoch by one, notes the attempt. `null`: the host is polled no more. A later claim makes
   * earlier ones invalid; an epoch more than one above one's own last tells that another gateway polled the host, or that
   * another host took a VM from it. While another gateway polls the host, or if it has just done so, the claim is deferred.
   */
  claim(hostId: string, options?: ClaimOptions): Promise<ClaimAnswer | null>;
  /** Lets other gateways claim the host after a pass that ended without a write. */
  releaseClaim(hostId: string): Promise<void>;
  /** Reads what is stored of these VMs, and of the VMs in which the host has a role (owner, incoming, contender). */
  readHostVms(hostId: string, vmIds: readonly string[]): Promise<StoredVm[]>;
  /** Reads all that is stored of these VMs. */
  readVms(vmIds: readonly string[]): Promise<StoredVm[]>;
  /** Reads which VMs hold these ids of vNICs, by id. */
  readNicHolders(nicIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Writes a pass in one transaction, and the host's success with it. `false`, and nothing written, if the claim is void
   * or what the changes assumed is no longer so: who owns and receives a VM (`before`), that new VMs do not exist, that
   * the interfaces to update and delete do, that no other VM holds the id of a vNIC to write. A vNIC that moves is deleted
   * from one VM and written for the other.
   */
  apply(claim: HostClaim, changes: HostChanges, findings: PassFindings): Promise<boolean>;
  /** Notes that the pass failed; touches no VM. `false` if the claim is void. */
  fail(claim: HostClaim, failure: HostFailure, durationMs: number): Promise<boolean>;
  /** Stores the name that the host gives itself. */
  renameHost(hostId: string, name: string): Promise<void>;
}

export type { StaleReason } from "../model/guest/stale-reason.js";

/** The VMs that somebody may see: those that any of the lists matches. */
export interface VmScope {
  /** Whole names, upper and lower case as they are; `*` stands for any characters, `?` for one. */
  readonly namePatterns: readonly string[];
  readonly hostIds: readonly string[];
  readonly vmIds: readonly string[];
}

export type { VmCursor, VmFilter, VmIdList, VmOrder, VmPageRequest } from "./vm-search.js";

/** Reads of the store. One statement a call: arrays of keys in, rows in any order out; absent keys have no row. */
export interface ReadStore extends HistoryReads, FindingReads {
  /** Reads a page of a list. Rejects with {@link NotKeptError} where the source does not keep what the order goes by. */
  readVmsPage(page: VmPageRequest): Promise<VmRow[]>;
  countVms(filter: VmFilter): Promise<number>;
  /** Reads a text that is another one after any change that readers see; `null`: the source does not keep when VMs change. */
  readChangeMark(): Promise<string | null>;
  /** Reads the ids of VMs in an order; `limit: null` reads them all. */
  readVmIds(list: VmIdList): Promise<string[]>;
  /** Reads what is known of how the VMs were made; those of which nothing is known are absent. */
  readVmOriginsByIds(vmIds: readonly string[]): Promise<VmOrigin[]>;
  /** Clusters, templates or networks: those with one of the ids, or all, by name. */
  readNamed(kind: NamedKind, ids: readonly string[] | null): Promise<NamedRow[]>;
  readVmsByIds(ids: readonly string[]): Promise<VmRow[]>;
  /** Reads the VMs of each host, the first `limitPerHost` of them by name (then id) if it is given. */
  readVmsByHosts(hostIds: readonly string[], limitPerHost?: number): Promise<VmRow[]>;
  readNicsByVms(vmIds: readonly string[]): Promise<Nic[]>;
  readNicsByIds(ids: readonly string[]): Promise<Nic[]>;
  readNicsByMacs(macs: readonly string[]): Promise<Nic[]>;
  /**
   * Reads guest interfaces in the order in which the guest reported them. No row is lost or merged, not even equal
   * ones.
   */
  readGuestInterfacesByVms(vmIds: readonly string[]): Promise<GuestInterface[]>;
  /** Reads polled hosts, and those that are no longer polled but still own VMs, by name. */
  readHosts(): Promise<HostRow[]>;
  readHostsByIds(ids: readonly string[]): Promise<HostRow[]>;
}

/** What tells whether a gateway is ready to answer. */
export interface ReadinessStore {
  /** Tells how well the hosts are polled, by this gateway or others. */
  readPollingState(): Promise<PollingState>;
}

/** How many hosts there are to poll, and how many of them are stale or not polled. */
export interface PollingState {
  readonly hosts: number;
  /** No pass over them has ended yet. */
  readonly untried: number;
  /** Their last report is older than it should be: they fail, or their passes are late. */
  readonly stale: number;
  /** No running gateway polls them at its turns. */
  readonly unpolled: number;
}

/** Reads that all see one state of the database, that of the first of them. It has one owner, who closes it. */
export interface ReadSnapshot {
  readonly reads: ReadStore;
  /** Ends the state that was read. The next read begins a new one. Takes no time. */
  readonly renew: () => void;
  /** Gives the connection back as soon as the running read has ended; no read begins any more. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Creates readers for viewers. */
export interface Readers {
  /**
   * Creates the same reads for somebody who may see only a scope's VMs; `null`: all. Each sees what is there when it
   * runs.
   */
  createReaderFor(scope: VmScope | null): ReadStore;
  /** Opens the reads of one request of such a reader. */
  openSnapshot(scope: VmScope | null): ReadSnapshot;
  /** Creates reads of whole VMs for the same; absent where the source has no such statements. */
  readonly createTreeReadsFor?: (scope: VmScope | null) => TreeReads;
}

/** The whole interface of the store. */
export interface Store extends RefreshStore, ReadStore, ReadinessStore, Readers {}
