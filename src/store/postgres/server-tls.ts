import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { ConfigError } from "../../model/config-error.js";
import type { DatabaseTarget } from "../../model/connections/database-url.js";

/** TLS settings as `pg` takes them; `false`: without TLS. */
export type ServerTls = ConnectionOptions | false;

/**
 * Lists the forms of TLS that an `sslmode` allows, in the order in which they are tried. The modes mean what they mean in
 * libpq: `require` encrypts but verifies nothing, unless a root certificate is given.
 */
export function listServerTls(target: DatabaseTarget): readonly ServerTls[] {
  switch (target.sslMode ?? "disable") {
    case "disable":
      return [false];
    case "allow":
      return [false, toEncryptedOptions(target)];
    case "prefer":
      return [toEncryptedOptions(target), false];
    case "no-verify":
      return [toEncryptedOptions(target)];
    case "require":
      return [target.sslRootCert === null ? toEncryptedOptions(target) : toVerifiedOptions(target, false)];
    case "verify-ca":
      return [toVerifiedOptions(target, false)];
    case "verify-full":
      return [toVerifiedOptions(target, true)];
  }
}

function toEncryptedOptions(target: DatabaseTarget): ConnectionOptions {
  return { ...readOwnCertificate(target), rejectUnauthorized: false };
}

function toVerifiedOptions(target: DatabaseTarget, withName: boolean): ConnectionOptions {
  const { sslRootCert } = target;
  const ca =
    sslRootCert === null || sslRootCert === "system"
      ? {}
      : { ca: readCertificates("sslrootcert", sslRootCert) };
  const names = withName ? {} : { checkServerIdentity: () => undefined };
  return { ...readOwnCertificate(target), ...ca, ...names, rejectUnauthorized: true };
}

function readOwnCertificate({ sslCert, sslKey, sslPassword }: DatabaseTarget): ConnectionOptions {
  const cert = sslCert === null ? undefined : readCertificates("sslcert", sslCert);
  const key = sslKey === null ? undefined : readPem("sslkey", sslKey);
  const passphrase = sslPassword ?? undefined;
  if (key !== undefined) checkKey(key, passphrase, cert);
  return { cert, key, passphrase };
}

/** Checks a key before a connection does, whose error would not say that a file is wrong. */
function checkKey(pem: string, passphrase: string | undefined, cert: string | undefined): void {
  let fits: boolean;
  let cause: unknown;
  try {
    const key = createPrivateKey({ key: pem, passphrase });
    fits = cert === undefined || new X509Certificate(cert).checkPrivateKey(key);
  } catch (error) {
    [fits, cause] = [false, error];
  }
  if (fits) return;
  throw new ConfigError(
    "the file of sslkey in DATABASE_URL holds no key in PEM that fits the certificate of sslcert and that sslpassword opens; correct them",
    { cause },
  );
}

/** Reads a PEM file with a certificate. Without one OpenSSL would not say which file is wrong, or trust nobody. */
function readCertificates(parameter: string, path: string): string {
  const pem = readPem(parameter, path);
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new ConfigError(
      `the file of ${parameter} in DATABASE_URL holds no certificate in PEM; copy it again`,
      { cause },
    );
  }
}

function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new ConfigError(
      `the file of ${parameter} in DATABASE_URL cannot be read (${why}); correct the path or its permissions`,
      { cause },
    );
  }
}
