import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TlsFiles } from "../../src/model/connections/tls-files.js";
import { checkTlsFiles, createTlsReader } from "../../src/vdsm/wire/tls.js";
import { createAuthority, type Credentials } from "../../src/simulator/wire/certificates.js";

const PAST = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };
const FUTURE = { notBefore: new Date("2100-01-01"), notAfter: new Date("2101-01-01") };

let directory = "";
let files: TlsFiles = { caFile: "", certFile: "", keyFile: "", serverName: null };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vnic-graph-tls-"));
  files = {
    caFile: join(directory, "ca.pem"),
    certFile: join(directory, "cert.pem"),
    keyFile: join(directory, "key.pem"),
    serverName: "host1",
  };
});

afterEach(() => rm(directory, { recursive: true }));

async function write(credentials: Partial<Credentials>): Promise<void> {
  if (credentials.ca !== undefined) await writeFile(files.caFile, credentials.ca);
  if (credentials.cert !== undefined) await writeFile(files.certFile, credentials.cert);
  if (credentials.key !== undefined) await writeFile(files.keyFile, credentials.key);
}

async function complaint(): Promise<string> {
  const error = await checkTlsFiles(files).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  const { message } = error as Error;
  expect(message).not.toContain("\n");
  expect(message).not.toMatch(/MII|[A-Za-z0-9+/]{60}/);
  return message;
}

describe("certificate files", () => {
  test("certificate files that are in order are read, with what the host should be called", async () => {
    const client = await (await createAuthority()).issueClient();
    await write(client);
    expect(await checkTlsFiles(files)).toEqual({ ...client, serverName: "host1" });
  });

  test("certificate files that change are read anew", async () => {
    const authority = await createAuthority();
    await write(await authority.issueClient("first"));
    const tls = createTlsReader(files);
    const first = await tls();
    const rotated = await authority.issueClient("second");
    await write(rotated);
    expect(await tls()).toEqual({ ...rotated, serverName: "host1" });
    expect(first.cert).not.toBe(rotated.cert);
  });

  test("certificate files that are missing are named", async () => {
    await write(await (await createAuthority()).issueClient());
    await rm(files.keyFile);
    expect(await complaint()).toBe(
      `client key ${files.keyFile}: no such file; correct the path or copy the file there`,
    );
  });

  test("certificate files that are directories are named", async () => {
    await write(await (await createAuthority()).issueClient());
    files = { ...files, caFile: directory };
    expect(await complaint()).toBe(
      `CA certificate ${directory}: cannot be read (EISDIR); expected a PEM file`,
    );
  });

  test.each([
    ["a CA without a certificate", { ca: "hello" }, "ca.pem: is not what was expected"],
    [
      "a CA of rubbish",
      { ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
      "ca.pem: is not",
    ],
    ["a certificate of rubbish", { cert: "" }, "cert.pem: is not what was expected"],
    [
      "a key of rubbish",
      { key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
      "key.pem: is not",
    ],
    ["an encrypted key", { key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" }, "key.pem: is encrypted"],
  ])("with %s are named", async (_, spoilt, expected) => {
    await write(await (await createAuthority()).issueClient());
    await write(spoilt);
    expect(await complaint()).toContain(expected);
  });

  test("with a key of another certificate are told apart", async () => {
    const authority = await createAuthority();
    await write(await authority.issueClient());
    await write({ key: (await authority.issueClient()).key });
    expect(await complaint()).toContain("does not belong to");
  });

  test("certificate files that are expired, or not valid yet, say since when", async () => {
    const authority = await createAuthority();
    await write(await authority.issueClient("old", PAST));
    expect(await complaint()).toMatch(/cert\.pem: expired on Jan {2}1 .*2021 GMT; have it renewed/);
    await write(await authority.issueClient("new", FUTURE));
    expect(await complaint()).toMatch(/cert\.pem: is not valid before Jan {2}1 .*2100 GMT; check the clock/);
  });

  test("may have an expired authority in the bundle beside a valid one, but not alone", async () => {
    const authority = await createAuthority();
    const client = await authority.issueClient();
    const expired = (await authority.issueHost("old-ca", PAST)).cert;
    await write({ ...client, ca: `${expired}\n${client.ca}` });
    await checkTlsFiles(files);
    await write({ ca: expired });
    expect(await complaint()).toContain("ca.pem: expired on");
  });
});
