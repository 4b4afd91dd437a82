import type { SqlParameters } from "../../postgres/sql.js";
import type { VmFilter } from "../../types.js";
import type { VmSearch } from "../../vm-search.js";
import type { VmScopeSql } from "./scope.js";
import { buildSearchCondition, type VmConditionSql } from "./search-conditions.js";

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
    conditions.push(buildSearchCondition(buildNameContains(nameContains), source, parameters));
  }
  if (statuses !== undefined) conditions.push(source.hasStatus(statuses, parameters));
  if (hostId !== undefined) conditions.push(`d.run_on_vds = ${parameters.add(hostId)}::uuid`);
  if (ip !== undefined) conditions.push(source.hasAddress(ip, parameters));
  if (search !== undefined) conditions.push(buildSearchCondition(search, source, parameters));
  return conditions;
}

/** Builds the search that `nameContains` is short for. */
export function buildNameContains(part: string): VmSearch {
  return { kind: "text", key: "name", match: { parts: ["", part, ""], ignoreCase: true } };
}
