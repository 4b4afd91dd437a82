import type { Config } from "../config.js";
import { findRunningPostgres } from "../embedded-postgres/running.js";

/**
 * Completes the settings of a command with those of the gateway that runs beside it. If no database is named and a
 * gateway runs an embedded one on the same DATA_DIR, the command uses that one. So a command acts on the gateway's
 * database, not on a second one.
 */
export async function joinRunningGateway(config: Config): Promise<Config> {
  if (config.databaseUrl !== null) return config;
  const databaseUrl = await findRunningPostgres(config.dataDir);
  return databaseUrl === null ? config : { ...config, databaseUrl };
}
