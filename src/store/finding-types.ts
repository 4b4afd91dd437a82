import type { Cidr } from "../model/address/cidr.js";
import type { DriftKind } from "../model/guest/drift.js";
import type { VmFilter } from "./vm-search.js";

/** Types of questions about many VMs at once whose answers are not lists of VMs. Plain data only. */

/** Selects the addresses that are listed, in the order of their numbers, IPv4 first. */
export interface GuestAddressesQuestion {
  readonly inCidr: Cidr | null;
  readonly after: GuestAddressRow | null;
  readonly limit: number;
}

/** An address that a VM's guest has. */
export interface GuestAddressRow {
  readonly address: string;
  readonly vmId: string;
}

/** Selects the addresses of several VMs that are listed. */
export interface AddressConflictsQuestion {
  readonly within: Cidr | null;
  /** Only VMs on this network, or on an unknown one. */
  readonly network: string | null;
  /** Only addresses behind this one. */
  readonly after: string | null;
  readonly limit: number;
}

/** An address of several VMs that may reach each other: they share a network, or the network of one is not known. */
export interface AddressConflictRow {
  readonly address: string;
  readonly vmCount: number;
  /** The first of these VMs, by id, `HOLDERS_SHOWN` at most. */
  readonly vmIds: readonly string[];
}

/** Selects the MACs of several VMs' vNICs that are listed. */
export interface MacConflictsQuestion {
  readonly after: string | null;
  readonly limit: number;
}

/** A MAC that vNICs of several VMs have. */
export interface MacConflictRow {
  readonly macAddress: string;
  readonly vmCount: number;
}

/** Selects the findings of drift that are listed, ordered by VM. */
export interface DriftQuestion {
  /** `null`: all kinds. */
  readonly kinds: readonly DriftKind[] | null;
  readonly after: DriftPosition | null;
  readonly limit: number;
}

/** The position of a finding of drift in its list. */
export interface DriftPosition {
  readonly vmId: string;
  readonly kindNumber: number;
  readonly key: string;
}

/** One finding of drift: a vNIC or an interface that does not fit the other side. */
export interface DriftRow extends DriftPosition {
  readonly kind: DriftKind;
  readonly nicId: string | null;
  readonly deviceName: string | null;
  readonly deviceMac: string | null;
}

/** The property by which VMs are grouped and counted. */
export type NetworkStatsKey = "HOST" | "NETWORK" | "FAMILY" | "STALE_REASON";

/** Selects the VMs that are counted, and the property by which they are grouped. */
export interface NetworkStatsQuestion {
  readonly filter: VmFilter;
  readonly by: NetworkStatsKey;
}

/** One group of VMs in figures. */
export interface NetworkStatsRow {
  /** The host's id, the network's name, the family's version or the reason; `null`: none, or not known. */
  readonly key: string | null;
  readonly vms: number;
  readonly vnics: number;
  readonly addresses: number;
  /** The number of these addresses that are in conflict: see {@link AddressConflictRow}. */
  readonly conflicts: number;
}

/** Groups of VMs in figures, those with the most VMs first. */
export interface NetworkStats {
  readonly rows: readonly NetworkStatsRow[];
  readonly groupCount: number;
  /** How many groups are not among the rows. */
  readonly leftOut: number;
}

/** Answers these questions. A read rejects with {@link NotKeptError} if the source does not keep the data that it needs. */
export interface FindingReads {
  readGuestAddresses(question: GuestAddressesQuestion): Promise<GuestAddressRow[]>;
  countGuestAddresses(question: Pick<GuestAddressesQuestion, "inCidr">): Promise<number>;
  readAddressConflicts(question: AddressConflictsQuestion): Promise<AddressConflictRow[]>;
  countAddressConflicts(question: Pick<AddressConflictsQuestion, "within" | "network">): Promise<number>;
  readMacConflicts(question: MacConflictsQuestion): Promise<MacConflictRow[]>;
  countMacConflicts(): Promise<number>;
  readDrift(question: DriftQuestion): Promise<DriftRow[]>;
  countDrift(question: Pick<DriftQuestion, "kinds">): Promise<number>;
  readNetworkStats(question: NetworkStatsQuestion): Promise<NetworkStats>;
}
