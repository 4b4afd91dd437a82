import type { SqlParameters } from "../postgres/sql.js";
import type { VmScope } from "../types.js";

/** A scope as conditions of SQL, so that what is out of it never leaves the database. */
export class VisibleVms {
  constructor(private readonly scope: VmScope) {}

  /** Holds for the rows of `vm_static s` joined with `vm_dynamic d` that are in the scope. */
  isVm(parameters: SqlParameters): string {
    const patterns = parameters.add(this.scope.namePatterns.map(parseNamePattern));
    const hostIds = parameters.add(this.scope.hostIds);
    const vmIds = parameters.add(this.scope.vmIds);
    return `(s.vm_name LIKE ANY(${patterns}::text[]) OR d.run_on_vds = ANY(${hostIds}::uuid[]) OR s.vm_guid = ANY(${vmIds}::uuid[]))`;
  }

  /** Holds if the VM whose id is in `column` is in the scope. */
  hasVm(column: string, parameters: SqlParameters): string {
    return `EXISTS (SELECT FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE s.vm_guid = ${column} AND ${this.isVm(parameters)})`;
  }
}

/** `*` and `?` become LIKE's wildcards; LIKE's own are nothing special in a pattern. */
function parseNamePattern(pattern: string): string {
  return pattern
    .replaceAll(/[\\%_]/g, String.raw`\$&`)
    .replaceAll("*", "%")
    .replaceAll("?", "_");
}
