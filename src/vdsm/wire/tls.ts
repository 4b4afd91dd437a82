import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TlsFiles } from "../../model/connections/tls-files.js";

/** What a TLS connection to a host needs, as PEM texts. */
export interface TlsCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /**
   * The name that the host's certificate must have. `null`: the name that is dialled. `"none"`: any name, if the CA
   * signed it, as the engine does.
   */
  readonly serverName: string | null;
}

/** Creates the function that reads the files at every connection, so that new certificates are used without a restart. */
export function createTlsReader(files: TlsFiles): () => Promise<TlsCredentials> {
  return () => checkTlsFiles(files);
}

/** Reads and checks the files. Throws an error of one line, with the file, what is wrong with it, and what to do. */
export async function checkTlsFiles(files: TlsFiles): Promise<TlsCredentials> {
  // They are read one after the other, so that the same mistake always gives the same message.
  const ca = await readPem(files.caFile, "CA certificate");
  const cert = await readPem(files.certFile, "client certificate");
  const key = await readPem(files.keyFile, "client key");
  const authorities = parseCertificates(ca, files.caFile, "CA certificate");
  const [client] = parseCertificates(cert, files.certFile, "client certificate");
  // A bundle may keep expired authorities until the last of their hosts is gone.
  const [authority] = authorities;
  if (authorities.every((each) => !isValidNow(each)) && authority !== undefined) {
    throw createOutOfDateError(authority, files.caFile, "CA certificate");
  }
  if (client !== undefined && !isValidNow(client))
    throw createOutOfDateError(client, files.certFile, "client certificate");
  const privateKey = parseKey(key, files);
  if (client?.checkPrivateKey(privateKey) !== true) {
    throw new Error(
      `client key ${files.keyFile}: does not belong to ${files.certFile}; give the pair issued together`,
    );
  }
  // The key is decrypted once, so that nobody else needs the pass phrase.
  const plainKey = files.passphrase === undefined ? key : formatKey(privateKey);
  return { ca, cert, key: plainKey, serverName: files.serverName };
}

async function readPem(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = readErrorCode(error);
    if (code === "ENOENT")
      throw new Error(`${what} ${file}: no such file; correct the path or copy the file there`);
    if (code === "EACCES")
      throw new Error(`${what} ${file}: not readable; allow it to the user that runs vnic-graph`);
    throw new Error(`${what} ${file}: cannot be read (${code}); expected a PEM file`);
  }
}

function parseCertificates(pem: string, file: string, what: string): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw createNotPemError(file, what, "BEGIN CERTIFICATE");
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw createNotPemError(file, what, "BEGIN CERTIFICATE");
  }
}

function parseKey(pem: string, { keyFile, passphrase }: TlsFiles): KeyObject {
  const isEncrypted = pem.includes("ENCRYPTED");
  if (isEncrypted && passphrase === undefined) {
    throw new Error(
      `client key ${keyFile}: is encrypted; set VDSM_KEY_PASSPHRASE_FILE or VDSM_KEY_PASSPHRASE`,
    );
  }
  try {
    return createPrivateKey(isEncrypted ? { key: pem, passphrase } : pem);
  } catch {
    if (isEncrypted) throw new Error(`client key ${keyFile}: VDSM_KEY_PASSPHRASE does not open it`);
    throw createNotPemError(keyFile, "client key", "BEGIN PRIVATE KEY");
  }
}

function formatKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function createNotPemError(file: string, what: string, begin: string): Error {
  return new Error(
    `${what} ${file}: is not what was expected, a PEM file with -----${begin}-----; copy it again`,
  );
}

function isValidNow(certificate: X509Certificate): boolean {
  const now = Date.now();
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}

function createOutOfDateError(certificate: X509Certificate, file: string, what: string): Error {
  return Date.parse(certificate.validTo) < Date.now()
    ? new Error(`${what} ${file}: expired on ${certificate.validTo}; have it renewed and replace the file`)
    : new Error(
        `${what} ${file}: is not valid before ${certificate.validFrom}; check the clock of this machine`,
      );
}

function readErrorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;
