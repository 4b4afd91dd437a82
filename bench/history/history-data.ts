import type pg from "pg";

/** The size of the past. */
export interface PastSize {
  readonly vms: number;
  readonly changes: number;
}

const HOST = "00000000-0000-4000-8000-00000000000a";
const WEEKS = 12;

/**
 * Creates VMs with a past. Each has changed its one address many times, evenly over twelve weeks. Some ten VMs have had
 * every address, one after the other. Changes and spans agree.
 */
export async function makePast(client: pg.Client, { vms, changes }: PastSize): Promise<void> {
  const each = changes / vms;
  await client.query("SET synchronous_commit = off");
  await client.query("SET maintenance_work_mem = '1GB'");
  await client.query(`INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${HOST}', 'host', 'host', 54321)
    ON CONFLICT DO NOTHING`);
  await client.query(
    `INSERT INTO vm_static (vm_guid, vm_name) SELECT ${formatUuid("v")}, 'vm' || v FROM generate_series(1, ${vms}) v`,
  );
  await client.query(`INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip)
    SELECT ${formatUuid("v")}, 1, '${HOST}', ${formatAddressAt("v", String(each - 1))} FROM generate_series(1, ${vms}) v`);
  await client.query(`INSERT INTO vnic_graph_vm (vm_id, interface_names, inventory_hash)
    SELECT ${formatUuid("v")}, ARRAY['eth0'], '1' FROM generate_series(1, ${vms}) v`);
  await client.query(`INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses)
    SELECT ${formatUuid("v")}, 'eth0', ${formatMac("v")}, ${formatAddressAt("v", String(each - 1))} FROM generate_series(1, ${vms}) v`);
  await makeOldPartitions(client);
  const indexes = await dropIndexes(client);
  await client.query(`INSERT INTO vnic_graph_change (at, tx, seq, vm_id, kinds, delta)
    SELECT ${formatTime("k", "v", each, vms)}, '3', k * ${vms}::bigint + v, ${formatUuid("v")}, 80,
      format('{"upd":[0,"4",["%s","%s"]]}', ${formatAddressAt("v", "k - 1")}, ${formatAddressAt("v", "k")})::json
    FROM generate_series(0, ${each - 1}) k CROSS JOIN generate_series(1, ${vms}) v`);
  await client.query(`SELECT setval('vnic_graph_change_seq', ${changes + vms})`);
  await client.query(`UPDATE vnic_graph_change_log SET kept_from = now() - interval '${WEEKS} weeks'`);
  await client.query(`INSERT INTO vnic_graph_address_span (since, until, since_seq, vm_id, address, mac, device)
    SELECT ${formatTime("k", "v", each, vms)},
      CASE WHEN k = ${each - 1} THEN 'infinity' ELSE ${formatTime("k + 1", "v", each, vms)} END,
      k * ${vms}::bigint + v, ${formatUuid("v")}, ${formatAddressAt("v", "k")}, ${formatMac("v")}, 'eth0'
    FROM generate_series(0, ${each - 1}) k CROSS JOIN generate_series(1, ${vms}) v`);
  for (const index of indexes) await client.query(index);
  await client.query("ANALYZE");
}

/** Formats the address of a change as SQL. Addresses repeat after a tenth of all changes. */
export function formatAddressAt(vm: string, change: string): string {
  const number = `((${vm})::bigint * 7919 + (${change})::bigint * 104729) % 1000000`;
  return `'10.' || (${number}) / 65536 || '.' || (${number}) / 256 % 256 || '.' || (${number}) % 256`;
}

function formatUuid(vm: string): string {
  return `lpad(to_hex(${vm}), 32, '0')::uuid`;
}

function formatMac(vm: string): string {
  return `regexp_replace(lpad(to_hex(${vm}), 12, '0'), '(..)(..)(..)(..)(..)(..)', '\\1:\\2:\\3:\\4:\\5:\\6')`;
}

function formatTime(change: string, vm: string, each: number, vms: number): string {
  const share = `((${change}) + (${vm})::float8 / ${vms + 1}) / ${each}`;
  return `date_trunc('milliseconds', now() - interval '${WEEKS} weeks' * (1 - ${share}))`;
}

/** Creates partitions of a week, backwards from the first existing one. */
async function makeOldPartitions(client: pg.Client): Promise<void> {
  await client.query(`DO $$ DECLARE
      first_at timestamptz := date_trunc('hour', now());
      name text;
    BEGIN
      SELECT to_timestamp(substring(min(inhrelid::regclass::text) from '_(\\d{10})_'), 'YYYYMMDDHH24') INTO first_at
        FROM pg_inherits WHERE inhparent = 'vnic_graph_change'::regclass;
      FOR week IN 1..${WEEKS + 1} LOOP
        name := format('vnic_graph_change_%s_%s', to_char(first_at - week * interval '7 days', 'YYYYMMDDHH24'),
          to_char(first_at - (week - 1) * interval '7 days', 'YYYYMMDDHH24'));
        EXECUTE format('CREATE TABLE %I PARTITION OF vnic_graph_change FOR VALUES FROM (%L) TO (%L)', name,
          first_at - week * interval '7 days', first_at - (week - 1) * interval '7 days');
      END LOOP;
    END $$`);
}

/**
 * Drops the indexes of both tables. Returns the statements that create them again: created after the rows, they take
 * less time.
 */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT i.indexname AS name, i.indexdef AS definition FROM pg_indexes i
     WHERE i.tablename IN ('vnic_graph_change', 'vnic_graph_address_span') AND i.indexname NOT LIKE 'pk%'`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition.replace(" ON ONLY ", " ON "));
}
