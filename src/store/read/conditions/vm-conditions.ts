import type { SqlParameters } from "../../postgres/sql.js";
import type { VmFilter } from "../../types.js";
import type { VmScopeSql } from "./scope.js";
import { buildSearchCondition, type VmConditionSql } from "./search-conditions.js";
import { matchText } from "./text-match.js";

/** Builds the condition on `vm_static s` and `vm_dynamic d` for a filter and a scope, in either source. */
export function buildVmConditions(
  filter: VmFilter,
  scope: VmScopeSql,
  source: VmConditionSql,
  parameters: SqlParameters,
): string {
  // An engine keeps its templates and instance types in the same table.
  return ["s.entity_type = 'VM'", ...listConditions(filter, source, parameters), scope.isVm(parameters)].join(
    " AND ",
  );
}

function listConditions(filter: VmFilter, source: VmConditionSql, parameters: SqlParameters): string[] {
  const { nameContains, statuses, hostId, ids, ip, search } = filter;
  const conditions: string[] = [];
  if (ids !== undefined) conditions.push(`s.vm_guid = ANY(${parameters.add(ids)}::uuid[])`);
  if (nameContains !== undefined) {
    const match = { parts: ["", nameContains, ""], ignoreCase: true };
    conditions.push(matchText(source.name, match, parameters));
  }
  if (statuses !== undefined) conditions.push(source.hasStatus(statuses, parameters));
  if (hostId !== undefined) conditions.push(`d.run_on_vds = ${parameters.add(hostId)}::uuid`);
  if (ip !== undefined) conditions.push(source.hasAddress(ip, parameters));
  if (search !== undefined) conditions.push(buildSearchCondition(search, source, parameters));
  return conditions;
}
