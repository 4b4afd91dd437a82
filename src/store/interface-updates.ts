import type { QueryRunner } from "typeorm";
import { joinAddresses } from "./addresses.js";
import { columnsOf, hasEqualRows, identitiesOf, ONE_STORED_ROW_EACH } from "./interface-identity.js";
import { affectedBy, rowsOf } from "./sql.js";
import { expectAll } from "./superseded.js";
import type { GuestInterface, HostChanges } from "./types.js";

type Updates = HostChanges["updatedInterfaces"];

/**
 * Gives each interface its new addresses. Equal rows are legal and next to never there, so the plain update is tried
 * first: it counts whether every given row met exactly one stored row. If not, it is undone, and rows are told apart.
 */
export async function updateInterfaces(queryRunner: QueryRunner, updates: Updates): Promise<void> {
  if (updates.length === 0) return;
  const before = updates.map((update) => update.before);
  if (!hasEqualRows(before) && (await updatedPlainly(queryRunner, updates))) return;
  const updated = await affectedBy(
    queryRunner,
    `WITH ${ONE_STORED_ROW_EACH}
     UPDATE vm_guest_agent_interfaces t SET ipv4_addresses = n.ipv4, ipv6_addresses = n.ipv6
     FROM chosen JOIN unnest($7::text[], $8::text[]) WITH ORDINALITY AS n(ipv4, ipv6, number) USING (number)
     WHERE t.ctid = chosen.place`,
    [...identitiesOf(before), ...addressesOf(updates)],
  );
  expectAll(updated, updates.length);
}

async function updatedPlainly(queryRunner: QueryRunner, updates: Updates): Promise<boolean> {
  await queryRunner.query("SAVEPOINT plain_update");
  const [met] = await rowsOf<{ rows: number; given: number }>(
    queryRunner,
    `WITH updated AS (
       UPDATE vm_guest_agent_interfaces t SET ipv4_addresses = g.new_ipv4, ipv6_addresses = g.new_ipv6
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
         WITH ORDINALITY AS g(vm_id, name, mac, ipv4, ipv6, new_ipv4, new_ipv6, number)
       WHERE t.vm_id = g.vm_id
         AND t.interface_name IS NOT DISTINCT FROM g.name AND t.mac_address IS NOT DISTINCT FROM g.mac
         AND coalesce(t.ipv4_addresses, '') = g.ipv4 AND coalesce(t.ipv6_addresses, '') = g.ipv6
       RETURNING g.number)
     SELECT count(*)::int AS rows, count(DISTINCT number)::int AS given FROM updated`,
    [...columnsOf(updates.map(({ before }) => before)), ...addressesOf(updates)],
  );
  const isExact = met?.rows === updates.length && met.given === updates.length;
  await queryRunner.query(isExact ? "RELEASE plain_update" : "ROLLBACK TO plain_update");
  return isExact;
}

function addressesOf(updates: Updates): unknown[][] {
  const texts = (of: (device: GuestInterface) => readonly string[]) =>
    updates.map(({ after }) => joinAddresses(of(after)));
  return [texts((device) => device.ipv4Addresses), texts((device) => device.ipv6Addresses)];
}
