import type { FoundServer } from "./found-server.js";

/** The settings of a session, which override those of role, database and server. */
export interface SessionLimits {
  /** PostgreSQL ends a statement that takes longer. */
  readonly statementTimeoutMs: number;
  /** PostgreSQL ends a statement that waits longer for one lock. */
  readonly lockTimeoutMs: number;
  /** PostgreSQL ends a session whose transaction is open for so long without a statement. */
  readonly idleInTransactionMs: number;
  /** Nothing can be written, whatever the role may do. */
  readonly readOnly: boolean;
  /** Settings of the URL (`options=-c name=value`). */
  readonly options: string | null;
}

/**
 * Settings that every connection pooler passes on, so that they can be in the startup message. Texts are sent as UTF-8,
 * times are written in ISO form and in UTC, and a backslash in a literal is a backslash.
 */
export const TRACKED_SETTINGS: Readonly<Record<string, string>> = {
  client_encoding: "UTF8",
  DateStyle: "ISO, MDY",
  TimeZone: "UTC",
  standard_conforming_strings: "on",
};

/** Lists the settings that a pooler refuses at startup, or accepts and forgets. */
export function listSessionSettings(limits: SessionLimits): Readonly<Record<string, string>> {
  return {
    statement_timeout: String(limits.statementTimeoutMs),
    lock_timeout: String(limits.lockTimeoutMs),
    idle_in_transaction_session_timeout: String(limits.idleInTransactionMs),
    // A statement, and an idle transaction, have limits of their own; a migration may take long.
    transaction_timeout: "0",
    // A pool keeps connections that wait for their next use. One that the server ends at that moment would fail a request.
    idle_session_timeout: "0",
    default_transaction_isolation: "read committed",
    default_transaction_deferrable: "off",
    array_nulls: "on",
    extra_float_digits: "1",
    // Where row-level security applies, a statement fails. A policy may hold back rows, so that VMs would seem not to exist.
    row_security: "off",
    // Compiling these statements takes longer than running them.
    jit: "off",
    // Only an engine's database is opened read-only. Its tables are in this schema. In our own tables, a page ends as soon as it is
    // full, but other processes would read on meanwhile: that took up to ten times as long. What looks through whole tables costs more
    // than this, and is still shared.
    ...(limits.readOnly
      ? { default_transaction_read_only: "on", search_path: "public" }
      : { parallel_setup_cost: "10000" }),
  };
}

/**
 * Formats the statements that begin a transaction with these settings, for sessions that belong to a pooler. SET LOCAL ends
 * with the transaction, so that the pooler's other clients never see the settings.
 */
export function formatTransactionStart(
  limits: SessionLimits,
  found: Pick<FoundServer, "unknownSettings" | "searchPath"> | null,
  begin = "BEGIN",
): string {
  const searchPath = found?.searchPath ?? null;
  const settings = {
    ...listSessionSettings(limits),
    ...(searchPath !== null && { search_path: searchPath }),
    ...parseOptions(limits.options),
  };
  const statements = Object.entries(settings)
    .filter(([name]) => !BETWEEN_TRANSACTIONS.test(name) && found?.unknownSettings.has(name) !== true)
    .map(([name, value]) => formatLocalSetting(name, `'${value.replaceAll("'", "''")}'`));
  const isReadOnly = limits.readOnly || isReadOnlyOption(limits.options);
  const mode = isReadOnly && !/READ ONLY/i.test(begin) ? " READ ONLY" : "";
  const isolation = begin === "BEGIN" ? " ISOLATION LEVEL READ COMMITTED" : "";
  return [`${begin}${isolation}${mode}`, ...statements].join("; ");
}

/** Formats a setting for one transaction. SET would take a list of schemas for the name of one. */
function formatLocalSetting(name: string, value: string): string {
  return name.toLowerCase() === "search_path"
    ? `SELECT pg_catalog.set_config('search_path', ${value}, true)`
    : `SET LOCAL ${name} = ${value}`;
}

/** Settings that have no effect inside of a transaction. */
const BETWEEN_TRANSACTIONS = /^(?:default_transaction_|idle_session_)/;

/** Parses `-c name=value` and `--name=value`, as a server does with `options`. */
function parseOptions(options: string | null): Readonly<Record<string, string>> {
  const found = (options ?? "").matchAll(/(?:-c\s*|--)([a-z_][\w.]*)=((?:\\.|\S)*)/gi);
  return Object.fromEntries(
    [...found].map(([, name = "", value = ""]) => [name, value.replaceAll(/\\(.)/g, "$1")]),
  );
}

function isReadOnlyOption(options: string | null): boolean {
  return /^(?:on|true|yes|1)$/i.test(parseOptions(options)["default_transaction_read_only"] ?? "");
}
