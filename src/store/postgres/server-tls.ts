import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { DatabaseTarget } from "../../model/database-url.js";

/** TLS settings as `pg` takes them; `false`: without TLS. */
export type ServerTls = ConnectionOptions | false;

/**
 * Returns the ways to connect that an `sslmode` allows, in the order in which they are tried. Their meaning is libpq's:
 * `require` encrypts and verifies nothing, unless a root certificate is named.
 */
export function listServerTls(target: DatabaseTarget): readonly ServerTls[] {
  switch (target.sslMode ?? "disable") {
    case "disable":
      return [false];
    case "allow":
      return [false, encrypted(target)];
    case "prefer":
      return [encrypted(target), false];
    case "no-verify":
      return [encrypted(target)];
    case "require":
      return [target.sslRootCert === null ? encrypted(target) : verified(target, false)];
    case "verify-ca":
      return [verified(target, false)];
    case "verify-full":
      return [verified(target, true)];
  }
}

function encrypted(target: DatabaseTarget): ConnectionOptions {
  return { ...ownCertificate(target), rejectUnauthorized: false };
}

function verified(target: DatabaseTarget, withName: boolean): ConnectionOptions {
  const { sslRootCert } = target;
  const ca =
    sslRootCert === null || sslRootCert === "system" ? {} : { ca: readPem("sslrootcert", sslRootCert) };
  const names = withName ? {} : { checkServerIdentity: () => undefined };
  return { ...ownCertificate(target), ...ca, ...names, rejectUnauthorized: true };
}

function ownCertificate({ sslCert, sslKey, sslPassword }: DatabaseTarget): ConnectionOptions {
  return {
    ...(sslCert === null ? {} : { cert: readPem("sslcert", sslCert) }),
    ...(sslKey === null ? {} : { key: readPem("sslkey", sslKey) }),
    ...(sslPassword === null ? {} : { passphrase: sslPassword }),
  };
}

function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new Error(`the file of ${parameter} in DATABASE_URL cannot be read (${why})`, { cause });
  }
}
