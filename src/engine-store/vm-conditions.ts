import type { VmFilter } from "../store/types.js";
import type { VisibleVms } from "../store/read/scope.js";
import type { SqlParameters } from "../store/postgres/sql.js";
import { listSpellings } from "./normalize.js";

/** VMs alone: templates and instance types share `vm_static`. A VM without statistics, or just made, is seen too. */
export const FROM_VMS = `vm_static s LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid`;

/** A VM that has no row in `vm_dynamic` has no state. */
export const STATUS = `coalesce(d.status, -1)`;

/** Which VMs a reader sees, as a condition on {@link FROM_VMS}. */
export type Visible = Pick<VisibleVms, "isVm">;

/** All VMs are seen. */
export const ALL_VMS: Visible = { isVm: () => "true" };

/** The conditions on {@link FROM_VMS} that a filter means, joined by AND. */
export function conditionsOf(filter: VmFilter, parameters: SqlParameters): string {
  const conditions = [`s.entity_type = 'VM'`];
  const { nameContains, statuses, hostId, ip } = filter;
  if (nameContains !== undefined) {
    // Not LIKE: `%` and `_` in a name are nothing special.
    conditions.push(`strpos(lower(s.vm_name), lower(${parameters.add(nameContains)}::text)) > 0`);
  }
  if (statuses !== undefined) {
    conditions.push(`${STATUS} = ANY(${parameters.add(statuses)}::int[])`);
  }
  if (hostId !== undefined) conditions.push(`d.run_on_vds = ${parameters.add(hostId)}`);
  if (ip !== undefined) conditions.push(hasAddress(ip, parameters));
  return conditions.join(" AND ");
}

/**
 * Text against text: a cast to `inet` would fail for everybody because of one guest's malformed address. No index of an
 * engine helps, so this reads all addresses once; the cheap LIKE goes first and the exact pattern sees only its hits.
 */
function hasAddress(ip: string, parameters: SqlParameters): string {
  const spellings = listSpellings(ip);
  const parts = parameters.add(spellings.map((spelling) => `%${escapeLike(spelling)}%`));
  const whole = parameters.add(
    `(^|[,[:space:]])(${spellings.map(escapePattern).join("|")})(%[^,[:space:]]*)?([,[:space:]]|$)`,
  );
  const matches = (column: string) =>
    `lower(${column}) LIKE ANY(${parts}::text[]) AND lower(${column}) ~ ${whole}`;
  const column = ip.includes(":") ? "ipv6_addresses" : "ipv4_addresses";
  return `s.vm_guid IN (
    SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${matches(`g.${column}`)}
    UNION ALL SELECT i.vm_guid FROM vm_dynamic i WHERE ${matches("i.vm_ip")})`;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}

function escapePattern(text: string): string {
  return text.replaceAll(/[^0-9a-z:]/g, "\\$&");
}
