import { SqlParameters, queryRows, type Queryable } from "../store/postgres/sql.js";
import type { NamedKind, NamedRow, VmOrigin } from "../store/inventory-types.js";
import { OPTIONAL_ENGINE_COLUMNS } from "./engine-columns.js";
import type { VmScopeSql } from "../store/read/conditions/scope.js";

/**
 * Creates the function that tells whether the role may read clusters, templates and operating systems, which is all or
 * nothing. It asks the database again after a minute, so that rights that are granted while we run are noticed.
 */
export function createInventoryRights(
  database: Queryable,
  now = () => performance.now(),
): () => Promise<boolean> {
  let answer: Promise<boolean> | null = null;
  let askedAt = 0;
  return () => {
    if (answer === null || now() - askedAt > CHECK_INTERVAL_MS) {
      askedAt = now();
      answer = checkRights(database).catch((error: unknown) => {
        answer = null;
        throw error;
      });
    }
    return answer;
  };
}

const CHECK_INTERVAL_MS = 60_000;

/** Checks the rights in the catalog, because a statement that names one forbidden column fails as a whole. */
async function checkRights(database: Queryable): Promise<boolean> {
  const columns = Object.entries(OPTIONAL_ENGINE_COLUMNS).flatMap(([table, names]) =>
    names.map((name) => ({ table, name })),
  );
  const [row] = await queryRows<{ readable: boolean }>(
    database,
    `SELECT bool_and(coalesce(has_column_privilege(found.oid, attribute.attnum, 'SELECT'), false)) AS readable
      FROM unnest($1::text[], $2::text[]) AS wanted ("table", "column")
      CROSS JOIN LATERAL (SELECT to_regclass(quote_ident(wanted."table"))::oid AS oid) AS found
      LEFT JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = found.oid AND attribute.attname = wanted."column" AND NOT attribute.attisdropped`,
    [columns.map(({ table }) => table), columns.map(({ name }) => name)],
  );
  return row?.readable === true;
}

/** Reads cluster, template, operating system, time of creation and description of VMs. */
export function readVmOrigins(
  database: Queryable,
  vmIds: readonly string[],
  scope: VmScopeSql,
): Promise<VmOrigin[]> {
  const parameters = new SqlParameters();
  return queryRows<VmOrigin>(
    database,
    `SELECT s.vm_guid AS id, s.cluster_id AS "clusterId", s.vmt_guid AS "templateId", s.os AS "osId",
        s.creation_date AS "createdAt", coalesce(s.description, '') AS description
      FROM vm_static s LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE s.vm_guid = ANY(${parameters.addKeys(vmIds, "uuid")}) AND s.entity_type = 'VM' AND ${scope.isVm(parameters)}`,
    parameters.values,
  );
}

/**
 * Reads clusters, templates or networks, sorted by name. `ids` is `null`: all, or those of the VMs in the viewer's
 * scope.
 */
export function readNamed(
  database: Queryable,
  kind: NamedKind,
  ids: readonly string[] | null,
  scope: VmScopeSql,
): Promise<NamedRow[]> {
  const { table, id, name, condition, isOfVm } = NAMED[kind];
  const parameters = new SqlParameters();
  const isVisible = scope.isVm(parameters);
  const conditions = [
    condition,
    ids === null ? "true" : `n.${id} = ANY(${parameters.addKeys(ids, "uuid")})`,
    // A viewer who sees all VMs sees empty clusters, too. Others see only clusters, templates and networks of their VMs.
    isVisible === "true"
      ? "true"
      : `EXISTS (SELECT FROM vm_static s LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
          WHERE s.entity_type = 'VM' AND ${isOfVm} AND ${isVisible})`,
  ];
  return queryRows<NamedRow>(
    database,
    `SELECT n.${id} AS id, n.${name} AS name FROM ${table} n
      WHERE ${conditions.join(" AND ")} ORDER BY n.${name}, n.${id}`,
    parameters.values,
  );
}

const NAMED: Readonly<
  Record<NamedKind, Readonly<Record<"table" | "id" | "name" | "condition" | "isOfVm", string>>>
> = {
  clusters: {
    table: "cluster",
    id: "cluster_id",
    name: "name",
    condition: "true",
    isOfVm: "s.cluster_id = n.cluster_id",
  },
  templates: {
    table: "vm_static",
    id: "vm_guid",
    name: "vm_name",
    condition: "n.entity_type = 'TEMPLATE'",
    isOfVm: "s.vmt_guid = n.vm_guid",
  },
  networks: {
    table: "network",
    id: "id",
    name: "name",
    condition: "true",
    isOfVm: `EXISTS (SELECT FROM vm_interface i JOIN vnic_profiles v ON v.id = i.vnic_profile_id
      WHERE i.vm_guid = s.vm_guid AND v.network_id = n.id)`,
  },
};
