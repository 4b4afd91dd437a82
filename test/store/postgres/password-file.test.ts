import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../../src/config.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { readPasswordFile } from "../../../src/store/postgres/password-file.js";
import { queryRows } from "../../../src/store/postgres/sql.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { temporaryFolder } from "../../support/processes/gateway.js";

const folder = temporaryFolder();
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 1 });
});

afterAll(async () => {
  await database.drop();
  folder.remove();
});

function writePasswords(lines: readonly string[], mode = 0o600): string {
  const path = join(folder.path, "passwords");
  writeFileSync(path, lines.join("\n"));
  chmodSync(path, mode);
  return path;
}

const owner = { host: "db.example.test", port: 5432, database: "a:b", user: "vnic" };

test.each([
  ["db.example.test:5432:a\\:b:vnic:secret", "secret"],
  ["*:*:*:*:any", "any"],
  ["db.example.test:5432:a\\:b:vnic:with:colons\\\\and\\:codes", "with:colons\\and:codes"],
  ["#*:*:*:*:comment", null],
  ["db.example.test:5433:*:*:port", null],
  ["localhost:*:*:*:host", null],
  ["*:*:*:root:user", null],
  ["*:*:*:vnic:", null],
  ["*:*:secret", null],
  ["", null],
])("the line %j of a password file gives %j", async (line, password) => {
  expect(await readPasswordFile(writePasswords([line, ""]), owner)).toBe(password);
});

test("the first line that fits counts", async () => {
  const path = writePasswords(["*:1:*:*:first", "*:*:*:vnic:second", "*:*:*:*:third"]);
  expect(await readPasswordFile(path, owner)).toBe("second");
});

test("a file that others may read is not used, and a file that is absent gives no password", async () => {
  await expect(readPasswordFile(writePasswords(["*:*:*:*:x"], 0o644), owner)).rejects.toThrow(
    /^others may read the password file .*: chmod 600$/,
  );
  expect(await readPasswordFile(join(folder.path, "absent"), owner)).toBeNull();
});

test("a file that cannot be read is a wrong setting", async () => {
  // Others may not enter it, so that it is refused for what it is.
  const path = join(folder.path, "closed");
  mkdirSync(path, { mode: 0o700 });
  const read = readPasswordFile(path, owner);
  await expect(read).rejects.toThrow(ConfigError);
  await expect(read).rejects.toThrow(`the password file ${path} cannot be read (EISDIR)`);
});

test("PGPASSFILE gives the password of the server that was found among several", async () => {
  const url = new URL(database.url);
  const { hostname, port, password } = url;
  const passfile = writePasswords([
    `${hostname}:1:*:*:wrong`,
    `${hostname}:${port || "5432"}:*:*:${decodeURIComponent(password)}`,
  ]);
  url.password = "";
  const several = url.href.replace(`@${url.host}`, `@127.0.0.1:1,${hostname}:${port || "5432"}`);
  const { databaseUrl } = loadConfig({ DATABASE_URL: several, PGPASSFILE: passfile });
  const dataSource = await createDataSource(databaseUrl ?? "", { poolSize: 1 }).initialize();
  try {
    expect(await queryRows(dataSource, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  } finally {
    await dataSource.destroy();
  }
});

test("without one, a password file in the home folder is looked for", () => {
  const home = { HOME: "/home/vnic", PGPASSFILE: "" };
  expect(loadConfig({ ...home, DATABASE_URL: "postgres://h/d" }).databaseUrl).toContain(
    `passfile=${encodeURIComponent(join("/home/vnic", ".pgpass"))}`,
  );
});
