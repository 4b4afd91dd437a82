import type { DataSource } from "typeorm";
import type { VmRow } from "../store/types.js";
import { findGuestState } from "./guest-state.js";
import { rowsOf } from "../store/postgres/sql.js";
import { parseIpv4List, parseIpv6List } from "./normalize.js";
import { STATUS } from "./vm-conditions.js";

/** A statement that ends in VMs: `source` is a list of `vm_guid`s, as a table or a parenthesised SELECT. */
export function buildVmsStatement(source: string, order: string): string {
  return `
    SELECT s.vm_guid AS id, s.vm_name AS name, ${STATUS} AS status, d.run_on_vds AS "hostId", nullif(d.vm_ip, '') AS "vmIp",
      nullif(d.vm_fqdn, '') AS fqdn, coalesce(d.guest_agent_nics_hash, 0) AS "nicsHash", h.status AS "hostStatus",
      EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = s.vm_guid) AS "hasInterfaces"
    FROM ${source} AS chosen (vm_guid)
    JOIN vm_static s ON s.vm_guid = chosen.vm_guid
    LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
    LEFT JOIN vds_dynamic h ON h.vds_id = d.run_on_vds
    ${order}`;
}

/** Runs a statement of {@link buildVmsStatement}. */
export async function readVms(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<VmRow[]> {
  return (await rowsOf<EngineVm>(dataSource, sql, parameters)).map(toVmRow);
}

interface EngineVm {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly hostId: string | null;
  readonly vmIp: string | null;
  readonly fqdn: string | null;
  readonly nicsHash: number;
  readonly hostStatus: number | null;
  readonly hasInterfaces: boolean;
}

function toVmRow({ id, name, status, hostId, vmIp, fqdn, ...guest }: EngineVm): VmRow {
  const { interfacesKnown, staleReason } = findGuestState({ status, ...guest });
  const none = interfacesKnown ? [] : null;
  return {
    id,
    name,
    status,
    hostId,
    // As the engine has it, even where its interfaces say otherwise.
    ips: vmIp === null ? none : [...parseIpv4List(vmIp), ...parseIpv6List(vmIp)],
    fqdn,
    interfacesKnown,
    // An engine keeps no time of a guest's report.
    lastReportedAt: null,
    staleReason,
  };
}
