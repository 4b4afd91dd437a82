import type { QueryRunner } from "typeorm";
import { joinAddresses } from "./addresses.js";
import { affectedBy } from "./sql.js";
import { expectAll } from "./superseded.js";
import type { GuestInterface, HostChanges } from "./types.js";

/** Writes exactly the changed interfaces. Deletes come first: of two equal rows one may go and the other change. */
export async function writeInterfaces(queryRunner: QueryRunner, changes: HostChanges): Promise<void> {
  const { insertedInterfaces, deletedInterfaces, updatedInterfaces, interfaceOrders } = changes;
  if (deletedInterfaces.length > 0) {
    const deleted = await affectedBy(
      queryRunner,
      `WITH ${ONE_STORED_ROW_EACH} DELETE FROM vm_guest_agent_interfaces t USING chosen WHERE t.ctid = chosen.place`,
      identitiesOf(deletedInterfaces),
    );
    expectAll(deleted, deletedInterfaces.length);
  }
  if (updatedInterfaces.length > 0) {
    const updated = await affectedBy(
      queryRunner,
      `WITH ${ONE_STORED_ROW_EACH}
       UPDATE vm_guest_agent_interfaces t SET ipv4_addresses = n.ipv4, ipv6_addresses = n.ipv6
       FROM chosen JOIN unnest($7::text[], $8::text[]) WITH ORDINALITY AS n(ipv4, ipv6, number) USING (number)
       WHERE t.ctid = chosen.place`,
      [
        ...identitiesOf(updatedInterfaces.map(({ before }) => before)),
        updatedInterfaces.map(({ after }) => joinAddresses(after.ipv4Addresses)),
        updatedInterfaces.map(({ after }) => joinAddresses(after.ipv6Addresses)),
      ],
    );
    expectAll(updated, updatedInterfaces.length);
  }
  if (insertedInterfaces.length > 0) {
    await affectedBy(
      queryRunner,
      `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])`,
      columnsOf(insertedInterfaces),
    );
  }
  if (interfaceOrders.length > 0) {
    const updated = await affectedBy(
      queryRunner,
      `UPDATE vnic_graph_vm r SET interface_names = g.names::text[]
       FROM unnest($1::uuid[], $2::text[]) AS g(id, names) WHERE r.vm_id = g.id`,
      [interfaceOrders.map(({ vmId }) => vmId), interfaceOrders.map(({ names }) => arrayLiteralOf(names))],
    );
    expectAll(updated, interfaceOrders.length);
  }
}

/**
 * Finds for each given row one stored row that equals it, by its place, since nothing else tells equal rows apart: the
 * `nth` of the given rows that are equal takes the nth of the stored ones. NULL and `''` are both no addresses.
 */
const ONE_STORED_ROW_EACH = `candidate AS (
  SELECT t.ctid AS place, g.number, g.nth, row_number() OVER (PARTITION BY g.number ORDER BY t.ctid) AS candidate_nth
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
    WITH ORDINALITY AS g(vm_id, name, mac, ipv4, ipv6, nth, number)
  JOIN vm_guest_agent_interfaces t ON t.vm_id = g.vm_id
    AND t.interface_name IS NOT DISTINCT FROM g.name AND t.mac_address IS NOT DISTINCT FROM g.mac
    AND coalesce(t.ipv4_addresses, '') = g.ipv4 AND coalesce(t.ipv6_addresses, '') = g.ipv6
), chosen AS (SELECT place, number FROM candidate WHERE candidate_nth = nth)`;

function identitiesOf(interfaces: readonly GuestInterface[]): unknown[][] {
  const seen = new Map<string, number>();
  const nths = interfaces.map((device) => {
    const key = JSON.stringify([
      device.vmId,
      device.name,
      device.macAddress,
      joinAddresses(device.ipv4Addresses),
      joinAddresses(device.ipv6Addresses),
    ]);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return nth;
  });
  return [...columnsOf(interfaces), nths];
}

function columnsOf(interfaces: readonly GuestInterface[]): unknown[][] {
  return [
    interfaces.map((device) => device.vmId),
    interfaces.map((device) => device.name),
    interfaces.map((device) => device.macAddress),
    interfaces.map((device) => joinAddresses(device.ipv4Addresses)),
    interfaces.map((device) => joinAddresses(device.ipv6Addresses)),
  ];
}

/** PostgreSQL has no arrays of arrays of different lengths: each list travels as the text of an array. */
function arrayLiteralOf(names: readonly (string | null)[]): string {
  const elements = names.map((name) =>
    name === null ? "NULL" : `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`,
  );
  return `{${elements.join(",")}}`;
}
