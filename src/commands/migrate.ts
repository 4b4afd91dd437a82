import { type Config, ConfigError } from "../config.js";
import { migrateAt } from "../gateway/database/database.js";
import { refuseEngine } from "./refuse-engine.js";

/** Brings the database that `DATABASE_URL` names up to date, and prints what was done. */
export async function migrateDatabase(config: Config, print: (line: string) => void): Promise<void> {
  if (config.databaseUrl === null) {
    throw new ConfigError(
      "DATABASE_URL must name the database to migrate; set it (the embedded one is migrated by `vnic-graph start`)",
    );
  }
  refuseEngine(config);
  const applied = await migrateAt(config.databaseUrl);
  if (applied.length === 0) print("The database is up to date.");
  for (const name of applied) print(`applied ${name}`);
}
