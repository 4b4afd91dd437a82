import type { MigrationInterface, QueryRunner } from "typeorm";
import { DRIFT_KINDS, formatDriftKey, listDrift } from "../../src/model/guest/drift.js";

/** In what VMs' vNICs and guests' interfaces do not fit. For VMs that are stored already it is found once here. */
export class Drift1795950000000 implements MigrationInterface {
  readonly name = "Drift1795950000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(CREATE);
    for (let last: string | undefined = BEFORE_ALL; last !== undefined;) {
      const vms = (await queryRunner.query(SELECT, [last, VMS_AT_ONCE])) as VmRow[];
      const rows = vms.flatMap((vm) => listDrift(vm).map((item) => ({ id: vm.id, ...item })));
      await queryRunner.query(INSERT, [
        rows.map(({ id }) => id),
        rows.map(({ kind }) => DRIFT_KINDS[kind]),
        rows.map(formatDriftKey),
        rows.map(({ nicId }) => nicId),
        rows.map(({ device }) => device?.name ?? null),
        rows.map(({ device }) => device?.macAddress ?? null),
      ]);
      last = vms.at(-1)?.id;
    }
    await queryRunner.query("CREATE INDEX idx_vnic_graph_drift_kind ON vnic_graph_drift (kind, vm_id, key)");
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query("DROP TABLE vnic_graph_drift");
  }
}

const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";
const VMS_AT_ONCE = 2_000;

type VmRow = Parameters<typeof listDrift>[0] & { readonly id: string };

const CREATE = `CREATE TABLE vnic_graph_drift (
    vm_id uuid NOT NULL CONSTRAINT fk_vnic_graph_drift_vm_static REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    kind smallint NOT NULL,
    key text COLLATE "C" NOT NULL,
    nic_id uuid,
    device_name text,
    device_mac text,
    CONSTRAINT pk_vnic_graph_drift PRIMARY KEY (vm_id, kind, key)
  )`;

const INSERT = `INSERT INTO vnic_graph_drift (vm_id, kind, key, nic_id, device_name, device_mac)
  SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::text[], $6::text[])
  ON CONFLICT DO NOTHING`;

const SELECT = `SELECT r.vm_id AS id, d.status, string_to_array(d.vm_ip, ' ') AS ips,
    CASE WHEN d.run_on_vds IS NOT NULL AND (r.silence IS NULL OR r.silence IN ('silent', 'partial')
      OR (r.silence = 'invalid' AND i.told IS NOT NULL)) THEN coalesce(i.told, '[]') END AS interfaces,
    CASE WHEN r.inventory_hash IS NOT NULL OR n.told IS NOT NULL THEN coalesce(n.told, '[]') END AS nics
  FROM (SELECT * FROM vnic_graph_vm WHERE vm_id > $1 ORDER BY vm_id LIMIT $2) r
  JOIN vm_dynamic d ON d.vm_guid = r.vm_id
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('name', g.interface_name, 'macAddress', g.mac_address)) AS told
    FROM vm_guest_agent_interfaces g WHERE g.vm_id = r.vm_id) i ON true
  LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('id', v.id, 'name', v.name, 'macAddress', v.mac_addr)) AS told
    FROM vm_interface v WHERE v.vm_guid = r.vm_id) n ON true
  ORDER BY r.vm_id`;
