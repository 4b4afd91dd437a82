import type pg from "pg";
import type { GuestInterface } from "../../src/store/types.js";
import type { Target } from "./target.js";

/** A way to bring the tables to a target. */
export type Writer = (client: pg.Client, target: Target) => Promise<void>;

/** Writes the least: exactly the changed rows, by hand, in one statement a table. */
export const floor: Writer = wrapInTransaction(async (client, { changed, vms }) => {
  await client.query(
    `UPDATE vm_guest_agent_interfaces t SET ipv4_addresses = g.ipv4, ipv6_addresses = g.ipv6
     FROM ${INTERFACES}
     WHERE t.vm_id = g.vm_id AND t.interface_name = g.name AND t.mac_address = g.mac`,
    listColumns(changed),
  );
  await updateIps(client, vms);
});

/** Writes as the engine does: deletes all rows of a changed VM and inserts them again, one row a statement. */
export const rowAtATime: Writer = wrapInTransaction(async (client, { vms }) => {
  for (const { id, ips, interfaces } of vms) {
    await client.query("DELETE FROM vm_guest_agent_interfaces WHERE vm_id = $1", [id]);
    for (const device of interfaces) {
      await client.query(
        `INSERT INTO vm_guest_agent_interfaces (${COLUMNS}) VALUES ($1, $2, $3, $4, $5)`,
        listValues(device),
      );
    }
    await client.query("UPDATE vm_dynamic SET vm_ip = $2 WHERE vm_guid = $1", [id, ips]);
  }
});

export const deleteAndMultiRowInsert: Writer = wrapInTransaction(async (client, { interfaces, vms }) => {
  await deleteAll(client, vms);
  for (let from = 0; from < interfaces.length; from += ROWS_A_STATEMENT) {
    const part = interfaces.slice(from, from + ROWS_A_STATEMENT);
    const places = part.map(
      (_, row) => `(${[1, 2, 3, 4, 5].map((column) => `$${5 * row + column}`).join(", ")})`,
    );
    await client.query(
      `INSERT INTO vm_guest_agent_interfaces (${COLUMNS}) VALUES ${places.join(", ")}`,
      part.flatMap(listValues),
    );
  }
  await updateIps(client, vms);
});

export const deleteAndUnnestInsert: Writer = wrapInTransaction(async (client, { interfaces, vms }) => {
  await deleteAll(client, vms);
  await client.query(
    `INSERT INTO vm_guest_agent_interfaces (${COLUMNS}) SELECT g.* FROM ${INTERFACES}`,
    listColumns(interfaces),
  );
  await updateIps(client, vms);
});

export const oneStatementMerge: Writer = wrapInTransaction(async (client, { interfaces, vms }) => {
  await client.query(
    `MERGE INTO vm_guest_agent_interfaces t USING (SELECT * FROM ${INTERFACES}) g
     ON t.vm_id = g.vm_id AND t.interface_name = g.name AND t.mac_address = g.mac
     WHEN MATCHED AND (t.ipv4_addresses, t.ipv6_addresses) IS DISTINCT FROM (g.ipv4, g.ipv6)
       THEN UPDATE SET ipv4_addresses = g.ipv4, ipv6_addresses = g.ipv6
     WHEN NOT MATCHED THEN INSERT (${COLUMNS}) VALUES (g.vm_id, g.name, g.mac, g.ipv4, g.ipv6)`,
    listColumns(interfaces),
  );
  await updateIps(client, vms);
});

function wrapInTransaction(write: Writer): Writer {
  return async (client, target) => {
    await client.query("BEGIN");
    await write(client, target);
    await client.query("COMMIT");
  };
}

async function deleteAll(client: pg.Client, vms: Target["vms"]): Promise<void> {
  await client.query("DELETE FROM vm_guest_agent_interfaces WHERE vm_id = ANY($1::uuid[])", [
    vms.map(({ id }) => id),
  ]);
}

async function updateIps(client: pg.Client, vms: Target["vms"]): Promise<void> {
  await client.query(
    `UPDATE vm_dynamic d SET vm_ip = g.ips FROM unnest($1::uuid[], $2::text[]) AS g(id, ips) WHERE d.vm_guid = g.id`,
    [vms.map(({ id }) => id), vms.map(({ ips }) => ips)],
  );
}

function listValues({
  vmId,
  name,
  macAddress,
  ipv4Addresses,
  ipv6Addresses,
}: GuestInterface): (string | null)[] {
  return [vmId, name, macAddress, ipv4Addresses.join(","), ipv6Addresses.join(",")];
}

function listColumns(interfaces: readonly GuestInterface[]): (string | null)[][] {
  const rows = interfaces.map(listValues);
  return [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column] ?? null));
}

const COLUMNS = "vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses";
const INTERFACES = `unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS g(vm_id, name, mac, ipv4, ipv6)`;

/** Rows of one statement. A row has five parameters, and PostgreSQL accepts 65,535. */
const ROWS_A_STATEMENT = 10_000;
