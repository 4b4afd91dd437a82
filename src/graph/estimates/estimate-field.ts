import { DEFAULT_PAGE, MAX_PAGE } from "../arguments/arguments.js";
import {
  countReads,
  KEYS,
  countPageItems,
  readByKey,
  readPageSize,
  countAddressReads,
  countGuestReads,
  countListItems,
  type Cohort,
  type Estimate,
  type FieldEstimate,
  type Values,
} from "./cohort.js";
import { FINDING_ESTIMATES } from "./estimate-findings.js";
import { HISTORY_ESTIMATES } from "./estimate-history.js";
import { findLongest, sumLongest, type Distribution, type FleetCounts } from "./fleet-counts.js";
import { estimateRanked, readVmPage, readVms, ROWS_AN_OBJECT, type Ranking } from "./estimate-vm-page.js";
import { findListSize } from "./list-sizes.js";

export type { Cohort, FieldEstimate } from "./cohort.js";

/** Estimates a field by its arguments and by the objects of which it is asked. */
export type EstimateField = (
  typeName: string,
  fieldName: string,
  args: Values,
  parents: Cohort,
) => FieldEstimate;

/**
 * Creates the function that estimates what a field can give, before anything is read. Its estimate is never too small:
 * different VMs have no more interfaces than the VMs that have most. Until lists were counted, it assumes typical
 * sizes.
 */
export function createFieldEstimator(
  findCounts: () => FleetCounts | null,
  ranking: Ranking | null = null,
): EstimateField {
  const estimates = ranking === null ? ESTIMATES : { ...ESTIMATES, "Query.vms": estimateRanked(ranking) };
  return (typeName, fieldName, args, given) => {
    const fieldPath = `${typeName}.${fieldName}`;
    const estimate = Object.hasOwn(estimates, fieldPath) ? estimates[fieldPath] : undefined;
    const parents = given.sizes != null && isOfOthers(fieldPath, args) ? { ...given, sizes: null } : given;
    const fleet = findCounts() ?? TYPICAL;
    const counts = parents.sizes == null ? fleet : { ...fleet, ...parents.sizes };
    if (estimate !== undefined) return clampToOne(estimate(parents, args, counts));
    const count = parents.count * Math.max(1, findListSize(typeName, fieldName, args));
    return { cohort: { ...parents, count }, statements: 0 };
  };
}

/** Tells whether a field below a VM gives other VMs or the VM's past, whose lists may be longer. */
function isOfOthers(fieldPath: string, args: Values): boolean {
  return fieldPath === "Host.vms" || fieldPath === "Vm.guestHistory" || args["at"] != null;
}

/** The most VMs of hosts that one statement reads (see loaders/batches/host-vms.ts). */
const ROWS = 50_000;

const assumeLength = (length: number): Distribution => [{ length, lists: Number.MAX_SAFE_INTEGER }];
const TYPICAL: FleetCounts = {
  hosts: 50,
  vms: 10_000,
  vmsPerHost: assumeLength(50),
  nicsPerVm: assumeLength(4),
  nicsPerMac: assumeLength(2),
  interfacesPerVm: assumeLength(8),
  ipv4PerVm: assumeLength(8),
  ipv6PerVm: assumeLength(8),
  ipsPerVm: assumeLength(8),
};

const ESTIMATES: Readonly<Record<string, Estimate>> = {
  ...HISTORY_ESTIMATES,
  ...FINDING_ESTIMATES,
  "Query.vms": readVms,
  "Query.find": (parents) => ({ cohort: parents, statements: 0 }),
  "FindResult.vms": (parents, args, counts) =>
    readVmPage(parents, args, counts, { byDefault: DEFAULT_PAGE, conditions: 1 }),
  "FindResult.vmNics": (parents, _args, { nicsPerMac }) => {
    const count = Math.max(1, findLongest(nicsPerMac));
    return { cohort: { ...parents, count, owners: count }, statements: 1 };
  },
  "FindResult.hosts": (parents, _args, { hosts }) => ({
    cohort: { ...parents, count: hosts, repeats: 1, owners: hosts },
    statements: 1,
  }),
  "VmConnection.nodes": countPageItems,
  "VmConnection.edges": countPageItems,
  "VmConnection.totalCount": (parents, _args, { vms }) => ({
    cohort: parents,
    statements: parents.count,
    scanned: parents.count * Math.max(vms / ROWS_AN_OBJECT, parents.looked ?? 0),
  }),
  "Query.vm": (parents) => ({ cohort: parents, statements: 1 }),
  "Query.vmNic": (parents) => ({ cohort: parents, statements: 1 }),
  "Query.vmNics": (parents, { macAddresses }, { nicsPerMac }) => {
    const count = sumLongest(nicsPerMac, Array.isArray(macAddresses) ? macAddresses.length : 1);
    return { cohort: { ...parents, count, owners: count }, statements: 1 };
  },
  "Query.host": (parents) => ({ cohort: parents, statements: 1 }),
  "Query.hosts": (parents, _args, { hosts }) => ({
    cohort: { ...parents, count: hosts, repeats: 1, owners: hosts },
    statements: 1,
  }),
  "Query._entities": (parents, { representations }) => {
    const given: readonly unknown[] = Array.isArray(representations) ? representations : [null];
    const byType: Record<string, number> = {};
    const byKey = new Map<string, Map<string, number>>();
    let [repeats, owners] = [1, 0];
    for (const each of given) {
      const name = readText(each, "__typename");
      byType[name] = (byType[name] ?? 0) + 1;
      let counts = byKey.get(name);
      if (counts === undefined) byKey.set(name, (counts = new Map<string, number>()));
      const key = readText(each, "id") || JSON.stringify(each);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count === 1) owners += 1;
      else repeats = Math.max(repeats, count);
    }
    // There are three reads: VMs by id, vNICs by id, and vNICs by MAC, which are found among their VM's. They arrive
    // together.
    const kinds = (byType["Vm"] === undefined ? 0 : 1) + (byType["VmNic"] === undefined ? 0 : 2);
    const statements = Math.max(1, kinds) * Math.ceil(given.length / KEYS);
    const cohort = { ...parents, count: given.length, repeats, owners, byType };
    return { cohort, statements };
  },
  "Host.vms": (parents, args, { vmsPerHost }) => {
    const limit = readPageSize(args["first"], MAX_PAGE);
    const cut = vmsPerHost.map(({ length, lists }) => ({ length: Math.min(length, limit), lists }));
    const count = countListItems(parents, cut);
    const hosts = Math.min(parents.count, parents.owners);
    const statements = countReads(parents, hosts, Math.max(1, Math.floor(ROWS / limit)));
    return {
      cohort: { ...parents, count, owners: divide(count, parents.repeats), portions: statements },
      statements,
    };
  },
  "Vm.host": (parents, _args, { vmsPerHost, hosts }) =>
    readByKey(parents, {
      repeats: Math.min(parents.count, parents.repeats * Math.max(1, findLongest(vmsPerHost))),
      owners: Math.min(parents.count, Math.max(1, hosts)),
    }),
  "Vm.otherHost": (parents) => readByKey(parents, { repeats: parents.count }),
  "VmNic.vm": (parents, _args, { nicsPerVm }) =>
    readByKey(parents, { repeats: Math.min(parents.count, parents.repeats * findLongest(nicsPerVm)) }),
  "VmNic.guestInterface": (parents, _args, counts) =>
    readGuests(parents, counts, 2, {
      repeats: Math.min(parents.count, parents.repeats * findLongest(counts.nicsPerVm)),
    }),
  // It reads interfaces and vNICs; for a vNIC also its VM.
  "GuestInfo.primaryAddress": (parents, _args, counts) => ({
    ...readGuests(parents, counts, 2, {}),
    // The addresses are ranked anew each time.
    scanned: countAddressReads(parents, counts),
  }),
  "VmNic.primaryAddress": (parents, _args, counts) => readGuests(parents, counts, 2, {}),
  // It reads the VM, its interfaces and its vNICs.
  "VmNic.missingReason": (parents, _args, counts) => readGuests(parents, counts, 3, {}),
  "VmNic.probableInterface": (parents, _args, counts) =>
    readGuests(parents, counts, 3, {
      repeats: Math.min(parents.count, parents.repeats * findLongest(counts.nicsPerVm)),
    }),
  "VmNic.guestInterfaces": (parents, _args, counts) => {
    const { nicsPerVm, interfacesPerVm } = counts;
    // One vNIC of a VM has a MAC, or a few have it; each of them then has each interface with that MAC.
    const count = Math.min(
      parents.count * findLongest(interfacesPerVm),
      2 * countListItems(parents, interfacesPerVm),
    );
    return readGuests(parents, counts, 2, { count, repeats: parents.repeats * findLongest(nicsPerVm) });
  },
  "GuestInfo.networkDevices": (parents, _args, counts) => ({
    ...readTwice(parents, { count: countListItems(parents, counts.interfacesPerVm) }),
    guestReads: countAddressReads({ ...parents, repeats: 1 }, counts),
  }),
  "GuestInfo.ips": (parents, _args, { ipsPerVm }) => listValues(parents, ipsPerVm),
  "NetworkDevice.ipv4Addresses": (parents, _args, { ipv4PerVm }) => listValues(parents, ipv4PerVm),
  "NetworkDevice.ipv6Addresses": (parents, _args, { ipv6PerVm }) => listValues(parents, ipv6PerVm),
  "NetworkDevice.vmNic": (parents, _args, { interfacesPerVm }) =>
    readByKey(parents, { repeats: Math.min(parents.count, parents.repeats * findLongest(interfacesPerVm)) }),
};

/** Estimates statements that read all interfaces and vNICs of guests, to find one of them or none. */
function readGuests(
  parents: Cohort,
  counts: FleetCounts,
  times: number,
  changes: Partial<Cohort>,
): FieldEstimate {
  const { cohort, statements } = readByKey(parents, changes);
  return { cohort, statements: times * statements, guestReads: countGuestReads(parents, counts) };
}

/** Estimates lists of plain values: no object has more of them than its VM. */
function listValues(parents: Cohort, distribution: Distribution): FieldEstimate {
  return { cohort: { ...parents, count: countListItems(parents, distribution) }, statements: 0 };
}

/** Estimates two statements: interfaces are known only if their VM is, so both are read. */
function readTwice(parents: Cohort, changes: Partial<Cohort>): FieldEstimate {
  const { cohort, statements } = readByKey(parents, changes);
  return { cohort, statements: 2 * statements };
}

function divide(count: number, by: number): number {
  return Math.ceil(count / Math.max(1, by));
}

function clampToOne(estimate: FieldEstimate): FieldEstimate {
  const { cohort } = estimate;
  if (cohort.count >= 1) return estimate;
  return { ...estimate, cohort: { ...cohort, count: 1, repeats: 1, owners: 1 } };
}

function readText(value: unknown, key: string): string {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === "string" ? found : "";
}
