import { isLoopbackAddress } from "../../model/address/ip.js";
import { STATUSES_WITHOUT_GUEST, VM_STATUS } from "../../model/guest/vm-status.js";
import {
  listAddressColumns,
  matchListedAddress,
  type VmConditionSql,
} from "../../store/read/conditions/search-conditions.js";
import { escapeRegExp, matchText } from "../../store/read/conditions/text-match.js";
import { NotKeptError } from "../../store/not-kept-error.js";
import type { SqlParameters } from "../../store/postgres/sql.js";
import { dropLoopbackWords, hasOtherThanLoopback, NO_LOOPBACK_PATTERN } from "./address-words.js";
import { selectVmsInCidr } from "./cidr-search.js";
import { STALE_REASON } from "../guest-state.js";
import { listNeedles, listSpellings, matchGuestMac, matchMacs } from "./spellings.js";

/** VMs with their states. A new VM, or one without statistics, has no row in `vm_dynamic` yet, and is read, too. */
export const FROM_VMS = `vm_static s LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
    LEFT JOIN vds_dynamic h ON h.vds_id = d.run_on_vds`;

/** Builds the condition that a VM may have a guest. An engine keeps rows of interfaces after their VM has stopped. */
export function mayHaveGuest(status: string): string {
  return `(${status} IS NULL OR ${status} NOT IN (${STATUSES_WITHOUT_GUEST.join(", ")}))`;
}

/** The conditions in SQL over an engine's tables. */
export const ENGINE_CONDITIONS: VmConditionSql = {
  from: FROM_VMS,
  name: "s.vm_name",
  // A VM without a row in `vm_dynamic` has no state. coalesce() is avoided: PostgreSQL has statistics of plain columns
  // only.
  hasStatus: (statuses, parameters) => {
    const isListed = `d.status = ANY(${parameters.add(statuses)}::int[])`;
    return statuses.includes(VM_STATUS.UNASSIGNED) ? `(${isListed} OR d.status IS NULL)` : isListed;
  },
  addresses: `CASE WHEN ${mayHaveGuest("d.status")} THEN ${dropLoopbackWords("d.vm_ip")} END`,
  hasAddress: (address, parameters) =>
    isLoopbackAddress(address)
      ? "false"
      : `(s.vm_guid = ANY(ARRAY(${selectVmsWithAddress(address, parameters)})) AND ${mayHaveGuest("d.status")})`,
  hasAddressLike: (parts, parameters) => {
    const match = (column: string) => matchListedAddress(column, parts, parameters, NO_LOOPBACK_PATTERN);
    const matches = listAddressColumns(parts).map((column) => match(`g.${column}`));
    return `(s.vm_guid = ANY(ARRAY(
      SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${matches.join(" OR ")}
      UNION ALL SELECT i.vm_guid FROM vm_dynamic i WHERE ${match("i.vm_ip")}))
      AND ${mayHaveGuest("d.status")})`;
  },
  hasAnyOf: (addresses, parameters) => {
    const shown = addresses.filter((address) => !isLoopbackAddress(address));
    if (shown.length === 0) return "false";
    const selected =
      shown.length <= FEW_ADDRESSES
        ? shown.map((address) => selectVmsWithAddress(address, parameters)).join(" UNION ALL ")
        : selectVmsWithAnyOf(shown, parameters);
    return `(s.vm_guid = ANY(ARRAY(${selected})) AND ${mayHaveGuest("d.status")})`;
  },
  hasAddressIn: (cidr, parameters, mapped) =>
    `(s.vm_guid = ANY(ARRAY(${selectVmsInCidr(cidr, parameters, mapped)})) AND ${mayHaveGuest("d.status")})`,
  hasAnyAddress: `(${mayHaveGuest("d.status")} AND (${hasOtherThanLoopback("d.vm_ip")} OR EXISTS (
      SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = s.vm_guid
        AND (${hasOtherThanLoopback("g.ipv4_addresses")} OR ${hasOtherThanLoopback("g.ipv6_addresses")}))))`,
  isOnTwoHosts: () => {
    throw new NotKeptError("onTwoHosts: an engine's database keeps one host of each VM; ask without it");
  },
  hasInterface: (condition) =>
    `(s.vm_guid = ANY(ARRAY(SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${condition}))
      AND ${mayHaveGuest("d.status")})`,
  isGuestMac: matchGuestMac,
  hasNetwork: (match, parameters) =>
    `EXISTS (SELECT FROM vm_interface i JOIN vnic_profiles v ON v.id = i.vnic_profile_id
      JOIN network n ON n.id = v.network_id
      WHERE i.vm_guid = s.vm_guid AND ${matchText("n.name", match, parameters)})`,
  isNicMac: matchNicMac,
  hasMac: (mac, parameters) => `s.vm_guid = ANY(ARRAY(
      SELECT i.vm_guid FROM vm_interface i WHERE ${matchNicMac(mac, parameters)}
      UNION ALL SELECT g.vm_id FROM vm_guest_agent_interfaces g JOIN vm_dynamic o ON o.vm_guid = g.vm_id
        WHERE ${matchGuestMac(mac, parameters)} AND ${mayHaveGuest("o.status")}))`,
  staleReason: `(${STALE_REASON})`,
  // Only a role that may read clusters finds VMs by them: see CLUSTER_CONDITIONS.
  hasCluster: () => "false",
  // Lists by address are sorted by what the gateway finds: see `primary/ranking.ts`.
  sortBy: { cluster: { join: "", value: "NULL::text" }, ip: "NULL::inet" },
};

/** The same for a role that may read clusters. */
export const CLUSTER_CONDITIONS: VmConditionSql = {
  ...ENGINE_CONDITIONS,
  hasCluster: (match, parameters) =>
    `s.cluster_id IN (SELECT c.cluster_id FROM cluster c WHERE ${matchText("c.name", match, parameters)})`,
  sortBy: {
    ...ENGINE_CONDITIONS.sortBy,
    cluster: { join: "LEFT JOIN cluster c ON c.cluster_id = s.cluster_id", value: "c.name" },
  },
};

function matchNicMac(mac: string, parameters: SqlParameters): string {
  return matchMacs("i.mac_addr", [mac], parameters);
}

/**
 * The most addresses that are searched one by one. If there are more, every word of every row is compared with all of
 * them at once.
 */
const FEW_ADDRESSES = 4;

function selectVmsWithAnyOf(addresses: readonly string[], parameters: SqlParameters): string {
  const spellings = parameters.add([...new Set(addresses.flatMap(listSpellings))]);
  const matches = (column: string) => `${column} <> '' AND EXISTS (
      SELECT FROM regexp_split_to_table(lower(${column} COLLATE "C"), '[,[:space:]]+') AS w (word)
      WHERE split_part(w.word, '%', 1) = ANY(${spellings}::text[]))`;
  return `SELECT g.vm_id FROM vm_guest_agent_interfaces g
      WHERE (${matches("g.ipv4_addresses")}) OR (${matches("g.ipv6_addresses")})
    UNION ALL SELECT i.vm_guid FROM vm_dynamic i WHERE ${matches("i.vm_ip")}`;
}

/**
 * Selects the ids of the VMs with an address. No index of an engine helps, so this reads all addresses once. They are
 * compared as text, because one guest's malformed address would fail a cast to `inet`, and the whole statement with it:
 * 1. LIKE finds the few rows that may have the address, without changing the case of all rows. strpos() does the same
 *    where no letter may be in another case, and takes a third of the time.
 * 2. A regular expression finds the address in them, in any of its spellings.
 */
function selectVmsWithAddress(address: string, parameters: SqlParameters): string {
  const needles = listNeedles(address).map((needle) => {
    const literal = /^%([^%_]+)%$/.exec(needle)?.[1];
    return { isLiteral: literal !== undefined, parameter: parameters.add(literal ?? needle) };
  });
  const word = parameters.add(
    `(^|[,[:space:]])(${listSpellings(address).map(escapeRegExp).join("|")})(%[^,[:space:]]*)?([,[:space:]]|$)`,
  );
  const matches = (column: string) => {
    const mayMatch = needles
      .map(({ isLiteral, parameter }) =>
        isLiteral ? `strpos(${column}, ${parameter}::text) > 0` : `${column} LIKE ${parameter}::text`,
      )
      .join(" OR ");
    return `(${mayMatch}) AND lower(${column} COLLATE "C") ~ ${word}`;
  };
  const column = address.includes(":") ? "ipv6_addresses" : "ipv4_addresses";
  return `SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${matches(`g.${column}`)}
    UNION ALL SELECT i.vm_guid FROM vm_dynamic i WHERE ${matches("i.vm_ip")}`;
}
