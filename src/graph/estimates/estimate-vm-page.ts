import { DEFAULT_PAGE } from "../arguments/arguments.js";
import { readPageSize, type Cohort, type Estimate, type FieldEstimate, type Values } from "./cohort.js";
import type { FleetCounts } from "./fleet-counts.js";

/** The rows of a table of VMs that cost as much to read as one object. */
export const ROWS_AN_OBJECT = 20;

/** How a source finds primary addresses that it does not keep: of so many VMs at most for one page. */
export interface Ranking {
  readonly mostVms: number;
  /** The VMs that one statement looks through for changes. */
  readonly digestsAStatement: number;
  /** The VMs that one statement reads, where nothing is known of them yet. */
  readonly vmsAStatement: number;
}

/**
 * Creates the estimate of the list of all VMs from such a source. An order by primary address costs what it takes to find those
 * of all VMs that a page is chosen from.
 */
export function estimateRanked({ mostVms, digestsAStatement, vmsAStatement }: Ranking): Estimate {
  return (parents, args, counts) => {
    const page = readVms(parents, args, counts);
    if (!String(args["orderBy"]).startsWith("PRIMARY_ADDRESS")) return page;
    const ranked = Math.min(counts.vms, mostVms);
    const statements =
      page.statements + 1 + Math.ceil(ranked / digestsAStatement) + Math.ceil(ranked / vmsAStatement);
    return { ...page, statements, scanned: (page.scanned ?? 0) + ranked / RANKED_AN_OBJECT };
  };
}

/** So many VMs cost as much as one object, whether their texts are read or only looked through for changes. */
const RANKED_AN_OBJECT = 2;

/** Estimates the list of all VMs. */
export function readVms(parents: Cohort, args: Values, counts: FleetCounts): FieldEstimate {
  const ids: unknown = args["ids"];
  const byDefault = Array.isArray(ids) ? ids.length : DEFAULT_PAGE;
  return readVmPage(parents, args, counts, { byDefault, isFiltered: args["filter"] != null });
}

/** Estimates a page of VMs. With a filter, the database may have to read all VMs. */
export function readVmPage(
  parents: Cohort,
  { first, last }: Values,
  { vms }: FleetCounts,
  { byDefault, isFiltered }: { readonly byDefault: number; readonly isFiltered: boolean },
): FieldEstimate {
  const page = readPageSize(first ?? last, byDefault);
  return {
    cohort: { ...parents, page: Math.min(page, Math.max(1, vms)), repeats: 1 },
    statements: 1,
    scanned: isFiltered ? vms / ROWS_AN_OBJECT : 0,
  };
}
