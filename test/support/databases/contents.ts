import type { DataSource } from "typeorm";

/** Reads a fingerprint of each table's rows, to check that everything that was tried is undone. */
export async function readContents(dataSource: DataSource): Promise<Record<string, string>> {
  const tables = await dataSource.query<{ name: string }[]>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
  );
  const contents: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await dataSource.query<{ rows: string }[]>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '-') AS rows FROM ${name} t`,
    );
    contents[name] = row?.rows ?? "";
  }
  return contents;
}
