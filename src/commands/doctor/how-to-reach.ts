import { formatError } from "../../gateway/format-error.js";
import { findRoutine, findSqlState, STATEMENT_POOLING } from "../../store/postgres/errors.js";

/** Explains what to do about an error with which a database could not be reached. */
export function explainHowToReach(error: unknown): string {
  const code = findSqlState(error) ?? "";
  const message = formatError(error);
  const fitting = HOW_TO_REACH.find(
    ({ state, words, routine }) =>
      (state === null || state === code) &&
      words.test(message) &&
      (routine === undefined || routine === findRoutine(error)),
  );
  return (
    fitting?.hint ??
    "check host and port in DATABASE_URL, that PostgreSQL runs, and what firewalls let through"
  );
}

/**
 * Hints by PostgreSQL's code (`null`: any, or none), its routine, and the text of the message. The first that fits is used.
 * PostgreSQL's own messages may be in any language, so words only make its hints more exact; drivers and poolers speak English.
 */
const HOW_TO_REACH: readonly {
  readonly state: string | null;
  readonly words: RegExp;
  readonly routine?: string;
  readonly hint: string;
}[] = [
  {
    state: null,
    words: /client password must be a string|(?:empty|no) password/i,
    hint: "give a password: in DATABASE_URL, DATABASE_PASSWORD, PGPASSWORD or a password file (docs/database.md)",
  },
  {
    state: null,
    words: STATEMENT_POOLING,
    hint: "docs/database.md says how a pooler has to be set",
  },
  {
    state: null,
    words: /PQexec disallowed/,
    hint: "switch PgBouncer's disable_pqexec off: a gateway sends simple queries too (docs/database.md)",
  },
  {
    state: null,
    words: /max_client_conn/,
    hint: "raise PgBouncer's max_client_conn, or lower DATABASE_POOL_SIZE",
  },
  {
    state: null,
    words: /^(?:bouncer config error|pgbouncer cannot connect to server|query_wait_timeout|server login)/,
    hint: "PgBouncer answers, and cannot reach PostgreSQL for this role: look into PgBouncer's own log",
  },
  { state: null, words: /password file/, hint: "make it a file of the service's own: chmod 600" },
  { state: "28P01", words: /./, hint: "check user and password in DATABASE_URL, or DATABASE_PASSWORD" },
  {
    state: "28000",
    words: /role .* does not exist/,
    hint: "create the role (CREATE ROLE … LOGIN), or correct the user in DATABASE_URL",
  },
  { state: "28000", words: /is not permitted to log in/, hint: "ALTER ROLE … LOGIN" },
  {
    state: "28000",
    words: /./,
    routine: "InitializeSessionUserId",
    hint: "correct the user in DATABASE_URL, create the role, or let it log in (ALTER ROLE … LOGIN)",
  },
  {
    state: "28000",
    words: /no encryption|SSL off/,
    hint: "the server wants TLS: add sslmode=verify-full to DATABASE_URL",
  },
  {
    state: "28000",
    words: /./,
    hint: "let this machine and role in: pg_hba.conf on the database's server; does that ask for TLS? Add sslmode=verify-full to DATABASE_URL",
  },
  { state: "3D000", words: /./, hint: "create the database, or correct its name in DATABASE_URL" },
  { state: "42501", words: /./, hint: "GRANT CONNECT ON DATABASE … to the role" },
  {
    state: "53300",
    words: /./,
    routine: "InitializeSessionUserId",
    hint: "raise the role's CONNECTION LIMIT, or lower DATABASE_POOL_SIZE",
  },
  { state: "53300", words: /./, hint: "raise max_connections there, or lower DATABASE_POOL_SIZE" },
  {
    state: "55000",
    words: /./,
    hint: "ALTER DATABASE … ALLOW_CONNECTIONS true, as a superuser in another database",
  },
  { state: "57P03", words: /./, hint: "PostgreSQL starts or stops just now; ask again in a minute" },
  {
    state: null,
    words: /self.signed|unable to (?:get|verify)|issuer/i,
    hint: "name the server's CA: sslrootcert=/path/ca.pem (docs/database.md)",
  },
  {
    state: null,
    words: /altname|does not match certificate/i,
    hint: "the certificate is for another name: correct the host, or sslmode=verify-ca",
  },
  { state: null, words: /certificate has expired/i, hint: "have the server's certificate renewed" },
  {
    state: null,
    words: /does not support SSL/,
    hint: "the server has no TLS: leave sslmode out, or switch ssl on there",
  },
  {
    state: null,
    words: /channel_binding=require asks/,
    hint: "the login must be over TLS, with a password of scram-sha-256; or leave channel_binding out",
  },
  {
    state: null,
    words: /is not (?:read-write|read-only|primary|standby)/,
    hint: "none of the servers is what target_session_attrs asks for",
  },
  {
    state: null,
    words: /in DATABASE_URL (?:cannot be read|holds no)/,
    hint: "correct the file that sslrootcert, sslcert or sslkey names, or sslpassword",
  },
  {
    state: null,
    words: /ENOENT|EACCES/,
    hint: "check the folder of the Unix socket in DATABASE_URL, and who may enter it",
  },
  {
    state: null,
    words: /ENOTFOUND|EAI_AGAIN/,
    hint: "correct the host in DATABASE_URL; its name cannot be resolved",
  },
];
