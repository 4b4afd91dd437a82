import { join } from "node:path";
import {
  DatabaseUrlError,
  parseDatabaseUrl,
  addDatabaseParameter,
} from "../model/connections/database-url.js";
import { type Parse, SettingValueError } from "./setting-types.js";

/** Checks a database's URL as libpq reads it. The value stays a text. */
export const parseDatabaseSetting: Parse<string> = (text) => {
  try {
    parseDatabaseUrl(text);
    return text;
  } catch (error) {
    if (error instanceof DatabaseUrlError) throw new SettingValueError(error.message);
    throw error;
  }
};

/**
 * Adds to a database's URL what other settings state: the password, and libpq's variables about connections. What the
 * URL itself states wins.
 */
export function completeDatabaseUrl(
  url: string,
  password: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  let complete = url;
  const { password: own, servers } = parseDatabaseUrl(url);
  if (own === null && password !== null) complete = addDatabaseParameter(complete, "password", password);
  const variables = {
    ...LIBPQ_VARIABLES,
    ...(servers.every(({ host }) => host === null) && { PGHOST: "host" }),
    ...(servers.every(({ port }) => port === null) && { PGPORT: "port" }),
  };
  for (const [variable, parameter] of Object.entries(variables)) {
    const value = environment[variable]?.trim();
    if (value !== undefined && value !== "") complete = addDatabaseParameter(complete, parameter, value);
  }
  const { HOME: home } = environment;
  return home === undefined ? complete : addDatabaseParameter(complete, "passfile", join(home, ".pgpass"));
}

/** libpq's variables that are added, whatever servers the URL names. The driver itself reads those for user, password and database. */
const LIBPQ_VARIABLES: Readonly<Record<string, string>> = {
  PGPASSFILE: "passfile",
  PGSSLMODE: "sslmode",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLCERT: "sslcert",
  PGSSLKEY: "sslkey",
  PGSSLNEGOTIATION: "sslnegotiation",
  PGCHANNELBINDING: "channel_binding",
  PGGSSENCMODE: "gssencmode",
  PGTARGETSESSIONATTRS: "target_session_attrs",
  PGLOADBALANCEHOSTS: "load_balance_hosts",
  PGCONNECT_TIMEOUT: "connect_timeout",
  PGAPPNAME: "application_name",
  PGOPTIONS: "options",
};
