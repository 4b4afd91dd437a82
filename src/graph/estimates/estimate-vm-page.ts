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
  return readVmPage(parents, args, counts, { byDefault, conditions: countConditions(args["filter"]) });
}

/** Estimates a page of VMs. With conditions, the database may have to read all VMs. */
export function readVmPage(
  parents: Cohort,
  { first, last }: Values,
  { vms }: FleetCounts,
  { byDefault, conditions }: { readonly byDefault: number; readonly conditions: number },
): FieldEstimate {
  const page = readPageSize(first ?? last, byDefault);
  const scanned = estimateConditions(conditions, vms);
  return {
    cohort: { ...parents, page: Math.min(page, Math.max(1, vms)), repeats: 1, looked: scanned },
    statements: 1,
    scanned,
  };
}

/** Estimates what it costs to look through VMs by conditions. A further one needs no further look, but may need another table. */
export function estimateConditions(conditions: number, vms: number): number {
  return conditions === 0 ? 0 : (vms / ROWS_AN_OBJECT) * (1 + (conditions - 1) / 5);
}

/** Counts the conditions of a filter, at any depth. */
export function countConditions(filter: unknown): number {
  return filter == null ? 0 : Math.max(1, countLeaves(filter));
}

/** A list of values is one condition, a list of filters has those of all of them. */
function countLeaves(value: unknown): number {
  if (value == null) return 0;
  const inner = isFilter(value) ? Object.values(value as Values) : value;
  if (!Array.isArray(inner) || (inner === value && !inner.some(isFilter))) return 1;
  return inner.reduce((sum: number, each) => sum + countLeaves(each), 0);
}

/** Tells a filter, and what a text or an address must meet, from a value. A prefix is an object, too. */
function isFilter(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("prefix" in value);
}
