import { findLongest, sumLongest, type Distribution, type FleetCounts } from "./fleet-counts.js";

/** The objects that stand at one place of an answer. */
export interface Cohort {
  /** How many there are at most. */
  readonly count: number;
  /** How often one and the same of them can be among them. */
  readonly repeats: number;
  /** How many different VMs they belong to; of hosts, how many different hosts they are. */
  readonly owners: number;
  /** In how many portions they arrive: what hangs below them is read once for each. */
  readonly portions: number;
  /** VMs in one page, where these are pages. */
  readonly page: number;
  /** How many of each type, where that is known. */
  readonly byType?: Readonly<Record<string, number>>;
}

/** What a field gives below a cohort, and what reading it takes. */
export interface FieldEstimate {
  readonly cohort: Cohort;
  readonly statements: number;
  /** What whole tables that are looked through cost, in objects. */
  readonly scanned?: number;
}

/** The values of a field's arguments. */
export type Values = Readonly<Record<string, unknown>>;

/** Estimates one field, for the lists that the database has now. */
export type Estimate = (parents: Cohort, args: Values, counts: FleetCounts) => FieldEstimate;

/** No statement takes more keys at once (see loaders). */
export const KEYS = 5_000;

/** Reads the page size. `null` or absent means the field's own; a size that is refused still costs its statement. */
export function readPageSize(first: unknown, otherwise: number): number {
  return typeof first === "number" ? Math.max(1, first) : otherwise;
}

/** Counts the objects of a page below a cohort of pages. */
export function openPage(parents: Cohort): FieldEstimate {
  const count = parents.count * parents.page;
  return { cohort: { ...parents, count, repeats: parents.count, owners: parents.page }, statements: 0 };
}

/** Counts what the lists of a cohort's VMs or hosts hold at most. Each list counts as often as it can be there. */
export function spread({ count, repeats, owners }: Cohort, distribution: Distribution): number {
  return Math.min(count * findLongest(distribution), repeats * sumLongest(distribution, owners));
}

/** Counts what is read of each object by its key, in one statement for many. */
export function readByKey(parents: Cohort, changes: Partial<Cohort>): FieldEstimate {
  const statements = countReads(parents, parents.count, KEYS);
  return { cohort: { ...parents, ...changes, portions: statements }, statements };
}

/** Counts statements: one for each portion of parents; more than `keys` of them are split. */
export function countReads({ portions }: Cohort, count: number, keys: number): number {
  return portions - 1 + Math.max(1, Math.ceil(count / keys));
}
