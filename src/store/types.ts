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

/** The changes of one pass over one host. Empty lists mean that nothing changed. The refresher builds them; pure data. */
export interface HostChanges {
  /** VMs seen for the first time. */
  readonly newVms: readonly VmState[];
  /** Known VMs of which a value of {@link VmState} changed: before (as read) and after. */
  readonly changedVms: readonly { readonly before: VmState; readonly after: VmState }[];
  readonly insertedInterfaces: readonly GuestInterface[];
  readonly deletedInterfaces: readonly GuestInterface[];
  /** Interfaces with the same VM, name and MAC, but other values. */
  readonly updatedInterfaces: readonly { readonly before: GuestInterface; readonly after: GuestInterface }[];
  /** For each VM whose order of interfaces must be stored again: all names in reported order. */
  readonly interfaceOrders: readonly { readonly vmId: string; readonly names: readonly (string | null)[] }[];
  readonly upsertedNics: readonly Nic[];
  /** vNICs that these VMs do not have any more. A vNIC that another VM has got meanwhile is not deleted. */
  readonly deletedNics: readonly Pick<Nic, "id" | "vmId">[];
}

/** A VM that changes for readers: what was stored (`null`: nothing), and what will be. */
export interface VisibleChange {
  readonly before: StoredVm | null;
  readonly after: StoredVm;
}

/** The result of a successful pass. */
export interface PassFindings {
  readonly vmCount: number;
  readonly durationMs: number;
  /** Says what of the report could not be read; `null`: nothing. */
  readonly warning?: string | null;
  /** The changes for the change log. No VM is in the list twice. */
  readonly visibleChanges: readonly VisibleChange[];
}

/**
 * The part of the store that the refresher uses. The number of statements of a call does not depend on the number of VMs.
 */
export interface RefreshStore extends HostRegistry {
  /**
   * Begins a pass: raises the host's epoch by one and notes the attempt. `null`: the host is no longer polled. The claim
   * makes earlier ones invalid.
   *
   * If the epoch is more than one above the caller's last one, another gateway polled the host, or another host took a VM
   * from it. The claim is deferred while another gateway polls the host, or if it has just done so.
   */
  claim(hostId: string, options?: ClaimOptions): Promise<ClaimAnswer | null>;
  /** Lets other gateways claim the host after a pass that ended without a write. */
  releaseClaim(hostId: string): Promise<void>;
  /** Reads what is stored of these VMs, and of the VMs in which the host has a role (owner, incoming, contender). */
  readHostVms(hostId: string, vmIds: readonly string[]): Promise<StoredVm[]>;
  /** Reads all that is stored of these VMs. */
  readVms(vmIds: readonly string[]): Promise<StoredVm[]>;
  /** Reads which VMs have the vNICs with these ids: maps a vNIC's id to its VM's id. */
  readNicHolders(nicIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Writes a pass and the success of its host in one transaction. Returns `false`, and writes nothing, if the claim is
   * invalid or one of these is no longer true:
   * 1. the owner and the incoming host of a VM are those in `before`;
   * 2. new VMs do not exist yet;
   * 3. the interfaces to update and delete exist;
   * 4. no other VM has a vNIC that is to be written.
   *
   * A vNIC that moves between VMs must be deleted from one VM and written for the other.
   */
  apply(claim: HostClaim, changes: HostChanges, findings: PassFindings): Promise<boolean>;
  /** Notes that the pass failed; changes no VM. Returns `false` if the claim is invalid. */
  fail(claim: HostClaim, failure: HostFailure, durationMs: number): Promise<boolean>;
  /** Stores the name that the host gives itself. */
  renameHost(hostId: string, name: string): Promise<void>;
}

export type { StaleReason } from "../model/guest/stale-reason.js";

/** The VMs that a viewer may see: those that match one of these lists. */
export interface VmScope {
  /** Patterns for complete names, in which case matters; `*` stands for any characters, `?` for one. */
  readonly namePatterns: readonly string[];
  readonly hostIds: readonly string[];
  readonly vmIds: readonly string[];
}

export type { VmCursor, VmFilter, VmIdList, VmOrder, VmPageRequest } from "./vm-search.js";

/**
 * The reads of the store. Each call takes an array of keys, runs one statement and returns rows in any order. Absent keys
 * have no row.
 */
export interface ReadStore extends HistoryReads, FindingReads {
  /**
   * Reads a page of a list. Rejects with {@link NotKeptError} if the source does not keep the value by which the order
   * sorts.
   */
  readVmsPage(page: VmPageRequest): Promise<VmRow[]>;
  countVms(filter: VmFilter): Promise<number>;
  /** Reads a text that differs after each change that readers see; `null`: the source does not keep when VMs change. */
  readChangeMark(): Promise<string | null>;
  /** Reads the ids of VMs in an order; `limit: null` reads them all. */
  readVmIds(list: VmIdList): Promise<string[]>;
  /** Reads how the VMs were made. VMs of which nothing is known are absent. */
  readVmOriginsByIds(vmIds: readonly string[]): Promise<VmOrigin[]>;
  /** Reads clusters, templates or networks, sorted by name: those with one of the ids, or all. */
  readNamed(kind: NamedKind, ids: readonly string[] | null): Promise<NamedRow[]>;
  readVmsByIds(ids: readonly string[]): Promise<VmRow[]>;
  /** Reads the VMs of each host, in any order: the first `limitPerHost` of them by name (then id) if it is given. */
  readVmsByHosts(hostIds: readonly string[], limitPerHost?: number): Promise<VmRow[]>;
  readNicsByVms(vmIds: readonly string[]): Promise<Nic[]>;
  readNicsByIds(ids: readonly string[]): Promise<Nic[]>;
  readNicsByMacs(macs: readonly string[]): Promise<Nic[]>;
  /**
   * Reads guest interfaces in the order in which the guest reported them. No row is lost or merged, not even equal
   * ones.
   */
  readGuestInterfacesByVms(vmIds: readonly string[]): Promise<GuestInterface[]>;
  /** Reads the hosts that are polled or still own VMs, sorted by name. */
  readHosts(): Promise<HostRow[]>;
  readHostsByIds(ids: readonly string[]): Promise<HostRow[]>;
}

/** The part of the store that says whether a gateway is ready to answer. */
export interface ReadinessStore {
  /** Counts hosts by the state of their polling, by this gateway or others. */
  readPollingState(): Promise<PollingState>;
}

/** How many hosts there are to poll, and how many of them are stale or not polled. */
export interface PollingState {
  readonly hosts: number;
  /** Hosts of which no pass has ended yet. */
  readonly untried: number;
  /** Hosts whose last report is too old, because their passes fail or are late. */
  readonly stale: number;
  /** Hosts that no running gateway polls regularly. */
  readonly unpolled: number;
}

/** Reads that all see one state of the database: that of the first read. One owner closes it. */
export interface ReadSnapshot {
  readonly reads: ReadStore;
  /** Creates reads of VMs with their interfaces and vNICs that see the same state. */
  readonly createTreeReads: () => TreeReads;
  /** Ends the state that was read. The next read begins a new one. Returns at once. */
  readonly renew: () => void;
  /** Gives the connection back as soon as the running reads have ended. Later reads fail. Never rejects. */
  readonly close: () => Promise<void>;
}

/** Creates readers for viewers. */
export interface Readers {
  /** Creates reads for a viewer with this scope; `null`: all VMs. Each read sees the state at the time when it runs. */
  createReaderFor(scope: VmScope | null): ReadStore;
  /** Opens a snapshot for one request of a viewer with this scope. */
  openSnapshot(scope: VmScope | null): ReadSnapshot;
  /** Creates reads of VMs with their interfaces and vNICs. */
  readonly createTreeReadsFor: (scope: VmScope | null) => TreeReads;
}

/** The complete interface of the store. */
export interface Store extends RefreshStore, ReadStore, ReadinessStore, Readers {}
