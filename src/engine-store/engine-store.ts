import type { DataSource } from "typeorm";
import { createSlots } from "../model/slots.js";
import { createVmScopeSql, type VmScopeSql } from "../store/read/conditions/scope.js";
import { createSnapshot, type Snapshot } from "../store/read/snapshot.js";
import { gatherTreeReads } from "../store/gathered-trees.js";
import { NO_PARTS, type TreeReads } from "../store/vm-tree.js";
import type { ReadinessStore, Readers, ReadStore, VmFilter, VmScope } from "../store/types.js";
import { CLUSTER_CONDITIONS, ENGINE_CONDITIONS } from "./conditions/engine-conditions.js";
import { DatabaseOverloadedError } from "../store/postgres/errors.js";
import { queryRows, type Queryable } from "../store/postgres/sql.js";
import { ENGINE_COLUMNS } from "./engine-columns.js";
import type { EngineSource } from "./engine-source.js";
import { createEngineFindingReads } from "./findings/finding-reads.js";
import { createHostVmsReads, type ReadTreesByHosts } from "./host-vms.js";
import { readHosts } from "./hosts.js";
import { readGuestInterfaces } from "./interfaces.js";
import { createInventoryRights, readNamed, readVmOrigins } from "./inventory.js";
import { readNics } from "./nics.js";
import { createPrimaryRanking, type PrimaryRanking } from "./primary/ranking.js";
import { createEngineTreeReads } from "./trees.js";
import { readVms } from "./vm-rows.js";
import { countVms, readVmIds, readVmsByIds, readVmsPage } from "./vms.js";

/** Reads of an engine's own database, by SELECT alone; see {@link createEngineStore}. */
export interface EngineStore extends ReadStore, ReadinessStore, Readers {}

/** The most searches at once. Two keep two processors of the database busy; more would only make each other slower. */
const SEARCH_SLOTS = 2;

/**
 * How long a search waits for its turn. Later it could not end in time. Where searches are slow, those whose clients have gone would
 * otherwise pile up, and later ones would wait for all of them.
 */
const SEARCH_PATIENCE = { ms: 5_000, createError: () => new DatabaseOverloadedError() };

/**
 * Creates the reads of an engine's tables, which nobody changes for us. They use the indexes that an engine has: keys,
 * `vm_name`, `run_on_vds`, and `vm_guid` or `vm_id` of what belongs to a VM. These questions have no index and read a
 * table once: how many VMs there are; VMs by part of a name or by a rare state; VMs by an address; vNICs by MAC; MACs
 * of several VMs.
 */
export function createEngineStore(dataSource: DataSource, ranking = createPrimaryRanking()): EngineStore {
  const searchSlots = createSlots(SEARCH_SLOTS, SEARCH_PATIENCE);
  const known: EngineKnowledge = {
    mayReadInventory: createInventoryRights(dataSource),
    readTreesByHosts: createHostVmsReads(),
    ranking,
  };
  const openSnapshot = () => createSnapshot(dataSource, searchSlots);
  const createTreeReads = (database: Queryable, open: () => Snapshot, scope: VmScope | null): TreeReads =>
    createEngineTreeReads({
      database,
      openSnapshot: open,
      scope: createVmScopeSql(scope),
      chooseSource: createSourceChoice(known),
      readTreesByHosts: known.readTreesByHosts,
    });
  return {
    ...createEngineReader(dataSource, createVmScopeSql(null), known),
    createReaderFor: (scope) => createEngineReader(dataSource, createVmScopeSql(scope), known),
    // The engine polls its hosts itself. What is checked here is whether the tables may be read, and are not locked.
    readPollingState: async () => {
      await queryRows(dataSource, READ_NOTHING);
      return { hosts: 0, untried: 0, stale: 0, unpolled: 0 };
    },
    openSnapshot: (scope) => {
      const snapshot = openSnapshot();
      return {
        reads: createEngineReader(snapshot, createVmScopeSql(scope), known),
        // All of these reads see the request's state, and the request closes it.
        createTreeReads: () =>
          createTreeReads(snapshot, () => ({ ...snapshot, close: () => Promise.resolve() }), scope),
        renew: snapshot.renew,
        close: snapshot.close,
      };
    },
    createTreeReadsFor: gatherTreeReads((scope) => createTreeReads(dataSource, openSnapshot, scope)),
  };
}

/** Reads no row, but fails if a table or column that answers need may not be read, is locked, or is gone. */
const READ_NOTHING = `SELECT ${Object.entries(ENGINE_COLUMNS)
  .flatMap(([table, columns]) => columns.map((column) => `${table}.${column}`))
  .join(", ")} FROM ${Object.keys(ENGINE_COLUMNS).join(", ")} WHERE false`;

/** Reads that remember something about the database, so that all readers share them. */
interface EngineKnowledge {
  readonly mayReadInventory: ReturnType<typeof createInventoryRights>;
  readonly readTreesByHosts: ReadTreesByHosts;
  readonly ranking: PrimaryRanking;
}

/** Creates the function that chooses by what SQL a filter finds VMs: clusters can be searched only where they may be read. */
function createSourceChoice({ mayReadInventory, ranking }: EngineKnowledge) {
  return async ({ search }: VmFilter): Promise<EngineSource> => ({
    conditions: search !== undefined && (await mayReadInventory()) ? CLUSTER_CONDITIONS : ENGINE_CONDITIONS,
    ranking,
  });
}

function createEngineReader(database: Queryable, scope: VmScopeSql, known: EngineKnowledge): ReadStore {
  const { mayReadInventory, readTreesByHosts } = known;
  const chooseSource = createSourceChoice(known);
  return {
    readVmsPage: async (page) => readVmsPage(database, page, scope, await chooseSource(page.filter), readVms),
    countVms: async (filter) => countVms(database, filter, scope, (await chooseSource(filter)).conditions),
    readVmIds: async (list) => readVmIds(database, list, scope, await chooseSource(list.filter)),
    readChangeMark: () => Promise.resolve(null),
    readVmOriginsByIds: async (vmIds) =>
      (await mayReadInventory()) ? readVmOrigins(database, vmIds, scope) : [],
    readNamed: async (kind, ids) =>
      kind === "networks" || (await mayReadInventory()) ? readNamed(database, kind, ids, scope) : [],
    readVmsByIds: (ids) => readVmsByIds(database, ids, scope, readVms),
    readVmsByHosts: async (hostIds, limitPerHost) => {
      const asked = { hostIds, limit: limitPerHost ?? null, parts: { ...NO_PARTS, row: true } };
      return (await readTreesByHosts(database, asked, scope)).flatMap(({ row }) => row ?? []);
    },
    readNicsByVms: (vmIds) => readNics(database, { key: "vm", values: vmIds }, scope),
    readNicsByIds: (ids) => readNics(database, { key: "id", values: ids }, scope),
    readNicsByMacs: (macs) => readNics(database, { key: "mac", values: macs }, scope),
    readGuestInterfacesByVms: (vmIds) => readGuestInterfaces(database, vmIds, scope),
    readHosts: () => readHosts(database, null),
    readHostsByIds: (ids) => readHosts(database, ids),
    ...createEngineFindingReads(database, scope),
    // An engine keeps no history of what guests report, and its tables are not ours to add one to.
    readHistoryBounds: () => Promise.resolve(null),
    readVmVersionsAt: () => Promise.resolve([]),
    readVmChanges: () => Promise.resolve([]),
    readAddressSpans: () => Promise.resolve(null),
    readChangeCursor: () => Promise.resolve(null),
  };
}
