import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions, type TlsOptions } from "node:tls";
import { ConfigError } from "../model/config-error.js";

/** The server's own certificate, and the CA whose client certificates it accepts. All are PEM texts. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | null;
}

/** Reads the files of TLS_CERT_FILE, TLS_KEY_FILE and TLS_CLIENT_CA_FILE and makes sure that they fit together. */
export async function readTlsMaterial(files: {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string | null;
  readonly passphrase?: string;
}): Promise<TlsMaterial> {
  const material = {
    cert: await readCertificates("TLS_CERT_FILE", files.certFile),
    key: decryptKey(await read("TLS_KEY_FILE", files.keyFile), files),
    clientCa:
      files.clientCaFile === null ? null : await readCertificates("TLS_CLIENT_CA_FILE", files.clientCaFile),
  };
  try {
    // createSecureContext accepts an empty key without an error.
    if (material.key.trim() === "") throw new ConfigError("empty");
    // Nor does it compare a key with a certificate of another kind: then each handshake would fail.
    if (!new X509Certificate(material.cert).checkPrivateKey(createPrivateKey(material.key)))
      throw new ConfigError("of another certificate");
    createSecureContext({ cert: material.cert, key: material.key, ca: material.clientCa ?? undefined });
  } catch {
    throw new ConfigError(
      `TLS_CERT_FILE ${files.certFile} and TLS_KEY_FILE ${files.keyFile} are no matching PEM pair; check both files`,
    );
  }
  return material;
}

/** Decrypts the key once, so that nobody else needs the pass phrase. */
function decryptKey(
  pem: string,
  { keyFile, passphrase }: { readonly keyFile: string; readonly passphrase?: string },
): string {
  if (!pem.includes("ENCRYPTED")) return pem;
  if (passphrase === undefined) {
    throw new ConfigError(
      `TLS_KEY_FILE: ${keyFile} is encrypted; set TLS_KEY_PASSPHRASE_FILE or TLS_KEY_PASSPHRASE`,
    );
  }
  try {
    return createPrivateKey({ key: pem, passphrase }).export({ type: "pkcs8", format: "pem" }).toString();
  } catch (cause) {
    throw new ConfigError(`TLS_KEY_FILE: TLS_KEY_PASSPHRASE does not open ${keyFile}`, { cause });
  }
}

/** Returns the certificate that the server shows, and the CA that it trusts. */
export function toSecureContext({ cert, key, clientCa }: TlsMaterial): SecureContextOptions {
  const ca = clientCa === null ? {} : { ca: clientCa };
  return { cert, key, ...ca, minVersion: "TLSv1.2" };
}

/**
 * Returns the same with the settings of the handshake. Identity judges client certificates at each request, so that
 * health checks need none.
 */
export function toServerTls(tls: TlsMaterial): TlsOptions & SecureContextOptions {
  const asked = tls.clientCa === null ? {} : { requestCert: true, rejectUnauthorized: false };
  return { ...toSecureContext(tls), ...asked, handshakeTimeout: 10_000 };
}

/**
 * Reads a PEM file, and refuses one without a certificate. OpenSSL would accept it, and Node would trust every public
 * CA instead of ours.
 */
async function readCertificates(setting: string, path: string): Promise<string> {
  const pem = await read(setting, path);
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new ConfigError(`${setting}: ${path} holds no certificate in PEM; copy it again`, { cause });
  }
}

async function read(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${setting}: ${path} cannot be read; check the path and its permissions`, {
      cause,
    });
  }
}
