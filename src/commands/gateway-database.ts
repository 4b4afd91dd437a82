import { ConfigError, type Config } from "../config.js";
import { openExistingDatabase } from "../gateway/database/existing-database.js";
import { joinRunningGateway } from "../gateway/running-gateway.js";
import { findVms } from "../store/changes/forget.js";

/** A database that a command uses and then closes. */
export type GatewayDatabase = Awaited<ReturnType<typeof openExistingDatabase>>;

/**
 * Opens the database of the gateway that runs beside a command. The error message says, by `which`, which database the
 * settings may name instead.
 */
export async function openGatewayDatabase(config: Config, which: string): Promise<GatewayDatabase> {
  const { databaseUrl } = await joinRunningGateway(config);
  if (databaseUrl !== null) return openExistingDatabase(databaseUrl);
  throw new ConfigError(
    `no gateway runs on ${config.dataDir}; start one, or set DATABASE_URL to the database ${which}`,
  );
}

/** Finds the VM with exactly this name; `null`: there is none. Throws an error with their ids if there are several. */
export async function findVmByName(
  { dataSource }: GatewayDatabase,
  name: string,
): Promise<Awaited<ReturnType<typeof findVms>>[number] | null> {
  const found = await findVms(dataSource, { name });
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(", ");
    throw new ConfigError(`several VMs are called ${name}; name one by its id: ${ids}`);
  }
  return found[0] ?? null;
}
