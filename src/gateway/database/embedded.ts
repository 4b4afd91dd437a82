import type { Config } from "../../config.js";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from "../../embedded-postgres/embedded-postgres.js";
import type { Log } from "../log.js";

/**
 * Begins to start the embedded PostgreSQL, whose own processes work while the gateway is loaded; `null`: a database is named.
 * A failure is told to whoever waits for it. `onSpawned` is called when those processes have begun. The signal ends the start.
 */
export function beginEmbedded(
  { databaseUrl, dataDir }: Config,
  log: Pick<Log, "debug">,
  how: Pick<EmbeddedPostgresOptions, "onSpawned" | "signal"> = {},
): Promise<EmbeddedPostgres> | null {
  if (databaseUrl !== null) return null;
  const starting = startEmbeddedPostgres({
    dataDir,
    log: (line) => {
      log.debug({ line }, "embedded PostgreSQL");
    },
    ...how,
  });
  starting.catch(() => undefined);
  return starting;
}

/** Ends a server that was begun and is not needed. */
export async function endEmbedded(starting: Promise<EmbeddedPostgres> | null): Promise<void> {
  const embedded = await starting?.catch(() => null);
  await embedded?.stop();
}
