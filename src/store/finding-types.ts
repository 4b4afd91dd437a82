import type { Cidr } from "../model/address/cidr.js";
import type { DriftKind } from "../model/guest/drift.js";
import type { VmFilter } from "./vm-search.js";

/** Questions about many VMs at once, whose answers are not lists of VMs. Plain data only. */

/** Which addresses are listed, in the order of their numbers, IPv4 first. */
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

/** Which addresses of several VMs are listed. */
export interface AddressConflictsQuestion {
  readonly within: Cidr | null;
  /** Only VMs on this network, or on an unknown one. */
  readonly network: string | null;
  /** Only addresses behind this one. */
  readonly after: string | null;
  readonly limit: number;
}

/** An address that several VMs have which can meet. */
export interface AddressConflictRow {
  readonly address: string;
  readonly vmCount: number;
  /** The first of these VMs, by id, `HOLDERS_SHOWN` at most. */
  readonly vmIds: readonly string[];
}

/** Which MACs of several VMs' vNICs are listed. */
export interface MacConflictsQuestion {
  readonly after: string | null;
  readonly limit: number;
}

/** A MAC that vNICs of several VMs have. */
export interface MacConflictRow {
  readonly macAddress: string;
  readonly vmCount: number;
}

/** Which misfits are listed, by VM. */
export interface DriftQuestion {
  /** `null`: all kinds. */
  readonly kinds: readonly DriftKind[] | null;
  readonly after: DriftPlace | null;
  readonly limit: number;
}

/** The place of a misfit in its list. */
export interface DriftPlace {
  readonly vmId: string;
  readonly kindNumber: number;
  readonly key: string;
}

/** One thing that does not fit. */
export interface DriftRow extends DriftPlace {
  readonly kind: DriftKind;
  readonly nicId: string | null;
  readonly deviceName: string | null;
  readonly deviceMac: string | null;
}

/** By what VMs are counted. */
export type NetworkStatsKey = "HOST" | "NETWORK" | "FAMILY" | "STALE_REASON";

/** Which VMs are counted, and by what. */
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
  /** Of the addresses, those that other VMs have, too, and can meet. */
  readonly conflicts: number;
}

/** Groups of VMs in figures, those with the most VMs first. */
export interface NetworkStats {
  readonly rows: readonly NetworkStatsRow[];
  readonly groupCount: number;
  /** How many groups are not among the rows. */
  readonly leftOut: number;
}

/** Reads of such questions. They reject with {@link NotKeptError} where the source does not keep what they go by. */
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
