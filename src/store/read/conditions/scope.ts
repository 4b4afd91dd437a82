import { escapeLike } from "./text-match.js";
import type { SqlParameters } from "../../postgres/sql.js";
import type { VmScope } from "../../types.js";

/** Which VMs a reader may see, as SQL conditions. So what is out of the scope never leaves the database. */
export interface VmScopeSql {
  /** Holds for the rows of `vm_static s` joined with `vm_dynamic d` that are in the scope. */
  isVm(parameters: SqlParameters): string;
  /** Holds if the VM whose id is in `column` is in the scope. */
  hasVm(column: string, parameters: SqlParameters): string;
}

/** All VMs may be seen. */
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

/** Writes a scope's pattern for LIKE: `*` and `?` become its wildcards, and its own stand for themselves. */
function formatScopePattern(pattern: string): string {
  return escapeLike(pattern).replaceAll("*", "%").replaceAll("?", "_");
}
