import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../src/config.js";
import { startGateway } from "../../src/gateway.js";
import { migrateAt } from "../../src/gateway/database/database.js";
import { openExistingDatabase } from "../../src/gateway/database/existing-database.js";
import { createAuthority } from "../../src/simulator/wire/certificates.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { runVnicGraph } from "../support/processes/process.js";

/** Files that settings name and that are of no use: the command line ends with 2, as for any other wrong setting. */

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder.path, name);
const NOWHERE = "/nowhere/file";
const GARBAGE = inFolder("garbage");
const DATABASE_URL = "postgres://u@127.0.0.1:1/d";

beforeAll(async () => {
  const { cert, key } = await (await createAuthority()).issueHost("localhost");
  writeFileSync(GARBAGE, "garbage\n");
  writeFileSync(inFolder("cert"), cert);
  writeFileSync(inFolder("key"), key);
  const strange = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  writeFileSync(inFolder("strange.key"), strange.export({ type: "pkcs8", format: "pem" }));
  const how = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "opens" } as const;
  writeFileSync(inFolder("locked.key"), createPrivateKey(key).export(how));
  writeFileSync(inFolder("empty"), "");
});

afterAll(() => {
  folder.remove();
});

const CERT = inFolder("cert");
const TLS = { TLS_CERT_FILE: CERT, TLS_KEY_FILE: inFolder("key") };
const VDSM = { VDSM_HOSTS: "h", VDSM_CA_FILE: CERT, VDSM_CERT_FILE: CERT, VDSM_KEY_FILE: inFolder("key") };

const WRONG: readonly (readonly [string, Record<string, string>])[] = [NOWHERE, GARBAGE, folder.path].flatMap(
  (file) => [
    ["AUTH_TOKENS_FILE", { AUTH_TOKENS_FILE: file }] as const,
    ["TRUSTED_DOCUMENTS_FILE", { TRUSTED_DOCUMENTS_FILE: file }] as const,
    ["TLS_CERT_FILE", { ...TLS, TLS_CERT_FILE: file }] as const,
    ["TLS_KEY_FILE", { ...TLS, TLS_KEY_FILE: file }] as const,
    ["TLS_CLIENT_CA_FILE", { ...TLS, TLS_CLIENT_CA_FILE: file }] as const,
    ["VDSM_CA_FILE", { ...VDSM, VDSM_CA_FILE: file }] as const,
    ["VDSM_CERT_FILE", { ...VDSM, VDSM_CERT_FILE: file }] as const,
    ["VDSM_KEY_FILE", { ...VDSM, VDSM_KEY_FILE: file }] as const,
    ["sslrootcert", { DATABASE_URL: `${DATABASE_URL}?sslmode=verify-ca&sslrootcert=${file}` }] as const,
    ["sslcert", { DATABASE_URL: `${DATABASE_URL}?sslmode=require&sslcert=${file}` }] as const,
  ],
);

function start(environment: Record<string, string>) {
  const config = loadConfig({ PORT: "0", DATABASE_URL, ...environment });
  return startGateway({ config, log: pino({ level: "silent" }), announce: () => undefined });
}

test.each(WRONG)("a file of no use in %s is a wrong setting: %j", async (name, environment) => {
  const started = start(environment);
  await expect(started).rejects.toThrow(ConfigError);
  await expect(started).rejects.toThrow(name);
});

test.each(["garbage", "empty", "strange.key", "locked.key", "locked.key&sslpassword=hidden"])(
  "a key of no use beside a certificate for the database is a wrong setting: sslkey=%s",
  async (name) => {
    const started = start({
      DATABASE_URL: `${DATABASE_URL}?sslmode=require&sslcert=${CERT}&sslkey=${inFolder(name)}`,
    });
    await expect(started).rejects.toThrow(ConfigError);
    await expect(started).rejects.toThrow(/^(?!.*hidden).*sslkey.*sslcert.*sslpassword/);
  },
);

test("a key that its pass phrase opens is none", async () => {
  const files = `sslcert=${CERT}&sslkey=${inFolder("locked.key")}&sslpassword=opens`;
  const opened = openExistingDatabase(`${DATABASE_URL}?sslmode=require&${files}`);
  await expect(opened).rejects.toThrow(/ECONNREFUSED/);
});

test("a DATA_DIR that cannot be a folder is one, too", async () => {
  const config = loadConfig({ PORT: "0", DATA_DIR: GARBAGE, VDSM_HOSTS: "h", VDSM_TLS: "off" });
  const started = startGateway({ config, log: pino({ level: "silent" }), announce: () => undefined });
  await expect(started).rejects.toThrow(ConfigError);
});

test("commands say so of the files that DATABASE_URL names", async () => {
  const url = `${DATABASE_URL}?sslmode=verify-ca&sslrootcert=${NOWHERE}`;
  await expect(migrateAt(url)).rejects.toThrow(ConfigError);
  await expect(openExistingDatabase(url)).rejects.toThrow(ConfigError);
});

test("the command line ends with 2 and one line", async () => {
  const run = runVnicGraph(["start"], { DATABASE_URL, PORT: "0", AUTH_TOKENS_FILE: NOWHERE });
  expect(await run.ended).toBe(2);
  expect(run.output()).toBe(
    `vnic-graph: AUTH_TOKENS_FILE: ${NOWHERE} cannot be read; check the path and its permissions\n`,
  );
});
