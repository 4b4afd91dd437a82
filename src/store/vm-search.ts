import type { Cidr } from "../model/address/cidr.js";
import type { StaleReason } from "../model/guest/stale-reason.js";
import type { TextMatch } from "./read/conditions/text-match.js";

/** Which VMs to list; all conditions hold together. */
export interface VmFilter {
  /** Part of the name, any case. */
  readonly nameContains?: string;
  readonly statuses?: readonly number[];
  readonly hostId?: string;
  /** Any of these VMs. */
  readonly ids?: readonly string[];
  /** One address, canonical text: VMs whose guest reports it. */
  readonly ip?: string;
  /** A search in oVirt's language. */
  readonly search?: VmSearch;
}

/** Which VMs' ids to list, in which order, from where on. */
export interface VmIdList {
  readonly filter: VmFilter;
  readonly sort: VmSort;
  readonly offset: number;
  readonly limit: number | null;
}

/**
 * By a value, then by id, so that no two VMs have the same place. Names in the order of their code points, whatever the
 * database's language; states by their number; addresses by theirs, IPv4 first. VMs without the value come last.
 */
export type VmOrder =
  | "NAME_ASC"
  | "NAME_DESC"
  | "ID_ASC"
  | `${"HOST" | "STATUS" | "LAST_CHANGE" | "PRIMARY_ADDRESS"}_${"ASC" | "DESC"}`;

/** A row's place in an order: keyset paging, never OFFSET. */
export interface VmCursor {
  readonly name: string;
  readonly id: string;
  /** The value by which the order sorts, as text, where that is neither name nor id; `null`: the VM has none. */
  readonly orderKey?: string | null;
}

/** Which page of a list of VMs is to be read. */
export interface VmPageRequest {
  readonly limit: number;
  readonly after: VmCursor | null;
  /** Only VMs before this place. */
  readonly before?: VmCursor | null;
  /** `true`: the last VMs that there are between the places, and not the first. They come in the list's order all the same. */
  readonly fromEnd?: boolean;
  readonly filter: VmFilter;
  readonly order: VmOrder;
}

/** What a search asks of VMs: a tree of conditions, as oVirt's search language can say it. */
export type VmSearch =
  | { readonly kind: "and" | "or"; readonly parts: readonly VmSearch[] }
  /** Holds where the part does not, and where it is not known. */
  | { readonly kind: "not"; readonly part: VmSearch }
  /** A text of the VM. `host` is the name or the address of the host that runs it. */
  | { readonly kind: "text"; readonly key: VmTextKey; readonly match: TextMatch }
  /** Any of the texts, or an address. */
  | { readonly kind: "anyText"; readonly match: TextMatch }
  | { readonly kind: "status"; readonly statuses: readonly number[] }
  | { readonly kind: "id"; readonly id: string }
  /** One address, canonical text. */
  | { readonly kind: "address"; readonly address: string }
  /** Addresses that match a pattern: lower case, these parts with anything between two of them. */
  | { readonly kind: "addressPattern"; readonly parts: readonly string[] }
  /** Any address in a prefix; mapped addresses are IPv4 ones. */
  | { readonly kind: "inCidr"; readonly cidr: Cidr }
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "hasAddress" }
  /** Another host than the owner says that it runs the VM, too. */
  | { readonly kind: "onTwoHosts" }
  | { readonly kind: "hostId"; readonly id: string }
  /** Every VM, and none. */
  | { readonly kind: "all" | "none" }
  /** A guest's interface with this MAC or name; lower case with colons. */
  | { readonly kind: "guestMac"; readonly mac: string }
  | { readonly kind: "interfaceName"; readonly match: TextMatch }
  /** A guest's interface or a vNIC with this MAC. */
  | { readonly kind: "mac"; readonly mac: string }
  /** A vNIC with this MAC, or on such a network. */
  | { readonly kind: "nicMac"; readonly mac: string }
  | { readonly kind: "network"; readonly match: TextMatch }
  /** Stale for one of these reasons; `null`: current. */
  | { readonly kind: "staleReason"; readonly reasons: readonly (StaleReason | null)[] };

/** The texts of a VM that a search may compare. */
export type VmTextKey = "name" | "fqdn" | "host" | "cluster";

/** The order of a list of ids: by one value, then by name and id. What is not known comes first, or last if descending. */
export interface VmSort {
  readonly key: VmTextKey | "status" | "id" | "ip";
  readonly descending: boolean;
}
