import "reflect-metadata";
import { isIP } from "node:net";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate with its key and the CA that signed it, as PEM text. */
export interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Signs certificates, as the engine's CA does for its hosts and for itself. */
export interface CertificateAuthority {
  readonly ca: string;
  /**
   * Issues a certificate for a host. It is valid for its name, `localhost` and both loopback addresses, or for the
   * given names.
   */
  issueHost(name: string, validity?: Validity, alternativeNames?: readonly string[]): Promise<Credentials>;
  /** Issues a certificate for a client of hosts. */
  issueClient(name?: string, validity?: Validity): Promise<Credentials>;
}

/** The period in which a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** Creates a CA with new keys, in memory alone. */
export async function createAuthority(name = "VDSM simulator CA"): Promise<CertificateAuthority> {
  const keys = await createKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    serialNumber: createSerial(),
    ...createValidity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const ca = root.toString("pem");

  const issueCertificate = async (
    subject: string,
    names: readonly string[],
    validity: Validity,
  ): Promise<Credentials> => {
    const own = await createKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: root.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      serialNumber: createSerial(),
      ...validity,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        ...createAlternativeNames(names),
      ],
    });
    return { ca, cert: certificate.toString("pem"), key: await exportKey(own.privateKey) };
  };

  return {
    ca,
    issueHost: (host, validity = createValidity(), names = [host, "localhost", "127.0.0.1", "::1"]) =>
      issueCertificate(host, names, validity),
    issueClient: (client = "vnic-graph", validity = createValidity()) =>
      issueCertificate(client, [client], validity),
  };
}

/** Creates the extension with alternative names; none for an empty list, as in certificates of older engines. */
function createAlternativeNames(names: readonly string[]): x509.SubjectAlternativeNameExtension[] {
  if (names.length === 0) return [];
  const entries = [...new Set(names)].map((value) => ({
    type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
    value,
  }));
  return [new x509.SubjectAlternativeNameExtension(entries)];
}

/** Creates a validity of a year. It begins yesterday, because clocks may differ. */
function createValidity(): Validity {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 365 * DAY_MS) };
}

async function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

/** Creates a serial number. Its first bit is 0, because RFC 5280 wants a positive number. */
function createSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{1,64}/g, "$&\n")}-----END PRIVATE KEY-----\n`;
}
