import type { VmSizes } from "./event-sizes.js";
import { findLongest, sumLongest, type Distribution, type FleetCounts } from "./fleet-counts.js";

/** The objects of one field of an answer, over all its parents. */
export interface Cohort {
  /** How many there are at most. */
  readonly count: number;
  /** How often the same object can be among them. */
  readonly repeats: number;
  /** How many different VMs they belong to; if they are hosts, how many different hosts they are. */
  readonly owners: number;
  /** In how many portions they arrive. The fields below them are read once for each portion. */
  readonly portions: number;
  /** Rows in one page, if these objects are pages. */
  readonly page: number;
  /** The cost of looking through all VMs by a filter's conditions, if these objects are pages. */
  readonly looked?: number;
  /** How many there are of each type, if that is known. */
  readonly byType?: Readonly<Record<string, number>>;
  /** How long the lists of their VM are, if all belong to one VM that is known. */
  readonly sizes?: VmSizes | null;
}

/** What a field gives for the objects of a cohort, and what reading it costs. */
export interface FieldEstimate {
  readonly cohort: Cohort;
  readonly statements: number;
  /** The cost of rows and addresses that are read and not shown, in objects. */
  readonly scanned?: number;
  /** The same for what is read of the parents' guests once, however many fields of the same parents need it. */
  readonly guestReads?: number;
}

/** The values of a field's arguments. */
export type Values = Readonly<Record<string, unknown>>;

/** Estimates one field, by the lengths of the lists in the database. */
export type Estimate = (parents: Cohort, args: Values, counts: FleetCounts) => FieldEstimate;

/** The most keys of one statement (see loaders). */
export const KEYS = 5_000;

/** Reads the page size. `null` or absent means the field's own size. A size that is refused still costs its statement. */
export function readPageSize(first: unknown, otherwise: number): number {
  return typeof first === "number" ? Math.max(1, first) : otherwise;
}

/** Counts the objects of a page below a cohort of pages. */
export function countPageItems(parents: Cohort): FieldEstimate {
  const count = parents.count * parents.page;
  return { cohort: { ...parents, count, repeats: parents.count, owners: parents.page }, statements: 0 };
}

/**
 * Counts the items that the lists of a cohort's VMs or hosts hold at most. A list counts as often as its owner can be
 * in the cohort.
 */
export function countListItems({ count, repeats, owners }: Cohort, distribution: Distribution): number {
  return Math.min(count * findLongest(distribution), repeats * sumLongest(distribution, owners));
}

/**
 * Counts the cost of reading all interfaces and vNICs of the cohort's guests, of which an answer may show one address or none.
 * What usual guests have is in the cost of their objects and statements; of larger ones the rest counts. A row costs half
 * as much as an object that is shown. An address is cut out of a list, and often parsed.
 */
export function countGuestReads(parents: Cohort, counts: FleetCounts): number {
  const once = { ...parents, repeats: 1 };
  const rows =
    countListItems(once, takeRest(counts.interfacesPerVm, USUAL.interfaces)) +
    countListItems(once, takeRest(counts.nicsPerVm, USUAL.nics));
  return rows / ROWS_READ_AN_OBJECT + countAddressReads(once, counts);
}

/** Counts the cost of reading all addresses of the cohort's guests, beyond those of usual ones. */
export function countAddressReads(parents: Cohort, { ipv4PerVm, ipv6PerVm }: FleetCounts): number {
  const addresses =
    countListItems(parents, takeRest(ipv4PerVm, USUAL.ipv4)) +
    countListItems(parents, takeRest(ipv6PerVm, USUAL.ipv6));
  return addresses / ADDRESSES_AN_OBJECT;
}

/** What a usual guest has at most. */
const USUAL = { interfaces: 24, nics: 8, ipv4: 32, ipv6: 64 };

/** Returns what lists have beyond their first `usual` items. */
function takeRest(distribution: Distribution, usual: number): Distribution {
  return distribution.map(({ length, lists }) => ({ length: Math.max(0, length - usual), lists }));
}

const ROWS_READ_AN_OBJECT = 2;
const ADDRESSES_AN_OBJECT = 20;

/** Counts what is read of each object by its key, in one statement for many objects. */
export function readByKey(parents: Cohort, changes: Partial<Cohort>): FieldEstimate {
  const statements = countReads(parents, parents.count, KEYS);
  return { cohort: { ...parents, ...changes, portions: statements }, statements };
}

/** Counts statements: one for each portion of parents, and more if a portion has more than `keys` keys. */
export function countReads({ portions }: Cohort, count: number, keys: number): number {
  return portions - 1 + Math.max(1, Math.ceil(count / keys));
}
