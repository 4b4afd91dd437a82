import type { DataSource } from "typeorm";
import { VisibleVms } from "../store/read/scope.js";
import type { ReadStore, VmFilter, VmRow, VmScope } from "../store/types.js";
import { readHosts } from "./hosts.js";
import { readGuestInterfaces, readNics } from "./interfaces.js";
import { SqlParameters, rowsOf } from "../store/postgres/sql.js";
import { ALL_VMS, conditionsOf, FROM_VMS, type Visible } from "./vm-conditions.js";
import { buildPageStatement } from "./vm-page.js";
import { readVms, buildVmsStatement } from "./vms.js";

/** A live engine's own database, read with nothing but SELECT; see {@link createEngineStore}. */
export interface EngineStore extends ReadStore {
  /** The same reads for somebody who may see only a scope's VMs; `null`: all. */
  readerFor(scope: VmScope | null): ReadStore;
}

/**
 * Reads an engine's tables as they are, by the indexes that an engine has: keys, `vm_name`, `run_on_vds`, and `vm_guid` or
 * `vm_id` of what belongs to a VM. There is none for these questions, which read one table whole, and end at the
 * statement timeout at the latest: how many VMs there are; VMs by part of a name or by state, where few match; VMs by an
 * address; vNICs by MAC. On 100,000 VMs they take tenths of a second. Names are in the order of the engine's language.
 */
export function createEngineStore(dataSource: DataSource): EngineStore {
  return {
    ...readerOf(dataSource, ALL_VMS),
    readerFor: (scope) => readerOf(dataSource, scope === null ? ALL_VMS : new VisibleVms(scope)),
  };
}

function readerOf(dataSource: DataSource, visible: Visible): ReadStore {
  return {
    vmsPage: (page) => {
      const { sql, values } = buildPageStatement(page, visible);
      return readVms(dataSource, sql, values);
    },
    countVms: (filter) => countVms(dataSource, filter, visible),
    vmsByIds: (ids) => vmsByIds(dataSource, ids, visible),
    vmsByHosts: (hostIds, limitPerHost) => vmsByHosts(dataSource, hostIds, limitPerHost ?? null, visible),
    nicsByVms: (vmIds) => readNics(dataSource, "vm", vmIds, visible),
    nicsByIds: (ids) => readNics(dataSource, "id", ids, visible),
    nicsByMacs: (macs) => readNics(dataSource, "mac", macs, visible),
    guestInterfacesByVms: (vmIds) => readGuestInterfaces(dataSource, vmIds, visible),
    hosts: () => readHosts(dataSource, null),
    hostsByIds: (ids) => readHosts(dataSource, ids),
    ping: async () => {
      await dataSource.query("SELECT 1");
    },
    // An engine asks its hosts; nothing is to be waited for here.
    everyHostTried: () => Promise.resolve(true),
  };
}

async function countVms(dataSource: DataSource, filter: VmFilter, visible: Visible): Promise<number> {
  const parameters = new SqlParameters();
  const where = `${conditionsOf(filter, parameters)} AND ${visible.isVm(parameters)}`;
  const [row] = await rowsOf<{ count: number }>(
    dataSource,
    `SELECT count(*)::int AS count FROM ${FROM_VMS} WHERE ${where}`,
    parameters.values,
  );
  return row?.count ?? 0;
}

function vmsByIds(dataSource: DataSource, ids: readonly string[], visible: Visible): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const where = `s.vm_guid = ANY(${parameters.add(ids)}::uuid[]) AND ${visible.isVm(parameters)}`;
  const chosen = `(SELECT s.vm_guid FROM ${FROM_VMS} WHERE ${conditionsOf({}, parameters)} AND ${where})`;
  return readVms(dataSource, buildVmsStatement(chosen, "ORDER BY s.vm_guid"), parameters.values);
}

/** By code point, as the loaders sort; no index is in the order of names within a host anyway. */
function vmsByHosts(
  dataSource: DataSource,
  hostIds: readonly string[],
  limitPerHost: number | null,
  visible: Visible,
): Promise<VmRow[]> {
  const parameters = new SqlParameters();
  const chosen = `(
    SELECT each.vm_guid FROM unnest(${parameters.add([...new Set(hostIds)])}::uuid[]) AS asked (vds_id)
    CROSS JOIN LATERAL (
      SELECT s.vm_guid FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE d.run_on_vds = asked.vds_id AND ${conditionsOf({}, parameters)} AND ${visible.isVm(parameters)}
      ORDER BY s.vm_name COLLATE "C", s.vm_guid LIMIT ${parameters.add(limitPerHost)}::int) AS each)`;
  const order = `ORDER BY s.vm_name COLLATE "C", s.vm_guid`;
  return readVms(dataSource, buildVmsStatement(chosen, order), parameters.values);
}
