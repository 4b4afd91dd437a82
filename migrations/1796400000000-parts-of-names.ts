import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Finds VMs by any part of their name or their guest's: all of them were compared. An index has each three characters that follow one
 * another, in lower case, as PostgreSQL's own extension for that would; but not everybody may create extensions.
 */
export class PartsOfNames1796400000000 implements MigrationInterface {
  readonly name = "PartsOfNames1796400000000";

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(FUNCTION);
    await queryRunner.query("GRANT EXECUTE ON FUNCTION vnic_graph_trigrams(text) TO PUBLIC");
    for (const { name, on } of INDEXES) {
      await queryRunner.query(`CREATE INDEX ${name} ON ${on}`);
      await queryRunner.query(`ALTER INDEX ${name} ALTER COLUMN 1 SET STATISTICS 0`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const { name } of INDEXES) await queryRunner.query(`DROP INDEX ${name}`);
    await queryRunner.query("DROP FUNCTION vnic_graph_trigrams(text)");
  }
}

/**
 * Its cost is high, so that PostgreSQL looks into the index and does not compute it for each row. For the same reason there are no
 * statistics of it, which each ANALYZE would compute. Whoever writes a VM calls it, also where functions are not everybody's.
 */
const FUNCTION = `CREATE FUNCTION vnic_graph_trigrams(whole text) RETURNS text[]
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
  AS $$ SELECT ARRAY(SELECT substr(t.low, n, 3) FROM (SELECT lower(whole COLLATE "C") OFFSET 0) t (low),
    generate_series(1, length(t.low) - 2) n) $$`;

/**
 * The C locale compares several times as fast as others. New rows wait in a list that each search reads as a whole: in a megabyte, which is
 * a thousand or two of them.
 */
const INDEXES = [
  {
    name: "idx_vm_static_name_trigrams",
    on: `vm_static USING gin ((vnic_graph_trigrams(vm_name)) COLLATE "C") WITH (gin_pending_list_limit = 1024)`,
  },
  {
    name: "idx_vm_dynamic_fqdn_trigrams",
    on: `vm_dynamic USING gin ((vnic_graph_trigrams(vm_fqdn)) COLLATE "C") WITH (gin_pending_list_limit = 1024)
      WHERE vm_fqdn <> ''`,
  },
];
