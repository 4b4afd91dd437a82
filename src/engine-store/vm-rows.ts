import { isWithoutGuest, VM_STATUS } from "../model/guest/vm-status.js";
import { queryRows, querySearchRows, type Queryable, type SqlParameters } from "../store/postgres/sql.js";
import type { VmRow } from "../store/types.js";
import { hasOtherThanLoopback } from "./conditions/address-words.js";
import { mayHaveGuest } from "./conditions/engine-conditions.js";
import { type EngineGuest, findGuestState } from "./guest-state.js";
import { INTERFACE_ORDER } from "./interfaces.js";
import { parseIpv4List, parseIpv6List } from "./normalize.js";
import { createLists } from "../store/parsed-lists.js";
import type { VmTree, VmTreeParts } from "../store/vm-tree.js";
import { buildListsColumn, parseLists } from "./tree-lists.js";

/** The columns that are read of each VM. */
export const VM_COLUMNS = `s.vm_guid, s.vm_name, d.status, d.run_on_vds, d.vm_ip, d.vm_fqdn, d.guest_agent_nics_hash`;

/** The column that is read of the VM's host. */
export const HOST_COLUMN = "h.status AS host_status";

/** A statement's part that selects VMs. */
export interface VmSelection {
  /** A SELECT of {@link VM_COLUMNS} and {@link HOST_COLUMN}. */
  readonly rows: string;
  /** A WITH clause that `rows` uses. */
  readonly before?: string;
}

/**
 * Selects the VMs whose ids `chosen` selects. The ids go through an array, so that PostgreSQL looks up by key what
 * follows. It estimates pages to be much longer than they are, and would read whole tables.
 */
export function selectVms(chosen: string): string {
  return `SELECT ${VM_COLUMNS}, ${HOST_COLUMN} FROM unnest(ARRAY(${chosen})) AS chosen (vm_guid)
    JOIN vm_static s ON s.vm_guid = chosen.vm_guid
    LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid LEFT JOIN vds_dynamic h ON h.vds_id = d.run_on_vds`;
}

/** The parts of the statement that reads a page of VMs. */
export interface PageStatement {
  /** A SELECT of their ids, in order. */
  readonly chosen: string;
  /** The same order for rows `v`, and what follows it. */
  readonly order: string;
  /** A WITH clause that `chosen` uses. */
  readonly before: string;
  /** The value by which the page is sorted, as text, unless a row `v` has it as a column. */
  readonly orderKey?: string;
}

/** The parts of a statement that reads VMs. */
interface VmsStatement extends VmSelection {
  /** How to sort these rows, which are called `v`, and whatever follows an ORDER BY; absent: in any order. */
  readonly order?: string;
  /** `true` if no index helps it. */
  readonly isSearch?: boolean;
  /** The value by which the rows are sorted, as text; absent if no cursor needs it. */
  readonly orderKey?: string;
}

/** Reads what a statement selects of VMs. */
export type ReadSelected<Read> = (
  database: Queryable,
  statement: VmsStatement,
  parameters: SqlParameters,
) => Promise<Read[]>;

/** Reads the VMs that are selected. */
export const readVms: ReadSelected<VmRow> = async (database, statement, parameters) =>
  (await readRows<WholeVm>(database, statement, parameters, [STATE_COLUMNS, GUEST_COLUMNS])).map(toVmRow);

/** Creates the function that reads VMs with their interfaces and vNICs, as far as these are asked for. */
export function createTreesReader(parts: VmTreeParts): ReadSelected<VmTree> {
  const { row: isWhole, interfaces, nics } = parts;
  const columns = [
    ...(isWhole || interfaces ? [STATE_COLUMNS] : []),
    ...(isWhole ? [GUEST_COLUMNS] : []),
    ...(interfaces || nics ? [buildListsColumn(parts)] : []),
  ];
  return async (database, statement, parameters) =>
    (await readRows<EngineVm>(database, statement, parameters, columns)).map((row) => {
      const whole = isWhole ? toVmRow(row as WholeVm) : null;
      const lists = createLists(row.lists ?? null, row.id, parseLists);
      // Only what is kept needs `own`, and nothing of an engine is.
      return { vm: whole ?? toKnownVm(row, interfaces), row: whole, own: null, lists };
    });
}

async function readRows<Row extends EngineVm>(
  database: Queryable,
  { rows, order, before = "", isSearch: searches = false, orderKey }: VmsStatement,
  { values }: SqlParameters,
  columns: readonly string[],
): Promise<Row[]> {
  const sql = `${before}
    SELECT ${[OWN_COLUMNS, ...columns, ...(orderKey === undefined ? [] : [`${orderKey} AS "orderKey"`])].join(",\n      ")}
    FROM (${rows}) AS v
    ${order === undefined ? "" : `ORDER BY ${order}`}`;
  const read = searches ? querySearchRows<Row> : queryRows<Row>;
  return read(database, sql, values);
}

const OWN_COLUMNS = `v.vm_guid AS id, v.vm_name AS name, coalesce(v.status, ${VM_STATUS.UNASSIGNED}) AS status, v.run_on_vds AS "hostId"`;

/**
 * Tells whether the VM has interfaces. They are looked up only if the hash does not show that the guest reports: see
 * {@link findGuestState}.
 */
const HAS_INTERFACES = `(v.guest_agent_nics_hash <> 0 IS TRUE
      OR EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = v.vm_guid))`;

/** What {@link findGuestState} needs. */
const STATE_COLUMNS = `coalesce(v.guest_agent_nics_hash, 0) AS "nicsHash", v.host_status AS "hostStatus",
      ${HAS_INTERFACES} AS "hasInterfaces"`;

/**
 * Selects the addresses in the satellite table if `vm_ip` has none but loopback addresses: an engine clears it while a host does not answer,
 * and keeps the rows. Without this, a stale answer would show interfaces with addresses, and say that the VM has none.
 */
const KEPT_ADDRESSES = `CASE WHEN ${hasOtherThanLoopback("v.vm_ip")} OR NOT ${mayHaveGuest("v.status")} THEN NULL ELSE (
        SELECT string_agg(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses), ',' ORDER BY ${INTERFACE_ORDER})
        FROM vm_guest_agent_interfaces g WHERE g.vm_id = v.vm_guid) END`;

/** What a guest says of itself, but for its interfaces. */
const GUEST_COLUMNS = `nullif(v.vm_ip, '') AS "vmIp", nullif(v.vm_fqdn, '') AS fqdn, ${KEPT_ADDRESSES} AS "keptAddresses"`;

interface EngineVm {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly hostId: string | null;
  readonly orderKey?: string | null;
  /** The text of {@link buildListsColumn}; left out: no lists were asked for. */
  readonly lists?: string;
}

/** A row with the {@link STATE_COLUMNS} and the {@link GUEST_COLUMNS}, too. */
interface WholeVm extends EngineVm, EngineGuest {
  readonly status: number;
  readonly vmIp: string | null;
  readonly fqdn: string | null;
  readonly keptAddresses: string | null;
}

/** Whether the interfaces are known is told only where they are read: then the row has the {@link STATE_COLUMNS}. */
function toKnownVm(row: EngineVm, hasState: boolean): VmTree["vm"] {
  const { id, name, status, hostId, orderKey } = row;
  const interfacesKnown = hasState && findGuestState(row as EngineVm & EngineGuest).interfacesKnown;
  // An engine defines the vNICs itself.
  const vm = { id, name, status, hostId, interfacesKnown, nicsKnown: true };
  return orderKey === undefined ? vm : { ...vm, orderKey };
}

function toVmRow(vm: WholeVm): VmRow {
  const { id, name, status, hostId, vmIp, fqdn, keptAddresses, orderKey } = vm;
  const { interfacesKnown, staleReason } = findGuestState(vm);
  // The engine's own list, even if the interfaces have other addresses.
  const addresses = isWithoutGuest(status) ? null : (keptAddresses ?? vmIp);
  return {
    id,
    name,
    status,
    hostId,
    ips: interfacesKnown || vmIp !== null ? [...parseIpv4List(addresses), ...parseIpv6List(addresses)] : null,
    fqdn,
    interfacesKnown,
    // An engine defines the vNICs itself.
    nicsKnown: true,
    // An engine does not store when a guest reported.
    lastReportedAt: null,
    staleReason,
    staleDetail: null,
    // It does not store when something changed either.
    staleSince: null,
    lastChangedAt: null,
    ...(orderKey !== undefined && { orderKey }),
  };
}
