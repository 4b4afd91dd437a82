import { escapeLike } from "./text-match.js";
import type { SqlParameters } from "../../postgres/sql.js";
import type { VmScope } from "../../types.js";

/** A scope as SQL conditions, so that VMs outside of it never leave the database. */
export interface VmScopeSql {
  /** Builds the condition that a row of `vm_static s` joined with `vm_dynamic d` is in the scope. */
  isVm(parameters: SqlParameters): string;
  /** Builds the condition that the VM whose id is in `column` is in the scope. */
  hasVm(column: string, parameters: SqlParameters): string;
}

/** The conditions of a reader who may see all VMs. */
export const ALL_VMS: VmScopeSql = { isVm: () => "true", hasVm: () => "true" };

/** Creates the conditions of a scope; `null`: all VMs may be seen. */
export function createVmScopeSql(scope: VmScope | null): VmScopeSql {
  if (scope === null) return ALL_VMS;
  const isVm = (parameters: SqlParameters): string => {
    const patterns = parameters.add(scope.namePatterns.map(formatScopePattern));
    const hostIds = parameters.add(scope.hostIds);
    const vmIds = parameters.add(scope.vmIds);
    return `(s.vm_name LIKE ANY(${patterns}::text[]) OR d.run_on_vds = ANY(${hostIds}::uuid[]) OR s.vm_guid = ANY(${vmIds}::uuid[]))`;
  };
  return {
    isVm,
    hasVm: (column, parameters) =>
      `EXISTS (SELECT FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
        WHERE s.vm_guid = ${column} AND ${isVm(parameters)})`,
  };
}

/** Formats a scope's pattern for LIKE. `*` and `?` become LIKE's wildcards; LIKE's own special characters are escaped. */
function formatScopePattern(pattern: string): string {
  return escapeLike(pattern).replaceAll("*", "%").replaceAll("?", "_");
}
