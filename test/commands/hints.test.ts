import { expect, test, vi } from "vitest";
import { explainHowToReach } from "../../src/commands/doctor/how-to-reach.js";
import { explainFailure } from "../../src/commands/doctor/statement-hints.js";
import { ConfigError } from "../../src/model/config-error.js";
import { parseDatabaseUrl } from "../../src/model/connections/database-url.js";
import { listServerTls } from "../../src/store/postgres/server-tls.js";

/** An error as `pg` makes it of a server whose lc_messages is German. */
function serverError(message: string, code: string, routine: string): Error {
  return Object.assign(new Error(message), { code, routine });
}

test.each([
  [
    "Rolle »a« existiert nicht",
    "28000",
    "InitializeSessionUserId",
    /^correct the user in DATABASE_URL, create/,
  ],
  [
    "Rolle »a« hat keine Berechtigung zum Einloggen",
    "28000",
    "InitializeSessionUserId",
    /ALTER ROLE … LOGIN/,
  ],
  [
    "kein pg_hba.conf-Eintrag für Host »::1«, keine Verschlüsselung",
    "28000",
    "ClientAuthentication",
    /pg_hba\.conf.*sslmode=/,
  ],
  [
    "zu viele Verbindungen von Rolle »a«",
    "53300",
    "InitializeSessionUserId",
    /^raise the role's CONNECTION LIMIT/,
  ],
  ["tut mir leid, schon zu viele Verbindungen", "53300", "InitProcess", /^raise max_connections/],
  [
    "Datenbank »d« akzeptiert gegenwärtig keine Verbindungen",
    "55000",
    "CheckMyDatabase",
    /ALLOW_CONNECTIONS true/,
  ],
  ["Passwort-Authentifizierung fehlgeschlagen", "28P01", "auth_failed", /^check user and password/],
])(
  "what to do about %j is known by its code and routine, in whatever language it is",
  (message, code, routine, hint) => {
    expect(explainHowToReach(serverError(message, code, routine))).toMatch(hint);
  },
);

test.each([
  ["sslrootcert", "/dev/null"],
  ["sslcert", "/dev/null"],
  ["sslkey", "/dev/null"],
  ["sslkey", "/nowhere/key"],
])("a %s of no use, such as %s, is what has to be corrected", (name, file) => {
  const target = parseDatabaseUrl(`postgres://u@db/d?sslmode=verify-full&${name}=${file}`);
  const list = vi.fn(() => listServerTls(target));
  expect(list).toThrow(ConfigError);
  expect(explainHowToReach(list.mock.results[0]!.value)).toMatch(/^correct the file that sslrootcert/);
});

test.each([
  ["neue Zeile verletzt Policy für Sicherheit auf Zeilenebene", "ExecWithCheckOptions", /ROW LEVEL SECURITY/],
  [
    "keine Berechtigung für Sequenz s",
    "aclcheck_error",
    /^the message says of what: .* IN SCHEMA sch TO rol/,
  ],
  [
    "permission denied for sequence s",
    "aclcheck_error",
    /^GRANT USAGE ON ALL SEQUENCES IN SCHEMA sch TO rol$/,
  ],
  ["permission denied for table t", "aclcheck_error", /^GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES/],
])("what to do about the refusal %j claims no more than its language lets know", (message, routine, hint) => {
  const error = serverError(message, "42501", routine);
  expect(explainFailure(error, { role: "rol", schema: "sch" }, undefined)).toMatch(hint);
});
