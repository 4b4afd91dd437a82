import type { NetworkStats, NetworkStatsQuestion } from "../../store/finding-types.js";
import { SqlParameters, type Queryable } from "../../store/postgres/sql.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";
import { countAddresses, queryStats } from "../../store/read/network-stats.js";
import { selectConflicts, selectHeld, selectOnce } from "./address-lists.js";
import { selectInterfaceAddresses } from "../conditions/address-words.js";
import { isSameMac } from "../conditions/spellings.js";
import { ENGINE_CONDITIONS, FROM_VMS, mayHaveGuest } from "../conditions/engine-conditions.js";
import { MOST_PARSED_BYTES, refuseLargeFleet } from "./fleet-size.js";
import { STALE_REASON } from "../guest-state.js";

/** Reads the same figures as from the gateway's own tables. It is one statement, which parses all addresses once. */
export async function readEngineStats(
  database: Queryable,
  question: NetworkStatsQuestion,
  scope: VmScopeSql,
): Promise<NetworkStats> {
  await refuseLargeFleet(
    database,
    "guestNetworkStats",
    "ask vms(filter: …) { totalCount }",
    MOST_PARSED_BYTES,
  );
  const parameters = new SqlParameters();
  // By network, addresses are counted where interfaces have them. Then only those that may be in conflict are needed here.
  const reachingOnly = question.by === "NETWORK";
  const held = selectHeld(null, scope, parameters, { family: null, reachingOnly });
  const ofInterface = selectInterfaceAddresses();
  return queryStats(database, question, scope, parameters, {
    conditions: ENGINE_CONDITIONS,
    fromVms: FROM_VMS,
    staleReason: STALE_REASON,
    // Empty, because an engine 4.3 has PostgreSQL 10, which has no MATERIALIZED.
    kept: "",
    // OFFSET keeps the condition out of the parts that parse, which would parse each text twice for it.
    before: `${ofInterface.checks}, held_addresses AS (SELECT o.address, o.vm_id FROM (SELECT * FROM ${selectOnce(held)} h OFFSET 0) o
      WHERE o.address IS NOT NULL),`,
    counted: countAddresses("held_addresses"),
    conflicts: selectConflicts(REACHING, { network: null, after: null }, parameters, null),
    joinNetworks:
      "LEFT JOIN vnic_profiles f ON f.id = n.vnic_profile_id LEFT JOIN network e ON e.id = f.network_id",
    network: "e.name",
    // An engine keeps rows of interfaces after their VM has stopped.
    isOfNic: `${isSameMac("g.mac_address", "p.mac_addr")}
      AND EXISTS (SELECT FROM vm_dynamic o WHERE o.vm_guid = p.vm_id AND ${mayHaveGuest("o.status")})`,
    ofInterface: ofInterface.select,
  });
}

/** Nearly every interface has a link-local address, which is in conflict with none; so these are not sorted. */
const REACHING =
  "(SELECT h.address, h.vm_id FROM held_addresses h WHERE h.address < 'fe80::'::inet ORDER BY h.address)";
