import type { Cidr } from "../model/address/cidr.js";
import type { StaleReason } from "../model/guest/stale-reason.js";
import type { TextMatch } from "./read/conditions/text-match.js";

/** Selects VMs; all conditions must hold. */
export interface VmFilter {
  /** A part of the name, in any case. */
  readonly nameContains?: string;
  readonly statuses?: readonly number[];
  readonly hostId?: string;
  /** Any of these VMs. */
  readonly ids?: readonly string[];
  /** One address in canonical text, which the guest must report. */
  readonly ip?: string;
  /** A search in oVirt's language. */
  readonly search?: VmSearch;
}

/** Selects the VMs whose ids are listed, their order, and the part of the list. */
export interface VmIdList {
  readonly filter: VmFilter;
  readonly sort: VmSort;
  readonly offset: number;
  readonly limit: number | null;
}

/**
 * Sorts VMs by a value, then by id, so that each VM has its own position. Names are in the order of their code points,
 * whatever the database's locale is. States are in the order of their numbers, addresses, too, IPv4 first. VMs without the
 * value come last.
 */
export type VmOrder =
  | "NAME_ASC"
  | "NAME_DESC"
  | "ID_ASC"
  | `${"HOST" | "STATUS" | "LAST_CHANGE" | "PRIMARY_ADDRESS"}_${"ASC" | "DESC"}`;

/** The position of a row in an order, for paging by key instead of OFFSET. */
export interface VmCursor {
  readonly name: string;
  readonly id: string;
  /** The value by which the order sorts, as text, unless that is the name or the id; `null`: the VM has none. */
  readonly orderKey?: string | null;
}

/** Selects a page of a list of VMs. */
export interface VmPageRequest {
  readonly limit: number;
  readonly after: VmCursor | null;
  /** Only VMs before this position. */
  readonly before?: VmCursor | null;
  /** `true`: the last VMs between the two cursors, not the first ones. They are still in the list's order. */
  readonly fromEnd?: boolean;
  readonly filter: VmFilter;
  readonly order: VmOrder;
}

/** A search for VMs: a tree of conditions, which covers oVirt's search language. */
export type VmSearch =
  | { readonly kind: "and" | "or"; readonly parts: readonly VmSearch[] }
  /** Holds if the part does not hold, or is not known. */
  | { readonly kind: "not"; readonly part: VmSearch }
  /** A text of the VM. `host` is the name or the address of the host that runs it. */
  | { readonly kind: "text"; readonly key: VmTextKey; readonly match: TextMatch }
  /** Any of the texts, or an address. */
  | { readonly kind: "anyText"; readonly match: TextMatch }
  | { readonly kind: "status"; readonly statuses: readonly number[] }
  | { readonly kind: "id"; readonly id: string }
  /** One address, canonical text. */
  | { readonly kind: "address"; readonly address: string }
  /** Addresses that match a pattern: these lower-case parts with any characters between two of them. */
  | { readonly kind: "addressPattern"; readonly parts: readonly string[] }
  /** Any address in a prefix. A prefix of IPv4 has the same addresses mapped into IPv6, too. */
  | { readonly kind: "inCidr"; readonly cidr: Cidr; readonly mapped?: MappedAddresses }
  /** One of these addresses, canonical texts. A mapped address is another one than the same in IPv4. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "hasAddress" }
  /** Another host than the owner says that it runs the VM, too. */
  | { readonly kind: "onTwoHosts" }
  | { readonly kind: "hostId"; readonly id: string }
  /** Every VM, or none. */
  | { readonly kind: "all" | "none" }
  /** A guest interface with this MAC (lower case, with colons) or name. */
  | { readonly kind: "guestMac"; readonly mac: string }
  | { readonly kind: "interfaceName"; readonly match: TextMatch }
  /** A guest's interface or a vNIC with this MAC. */
  | { readonly kind: "mac"; readonly mac: string }
  /** A vNIC with this MAC, or on such a network. */
  | { readonly kind: "nicMac"; readonly mac: string }
  | { readonly kind: "network"; readonly match: TextMatch }
  /** Stale for one of these reasons; `null`: current. */
  | { readonly kind: "staleReason"; readonly reasons: readonly (StaleReason | null)[] };

/** Which addresses of a prefix in IPv6 count: IPv4 addresses that are mapped into IPv6 alone, or all but them. */
export type MappedAddresses = "only" | "except";

/** The texts of a VM that a search may compare. */
export type VmTextKey = "name" | "fqdn" | "host" | "cluster";

/**
 * The order of a list of ids: by one value, then by name and id. VMs without the value come first, or last if descending. `ip` is
 * the primary address as a number, or the first one if there are too many to rank.
 */
export interface VmSort {
  readonly key: VmTextKey | "status" | "id" | "ip";
  readonly descending: boolean;
}
