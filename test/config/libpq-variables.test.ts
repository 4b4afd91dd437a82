import { describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { parseDatabaseUrl } from "../../src/model/connections/database-url.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";

function readTarget(variables: Readonly<Record<string, string>>) {
  return parseDatabaseUrl(loadConfig(variables).databaseUrl ?? "");
}

describe("variables of libpq", () => {
  test("name the servers, also several, where the URL names none", () => {
    const variables = { PGHOST: "a,/run/postgresql", PGPORT: "5433,5434" };
    expect(readTarget({ ...variables, DATABASE_URL: "postgres:///d" }).servers).toEqual([
      { host: "a", port: 5433 },
      { host: "/run/postgresql", port: 5434 },
    ]);
    expect(readTarget({ ...variables, PGPORT: "5433", DATABASE_URL: "postgres://b/d" }).servers).toEqual([
      { host: "b", port: 5433 },
    ]);
    expect(readTarget({ ...variables, DATABASE_URL: "postgres://b:1/d" }).servers).toEqual([
      { host: "b", port: 1 },
    ]);
  });

  test("that restrict a connection count as the URL's parameters do", () => {
    const DATABASE_URL = "postgres://h/d?sslmode=verify-full";
    const restricting = { PGCHANNELBINDING: "require", PGSSLNEGOTIATION: "direct" };
    expect(readTarget({ DATABASE_URL, ...restricting, PGLOADBALANCEHOSTS: "random" })).toMatchObject({
      bindsChannel: true,
      sslNegotiation: "direct",
      loadBalanceHosts: true,
    });
    expect(() => loadConfig({ DATABASE_URL, PGGSSENCMODE: "require" })).toThrow(/gssencmode is disable/);
  });

  test.each(["abc", "0", "99999"])("with a PGPORT of %s are refused in one line", (PGPORT) => {
    expect(() => loadConfig({ DATABASE_URL: "postgres://h/d", PGPORT })).toThrow(
      "DATABASE_URL, with what PG* variables add, must be a URL with ports from 1 to 65535; correct them",
    );
  });
});

test("a connection that cannot even be tried, as to a port that is none, fails at once", async () => {
  vi.stubEnv("PGPORT", "99999");
  try {
    await expect(createDataSource("postgres://u@127.0.0.1/d").initialize()).rejects.toThrow(
      /does not answer/,
    );
  } finally {
    vi.unstubAllEnvs();
  }
});
