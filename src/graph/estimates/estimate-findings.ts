import { HOLDERS_SHOWN, MOST_STATS_ROWS } from "../../model/limits.js";
import { DEFAULT_PAGE } from "../arguments/arguments.js";
import {
  countGuestReads,
  countPageItems,
  readByKey,
  readPageSize,
  type Cohort,
  type Estimate,
  type FieldEstimate,
  type Values,
} from "./cohort.js";
import { countConditions, estimateConditions } from "./estimate-vm-page.js";
import { findLongest, sumLongest, type FleetCounts } from "./fleet-counts.js";

/** Estimates of the fields that look at many VMs at once. */
export const FINDING_ESTIMATES: Readonly<Record<string, Estimate>> = {
  "Query.guestAddresses": (parents, { first }) => readPage(parents, first, 0),
  // All addresses may be read to find those that come several times.
  "Query.addressConflicts": (parents, { first }, { vms }) => ({
    ...readPage(parents, first, vms / 20),
    statements: CONFLICT_STATEMENTS,
  }),
  "Query.macConflicts": (parents, { first }, { vms }) => readPage(parents, first, vms / 20),
  "Query.drift": (parents, { first }) => readPage(parents, first, 0),
  // All VMs, vNICs, interfaces and addresses are read, and conflicts are searched.
  "Query.guestNetworkStats": (parents, { filter }, { vms }) => ({
    cohort: parents,
    statements: 1,
    scanned: vms / 5 + estimateConditions(countConditions(filter), vms),
  }),
  "GuestNetworkStats.rows": (parents) => {
    const count = parents.count * MOST_STATS_ROWS;
    return { cohort: { ...parents, count, repeats: parents.count, owners: MOST_STATS_ROWS }, statements: 0 };
  },
  "GuestNetworkStatsRow.host": (parents) => readByKey(parents, {}),
  ...Object.fromEntries(
    ["GuestAddress", "AddressConflict", "MacConflict", "Drift"].flatMap((name): [string, Estimate][] => [
      [`${name}Connection.nodes`, countPageItems],
      [`${name}Connection.edges`, countPageItems],
      [
        `${name}Connection.totalCount`,
        (parents, _args, { vms }) => ({
          cohort: parents,
          statements: parents.count * (name === "AddressConflict" ? CONFLICT_STATEMENTS : 1),
          scanned: (parents.count * vms) / 20,
        }),
      ],
    ]),
  ),
  "GuestAddress.vm": readOne,
  "GuestAddress.device": readTwice,
  "GuestAddress.vmNic": readTwice,
  "AddressConflict.kind": (parents, args, counts) => {
    const held = parents.count * HOLDERS_SHOWN;
    const holders = readTwice({ ...parents, count: held, owners: held }, args, counts);
    return { ...holders, cohort: { ...parents, portions: holders.cohort.portions }, scanned: held };
  },
  "AddressConflict.holders": (parents) => {
    const count = parents.count * HOLDERS_SHOWN;
    return { cohort: { ...parents, count, repeats: count, owners: count }, statements: 0 };
  },
  "MacConflict.vmNics": (parents, _args, { nicsPerMac }) => {
    const count = Math.max(sumLongest(nicsPerMac, parents.count), findLongest(nicsPerMac));
    const { cohort, statements } = readByKey(parents, { count, repeats: count, owners: count });
    return { cohort, statements };
  },
  "Drift.vm": readOne,
  "Drift.vmNic": readOne,
  "Drift.device": (parents, _args, counts) => ({
    ...readOne(parents),
    guestReads: countGuestReads(parents, counts),
  }),
};

/**
 * The statements of a page or a count of conflicts: two for the VMs that changed since shared addresses were stored, the list,
 * and a transaction around them, unless the request has one.
 */
const CONFLICT_STATEMENTS = 6;

function readPage(parents: Cohort, first: unknown, scanned: number): FieldEstimate {
  const page = readPageSize(first, DEFAULT_PAGE);
  return { cohort: { ...parents, page }, statements: 1, scanned };
}

/** Estimates one read for each row. All rows may belong to one VM. */
function readOne(parents: Cohort): FieldEstimate {
  return readByKey(parents, { repeats: parents.count });
}

/** Estimates reading all interfaces and vNICs of each row's VM, once for all rows of a VM. */
function readTwice(parents: Cohort, _args: Values, counts: FleetCounts): FieldEstimate {
  const { cohort, statements } = readOne(parents);
  return { cohort, statements: 2 * statements, guestReads: countGuestReads(parents, counts) };
}
