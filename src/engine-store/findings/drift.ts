import { compareByBytes } from "../../model/compare-by-name.js";
import { setImmediate as takeTurn } from "node:timers/promises";
import { normalizeStoredMac } from "../../model/address/mac.js";
import { DRIFT_KINDS, formatDriftKey, listDrift, type DriftKind } from "../../model/guest/drift.js";
import { VM_STATUS } from "../../model/guest/vm-status.js";
import type { DriftPosition, DriftQuestion, DriftRow } from "../../store/finding-types.js";
import { NotKeptError } from "../../store/not-kept-error.js";
import { querySearchRows, SqlParameters, type Queryable } from "../../store/postgres/sql.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";
import { hasOtherThanLoopback } from "../conditions/address-words.js";
import { mayHaveGuest } from "../conditions/engine-conditions.js";
import { MOST_COMPARED_BYTES, refuseLargeFleet } from "./fleet-size.js";
import { INTERFACE_ORDER } from "../interfaces.js";
import { formatUuid } from "../../model/uuid.js";

/** Reads a page of drift. SQL finds the VMs that may have some, and the model's rule compares them; nothing is stored. */
export async function readDrift(
  database: Queryable,
  { kinds, after, limit }: DriftQuestion,
  scope: VmScopeSql,
): Promise<DriftRow[]> {
  const found: DriftRow[] = [];
  for await (const rows of walkDrift(database, kinds, after, scope)) {
    found.push(...rows);
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

/** Counts drift, in the same way. */
export async function countDrift(
  database: Queryable,
  { kinds }: Pick<DriftQuestion, "kinds">,
  scope: VmScopeSql,
): Promise<number> {
  let count = 0;
  for await (const rows of walkDrift(database, kinds, null, scope)) count += rows.length;
  return count;
}

/** Walks over the drift behind a cursor, in order. It needs a few statements, each for more VMs than the one before. */
async function* walkDrift(
  database: Queryable,
  kinds: readonly DriftKind[] | null,
  after: DriftPosition | null,
  scope: VmScopeSql,
): AsyncGenerator<DriftRow[]> {
  if (kinds?.length === 0) return;
  await refuseLargeFleet(database, "drift", "ask VmNic.missingReason of the VMs", MOST_COMPARED_BYTES);
  let from = after?.vmId ?? LEAST_ID;
  for (const size of VMS_A_STATEMENT) {
    const vms = await readComparedVms(database, { kinds, from, size }, scope);
    for (let at = 0; at < vms.length; at += VMS_A_TURN) {
      yield vms.slice(at, at + VMS_A_TURN).flatMap((vm) => listRows(vm, kinds, after));
      // Other requests are served meanwhile.
      await takeTurn();
    }
    if (vms.length < size) return;
    from = findNextId(vms.at(-1)?.vmId ?? from);
  }
  throw new NotKeptError(
    `drift: more than ${VMS_A_STATEMENT.reduce((sum, size) => sum + size)} VMs do not fit; with SOURCE=engine, ask for other kinds`,
  );
}

/**
 * VMs of each statement in turn. A page needs only the first one, unless its kinds are rare. Each compares all MACs
 * again.
 */
const VMS_A_STATEMENT: readonly number[] = [600, 6_000, 60_000, 60_000];
const VMS_A_TURN = 500;
const LEAST_ID = "00000000-0000-0000-0000-000000000000";

/** Finds the id that follows an id. */
function findNextId(id: string): string {
  const next = (BigInt(`0x${id.replaceAll("-", "")}`) + 1n).toString(16).padStart(32, "0");
  return formatUuid(next);
}

interface ComparedVm {
  readonly vmId: string;
  readonly interfaces:
    readonly (readonly [name: string | null, mac: string | null, hasAddress: boolean])[] | null;
  readonly nics:
    readonly (readonly [id: string, name: string, mac: string | null, isPlugged: boolean])[] | null;
}

/**
 * Reads VMs that may have drift: their guest is known, and they have a vNIC or an interface whose MAC the other side
 * lacks. MACs are compared as they are stored, which is fast. Another spelling of a MAC is recognised later, when the
 * VM is compared.
 */
function readComparedVms(
  database: Queryable,
  {
    kinds,
    from,
    size,
  }: { readonly kinds: readonly DriftKind[] | null; readonly from: string; readonly size: number },
  scope: VmScopeSql,
): Promise<ComparedVm[]> {
  const parameters = new SqlParameters();
  const first = `${parameters.add(from)}::uuid`;
  const isSame = "i.vm_guid = g.vm_id AND i.mac_addr = g.mac_address";
  const isUnplugged = `EXISTS (SELECT FROM vm_device p
    WHERE p.device_id = i.id AND p.vm_id = i.vm_guid AND NOT p.is_plugged)`;
  const selects = [
    ...(mayBeAbout(kinds, "NIC")
      ? [
          `SELECT i.vm_guid AS id FROM vm_interface i WHERE i.vm_guid >= ${first} AND NOT ${isUnplugged}
             AND NOT EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE ${isSame})`,
        ]
      : []),
    ...(mayBeAbout(kinds, "DEVICE")
      ? [
          `SELECT g.vm_id AS id FROM vm_guest_agent_interfaces g WHERE g.vm_id >= ${first}
             AND NOT EXISTS (SELECT FROM vm_interface i WHERE ${isSame})`,
        ]
      : []),
  ];
  return querySearchRows<ComparedVm>(
    database,
    `WITH chosen AS (
       SELECT s.vm_guid AS id FROM (SELECT DISTINCT each.id FROM (${selects.join(" UNION ALL ")}) each) odd
       JOIN vm_static s ON s.vm_guid = odd.id AND s.entity_type = 'VM'
       LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
       WHERE ${mayHaveGuest("d.status")} AND ${scope.isVm(parameters)}
         AND (d.guest_agent_nics_hash <> 0 OR EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = s.vm_guid))
       ORDER BY s.vm_guid LIMIT ${parameters.add(size)})
     SELECT c.id AS "vmId",
       (SELECT json_agg(json_build_array(g.interface_name, g.mac_address, coalesce(${hasOtherThanLoopback("g.ipv4_addresses")} OR ${hasOtherThanLoopback("g.ipv6_addresses")}, false)) ORDER BY ${INTERFACE_ORDER})
         FROM vm_guest_agent_interfaces g WHERE g.vm_id = c.id) AS interfaces,
       (SELECT json_agg(json_build_array(i.id, i.name, i.mac_addr, NOT ${isUnplugged}) ORDER BY i.name, i.id)
         FROM vm_interface i WHERE i.vm_guid = c.id) AS nics
     FROM chosen c ORDER BY c.id`,
    parameters.values,
  );
}

function mayBeAbout(kinds: readonly DriftKind[] | null, what: "NIC" | "DEVICE"): boolean {
  return kinds === null || kinds.some((kind) => kind.startsWith(what));
}

/** Stands for the addresses of an interface, of which only whether there are any is compared. */
const ANY_ADDRESS: readonly string[] = ["any"];

/** Lists a VM's drift of these kinds behind a cursor, in order. */
function listRows(
  { vmId, ...stored }: ComparedVm,
  kinds: readonly DriftKind[] | null,
  after: DriftPosition | null,
): DriftRow[] {
  const interfaces = (stored.interfaces ?? []).map(([name, mac, hasAddress]) => ({
    name: name === "" ? null : name,
    macAddress: normalizeStoredMac(mac),
    ipv4Addresses: hasAddress ? ANY_ADDRESS : [],
  }));
  const shown = new Set(interfaces.map(({ macAddress }) => macAddress));
  const nics = (stored.nics ?? [])
    .map(([id, name, mac, isPlugged]) => ({ id, name, macAddress: normalizeStoredMac(mac), isPlugged }))
    // A guest cannot show a device that it does not have.
    .filter(({ macAddress, isPlugged }) => isPlugged || (macAddress !== null && shown.has(macAddress)));
  return listDrift({ status: VM_STATUS.UP, ips: null, interfaces, nics })
    .filter(({ kind }) => kinds === null || kinds.includes(kind))
    .map((item) => ({
      vmId,
      kind: item.kind,
      kindNumber: DRIFT_KINDS[item.kind],
      key: formatDriftKey(item),
      nicId: item.nicId,
      deviceName: item.device?.name ?? null,
      deviceMac: item.device?.macAddress ?? null,
    }))
    .filter((row) => after === null || comparePositions(row, after) > 0)
    .sort(comparePositions);
}

function comparePositions(left: DriftPosition, right: DriftPosition): number {
  if (left.vmId !== right.vmId) return left.vmId < right.vmId ? -1 : 1;
  return left.kindNumber - right.kindNumber || compareByBytes(left.key, right.key);
}
