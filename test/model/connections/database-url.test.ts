import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DatabaseTarget,
  DatabaseUrlError,
  parseDatabaseUrl,
  addDatabaseParameter,
} from "../../../src/model/connections/database-url.js";

const good: [string, Partial<DatabaseTarget>][] = [
  [
    "postgres://u:p@h:5433/d",
    { servers: [{ host: "h", port: 5433 }], user: "u", password: "p", database: "d" },
  ],
  ["postgresql://h/d", { servers: [{ host: "h", port: null }], user: null, password: null }],
  ["postgres://", { servers: [{ host: null, port: null }], database: null }],
  ["postgres:///d", { servers: [{ host: null, port: null }], database: "d" }],
  ["postgres://u:a%40b%2Fc@h/d", { password: "a@b/c" }],
  ["postgres://u:a@b:c@h/d", { user: "u", password: "a@b:c", servers: [{ host: "h", port: null }] }],
  ["postgres://u:p@/db?host=/var/run/postgresql", { servers: [{ host: "/var/run/postgresql", port: null }] }],
  ["postgres://u:p@localhost/db?host=/run/pg", { servers: [{ host: "/run/pg", port: null }] }],
  ["postgres://u:p@%2Fvar%2Frun%2Fpostgresql/db", { servers: [{ host: "/var/run/postgresql", port: null }] }],
  ["postgres://u@[2001:db8::1]:5/d", { servers: [{ host: "2001:db8::1", port: 5 }] }],
  [
    "postgres://u:p@h1:5432,h2:5433,[::1]/db?target_session_attrs=read-write",
    {
      servers: [
        { host: "h1", port: 5432 },
        { host: "h2", port: 5433 },
        { host: "::1", port: null },
      ],
      sessionAttributes: "read-write",
    },
  ],
  [
    "postgres:///d?host=a,b&port=1,2",
    {
      servers: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
    },
  ],
  [
    "postgres:///d?host=a,b&port=6432",
    {
      servers: [
        { host: "a", port: 6432 },
        { host: "b", port: 6432 },
      ],
    },
  ],
  ["postgres://h/d?user=u&password=a%20b&dbname=x", { user: "u", password: "a b", database: "x" }],
  ["postgres://[fe80::1%25eth0]:5433/d", { servers: [{ host: "fe80::1%eth0", port: 5433 }] }],
  ["postgres://h/d?passfile=/p", { passwordFile: "/p" }],
  ["postgres://h/d?sslmode=verify-ca&sslrootcert=/ca.pem", { sslMode: "verify-ca", sslRootCert: "/ca.pem" }],
  ["postgres://h/d?ssl=true", { sslMode: "verify-full" }],
  ["postgres://h/d?sslmode=require&uselibpqcompat=true", { sslMode: "require" }],
  ["postgres://h/d?options=-c+search_path%3Dapp", { options: "-c search_path=app" }],
  ["postgres://h/d?connect_timeout=3&application_name=x", { connectTimeoutMs: 3_000, applicationName: "x" }],
];

const bad: [string, RegExp][] = [
  ["mysql://u:secret@h/d", /begins with postgres:/],
  ["secret", /begins with postgres:/],
  ["postgres://vnic:first@SuperSecret/x@127.0.0.1:5432/vnic", /@ as %40, \/ as %2F/],
  ["postgres://vnic:sec/ret@h/d", /@ as %40/],
  ["postgres://vnic:12/secret@h/d", /@ as %40/],
  ["postgres://vnic:sec?ret@h/d", /@ as %40/],
  ["postgres://vnic:sec#ret@h/d", /@ as %40/],
  ["postgres://vnic:first@secret#x", /@ as %40/],
  ["postgres://vnic:100%secret@h/d", /% itself is written as %25/],
  ["postgres://vnic:%00secret@h/d", /without NUL/],
  ["postgres://vnic:secret@h:0/d", /ports from 1 to 65535/],
  ["postgres://vnic:secret@h:99999/d", /ports from 1 to 65535/],
  ["postgres://vnic:secret@h:secret/d", /name:port/],
  ["postgres://vnic:secret@[::1/d", /name:port/],
  ["postgres://vnic:secret@h/d?secret", /no parameters but those/],
  ["postgres://vnic:secret@h/d?ssl_mode=secret", /no parameters but those/],
  ["postgres://vnic:secret@h/d?sslmode=secret", /whose sslmode is disable, allow/],
  ["postgres://vnic:secret@h/d?channel_binding=secret", /whose channel_binding is disable, prefer, require/],
  ["postgres://vnic:secret@h/d?gssencmode=require", /whose gssencmode is disable, prefer/],
  ["postgres://vnic:secret@h/d?target_session_attrs=secret", /whose target_session_attrs is any, read-write/],
  ["postgres://vnic:secret@h1,h2,h3/d?port=1,2", /one port for all hosts/],
  ["postgres://vnic:secret@h/d?connect_timeout=secret", /whole seconds/],
  ["postgres://vnic:secret@h/d?sslrootcert=system", /verify-full/],
];

describe("a database's URL", () => {
  test.each(good)("%s is read as libpq reads it", (url, target) => {
    expect(parseDatabaseUrl(url)).toMatchObject(target);
  });

  test.each(bad)("%s is refused, and nothing of it is repeated", (url, message) => {
    const refusal = catchError(() => parseDatabaseUrl(url));
    expect(refusal).toBeInstanceOf(DatabaseUrlError);
    expect(refusal.message).toMatch(message);
    expect(refusal.message).not.toMatch(/secret|first|100%/i);
  });

  test("any password comes through if it is encoded", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }).filter((each) => !each.includes("\0")),
        (password) => {
          const url = `postgres://u:${encodeURIComponent(password)}@h:1/d`;
          expect(parseDatabaseUrl(url)).toMatchObject({ password, servers: [{ host: "h", port: 1 }] });
          expect(
            parseDatabaseUrl(addDatabaseParameter("postgres://u@h/d", "password", password)),
          ).toMatchObject({
            password,
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a password that is not encoded is read whole or refused; no piece of it becomes a host or is repeated", () => {
    const password = fc
      .array(fc.constantFrom("SECRET", "@", "/", "?", "#", ":", "%", "[", "]", ",", "&", "="), {
        maxLength: 8,
      })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(password, (text) => {
        try {
          const { servers, database } = parseDatabaseUrl(`postgres://u:${text}@h:1/d`);
          expect(servers).toEqual([{ host: "h", port: 1 }]);
          expect(database).toBe("d");
        } catch (error) {
          expect(error).toBeInstanceOf(DatabaseUrlError);
          expect((error as Error).message).not.toContain("SECRET");
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("a parameter is added only where the URL has none of that name", () => {
    expect(addDatabaseParameter("postgres://h/d", "sslmode", "require")).toBe(
      "postgres://h/d?sslmode=require",
    );
    expect(addDatabaseParameter("postgres://h/d?sslmode=disable", "sslmode", "require")).toBe(
      "postgres://h/d?sslmode=disable",
    );
    expect(addDatabaseParameter("postgres://h/d?port=1", "sslmode", "a b")).toBe(
      "postgres://h/d?port=1&sslmode=a%20b",
    );
  });
});

function catchError(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
