import { X509Certificate } from "node:crypto";
import { requiresIdentity, type Config } from "../../config.js";
import { checkTlsFiles } from "../../vdsm/wire/tls.js";
import { loadIdentity } from "../../gateway/identity.js";
import { createLog } from "../../gateway/log.js";
import { readTrustedDocuments } from "../../server/graphql/request/documents.js";
import { isLoopbackHost } from "../../model/connections/host-address.js";
import { readTlsMaterial } from "../../server/tls.js";
import { formatError } from "../../gateway/format-error.js";
import { createExpiryFinding, fail, createOkFinding, warn, type Finding } from "./finding.js";

/** Checks every file that the settings name, as the gateway would at its start. */
export async function checkFiles(config: Config): Promise<Finding[]> {
  const found = [
    ...(await checkClientCertificate(config)),
    ...(await checkServerCertificate(config)),
    ...(await attempt("identity", "mend AUTH_TOKENS_FILE, or make it anew with `vnic-graph token add`", () =>
      loadIdentity(config.identity, createLog("silent")).then(() => []),
    )),
    ...(await attempt("operations", "mend TRUSTED_DOCUMENTS_FILE, or leave it out", async () => {
      if (config.trustedDocumentsFile === null) return [];
      const documents = await readTrustedDocuments(config.trustedDocumentsFile);
      return [createOkFinding("operations", `${documents.size} may run, and no other`)];
    })),
    ...checkOpenIdentity(config),
  ];
  return [createOkFinding("settings", describeSource(config)), ...found];
}

function describeSource({ demo, source, databaseUrl }: Config): string {
  if (demo) return "understood: neither DATABASE_URL nor VDSM_HOSTS is set, so the demonstration runs";
  const database = databaseUrl === null ? "an embedded PostgreSQL" : "the PostgreSQL of DATABASE_URL";
  return source === "engine"
    ? "understood: an oVirt engine's database is the source, and only read"
    : `understood: hosts are polled into ${database}`;
}

function checkClientCertificate({ vdsmTransport }: Config): Promise<Finding[]> {
  const check = "client certificate";
  return attempt(check, "hosts refuse whoever has none: see docs/ovirt.md for where to get it", async () => {
    if (vdsmTransport === null || vdsmTransport === "plain") return [];
    const { cert, ca } = await checkTlsFiles(vdsmTransport);
    const renewal = "have it renewed; the files are read again at every connection, without a restart";
    const soon = [
      createExpiryFinding(check, "VDSM_CERT_FILE", new X509Certificate(cert).validTo, renewal),
      createExpiryFinding(check, "VDSM_CA_FILE", new X509Certificate(ca).validTo, renewal),
    ].filter((each) => each !== null);
    return soon.length > 0
      ? soon
      : [createOkFinding(check, `good until ${new X509Certificate(cert).validTo}`)];
  });
}

function checkServerCertificate({ serverTls }: Config): Promise<Finding[]> {
  const check = "https";
  return attempt(check, "give TLS_CERT_FILE and TLS_KEY_FILE a pair issued together", async () => {
    if (serverTls === null) return [];
    const { validTo } = new X509Certificate((await readTlsMaterial(serverTls)).cert);
    const soon = createExpiryFinding(
      check,
      "TLS_CERT_FILE",
      validTo,
      "have it renewed, and send the gateway SIGHUP",
    );
    return [soon ?? createOkFinding(check, `the certificate is good until ${validTo}`)];
  });
}

function checkOpenIdentity({ host, identity }: Config): Finding[] {
  if (requiresIdentity(identity) || isLoopbackHost(host)) return [];
  return [
    warn(
      "identity",
      `everybody who can reach ${host} may ask, because INSECURE is on`,
      "see docs/security.md",
    ),
  ];
}

async function attempt(check: string, mend: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [fail(check, formatError(error), mend)];
  }
}
