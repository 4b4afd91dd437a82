import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ConfigError } from "../model/config-error.js";

/**
 * Returns the data directory for when no setting names one. It is `""` if the user has no home and a database is named,
 * so that no directory is needed.
 */
export function findDefaultDataDir(
  databaseUrl: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const base = environment["XDG_DATA_HOME"]?.trim();
  // By its specification a relative one does not count. It would name another folder wherever we are started.
  if (base !== undefined && isAbsolute(base)) return join(base, "vnic-graph");
  try {
    return join(homedir(), ".local", "share", "vnic-graph");
  } catch {
    if (databaseUrl !== null) return "";
    throw new ConfigError(
      "DATA_DIR must name a folder for the embedded PostgreSQL, because this user has no home; set it, or DATABASE_URL",
    );
  }
}
