import { type Config, ConfigError } from "../config.js";
import { createDataSource } from "../store/data-source.js";
import { migrate } from "../store/migrate.js";

/** Brings the database that `DATABASE_URL` names up to date, and prints what was done. */
export async function migrateDatabase(config: Config, print: (line: string) => void): Promise<void> {
  if (config.databaseUrl === null) {
    throw new ConfigError(
      "DATABASE_URL must name the database to migrate; set it (the embedded one is migrated by `vnic-graph start`)",
    );
  }
  const dataSource = createDataSource(config.databaseUrl, {});
  try {
    await dataSource.initialize();
    const applied = await migrate(dataSource);
    if (applied.length === 0) print("The database is up to date.");
    for (const name of applied) print(`applied ${name}`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}
