import type { DatabaseServer, SessionAttributes } from "../../model/connections/database-url.js";
import { type ClientOptions, SessionClient } from "./client.js";
import { findSqlState } from "./errors.js";
import type { FoundServer, ServerFinder } from "./found-server.js";
import { ConfigError } from "../../model/config-error.js";
import { listServerTls } from "./server-tls.js";
import { listSessionSettings } from "./session.js";

/**
 * Creates a finder of the server to connect to. It connects once and looks:
 * 1. try the servers in order, each with every form of TLS that the sslmode allows;
 * 2. skip a server that is not what `target_session_attrs` asks for;
 * 3. detect a pooler: it refuses settings at startup, or the session's process is not the one that it named.
 *
 * The result is kept until a connection fails. If attributes are asked for, each connection searches again, because a
 * server may be demoted at any time.
 */
export function createServerFinder(options: Omit<ClientOptions, "finder">): ServerFinder {
  let found: Promise<FoundServer> | null = null;
  return {
    find: () => {
      if (found === null) {
        const search = findServer(options);
        found = search;
        const mayChange = options.target.sessionAttributes !== "any";
        search.then(
          () => {
            if (mayChange && found === search) found = null;
          },
          () => {
            if (found === search) found = null;
          },
        );
      }
      return found;
    },
    forget: () => {
      found = null;
    },
  };
}

/** A server answers, but is of another kind than asked for (read-only, standby). */
class UnwantedServerError extends Error {
  override readonly name = "UnwantedServerError";
}

async function findServer(options: Omit<ClientOptions, "finder">): Promise<FoundServer> {
  const { target } = options;
  const servers = target.loadBalanceHosts ? shuffle(target.servers) : target.servers;
  const { sessionAttributes } = target;
  const wishes: readonly SessionAttributes[] =
    sessionAttributes === "prefer-standby" ? ["standby", "any"] : [sessionAttributes];
  const errors: unknown[] = [];
  for (const wish of wishes) {
    for (const server of servers) {
      for (const tls of listServerTls(target)) {
        try {
          return await probe(options, { server, tls, ...UNSEEN }, wish);
        } catch (error) {
          // No other server would make such a file a right one.
          if (error instanceof ConfigError) throw error;
          errors.push(error);
          // The server would answer the same with another form of TLS.
          if (error instanceof UnwantedServerError) break;
        }
      }
    }
  }
  const [first] = errors;
  throw errors.length === 1 ? first : new AggregateError(errors);
}

/** Connects and looks at the server. Settings that it refuses at startup are left out at the next try. */
async function probe(
  options: Omit<ClientOptions, "finder">,
  first: FoundServer,
  wish: SessionAttributes,
): Promise<FoundServer> {
  for (let attempt = first; ;) {
    try {
      return await look(options, attempt, wish);
    } catch (error) {
      const next = findNextAttempt(attempt, error, Object.keys(listSessionSettings(options.limits)));
      if (next === null) throw error;
      attempt = next;
    }
  }
}

/** Returns the target for the next try without what was refused, or `null` if the error has another reason. */
function findNextAttempt(last: FoundServer, error: unknown, settings: readonly string[]): FoundServer | null {
  const message = error instanceof Error ? error.message : "";
  if (!last.isPooled && /unsupported startup parameter/i.test(message)) return { ...last, isPooled: true };
  // Servers say it in their own language, and quote the name as it does.
  if (findSqlState(error) !== UNDEFINED_OBJECT) return null;
  const unknown = settings.find((name) => message.split(/\W+/).includes(name));
  if (unknown === undefined || last.unknownSettings.has(unknown)) return null;
  return { ...last, unknownSettings: new Set([...last.unknownSettings, unknown]) };
}

/** PostgreSQL's code, also for a setting that it does not know. */
const UNDEFINED_OBJECT = "42704";

async function look(
  options: Omit<ClientOptions, "finder">,
  attempt: FoundServer,
  wish: SessionAttributes,
): Promise<FoundServer> {
  const client = new SessionClient({
    session: { ...options, finder: { find: () => Promise.resolve(attempt), forget: () => undefined } },
  });
  await client.connectToServer();
  try {
    const [state] = await client.readRows<ServerState>(SERVER_STATE);
    if (state === undefined || !isWanted(state, wish)) {
      throw new UnwantedServerError(`${describe(attempt.server)} is not ${wish}`);
    }
    const { processID } = client as unknown as { readonly processID: number | null };
    const unknownSettings = new Set(
      [...attempt.unknownSettings].filter((name) => !state.newSettings.includes(name)),
    );
    const isPooled = attempt.isPooled || processID !== state.pid;
    return { ...attempt, unknownSettings, isPooled, searchPath: state.searchPath };
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface ServerState {
  readonly pid: number;
  readonly standby: boolean;
  readonly readOnly: boolean;
  /** Those of {@link NEW_SETTINGS} that this server knows. */
  readonly newSettings: readonly string[];
  /** The search_path without `pg_catalog`, and with `pg_temp` last, if one of them is in it beside others. */
  readonly searchPath: string | null;
}

/**
 * Settings that most servers are too old to know: PostgreSQL 17 and later have them. They are not tried, because each refusal
 * is a line in the server's log.
 */
const NEW_SETTINGS: ReadonlySet<string> = new Set(["transaction_timeout"]);

/** What is assumed of a server before the first look at it. */
const UNSEEN = { isPooled: false, unknownSettings: NEW_SETTINGS, searchPath: null } as const;

const NAMES_TEMPORARY = String.raw`pg_catalog.current_setting('search_path') ~* '(^|,)\s*"?pg_temp"?\s*(,|$)'`;

/**
 * Reads the state of a server. Without `pg_catalog` in search_path PostgreSQL looks there first. A path that names it behind
 * other schemas lets their functions and tables hide PostgreSQL's, and one that names it first lets nobody create tables. Behind
 * `pg_temp` tables would be temporary, and functions not be found.
 */
const SERVER_STATE = `SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_is_in_recovery() AS standby,
  pg_catalog.current_setting('default_transaction_read_only') = 'on' OR pg_catalog.pg_is_in_recovery() AS "readOnly",
  (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ' ORDER BY at) || CASE WHEN ${NAMES_TEMPORARY} THEN ', pg_temp' ELSE '' END
    FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path (name, at)
    WHERE name <> 'pg_catalog' AND name NOT LIKE 'pg\\_temp%' AND ('pg_catalog' = ANY(pg_catalog.current_schemas(false))
      OR ${NAMES_TEMPORARY})) AS "searchPath",
  ARRAY(SELECT name FROM pg_catalog.pg_settings WHERE name IN ('${[...NEW_SETTINGS].join("', '")}')) AS "newSettings"`;

function isWanted({ standby, readOnly }: ServerState, wish: SessionAttributes): boolean {
  switch (wish) {
    case "read-write":
      return !readOnly;
    case "read-only":
      return readOnly;
    case "primary":
      return !standby;
    case "standby":
    case "prefer-standby":
      return standby;
    case "any":
      return true;
  }
}

function describe({ host, port }: DatabaseServer): string {
  return `${host ?? "localhost"}:${port ?? 5432}`;
}

function shuffle(servers: readonly DatabaseServer[]): readonly DatabaseServer[] {
  return servers
    .map((server) => ({ server, order: Math.random() }))
    .toSorted((left, right) => left.order - right.order)
    .map(({ server }) => server);
}
