import { X509Certificate } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { Config } from "../../config.js";
import type { HostPool } from "../../gateway/hosts/host-pool.js";
import { dial } from "../../vdsm/wire/dial.js";
import { HostError, type HostErrorKind } from "../../vdsm/errors.js";
import type { HostReport } from "../../vdsm/records/types.js";
import type { RecordProblem } from "../../vdsm/records/values.js";
import { createTlsReader } from "../../vdsm/wire/tls.js";
import type { VdsmClient } from "../../vdsm/vdsm-client.js";
import type { ConfiguredHost } from "../../store/types.js";
import { formatError } from "../../gateway/format-error.js";
import { createExpiryFinding, fail, createOkFinding, warn, type Finding } from "./finding.js";

/** Asks every host what the gateway asks it, `REFRESH_CONCURRENCY` hosts at a time. */
export async function* checkHosts(
  hosts: readonly ConfiguredHost[],
  { createClient }: HostPool,
  config: Config,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  if (createClient === null) {
    const mend = "set VDSM_CA_FILE, VDSM_CERT_FILE and VDSM_KEY_FILE (docs/ovirt.md), or VDSM_TLS=off";
    yield warn("hosts", "none is polled from here, for want of a client certificate", mend);
    return;
  }
  if (hosts.length === 0) {
    yield warn("hosts", "none is named", "set VDSM_HOSTS, or add one: `vnic-graph hosts add <host[:port]>`");
    return;
  }
  for (let at = 0; at < hosts.length; at += config.refreshConcurrency) {
    const together = hosts.slice(at, at + config.refreshConcurrency);
    const found = together.map((host) => checkHost(host, createClient(host), config, signal));
    yield* (await Promise.all(found)).flat();
  }
}

async function checkHost(
  host: ConfiguredHost,
  vdsm: VdsmClient,
  config: Config,
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = `host ${vdsm.address}`;
  try {
    await vdsm.ping2(signal);
    const { hostname, softwareVersion } = await vdsm.getCapabilities(signal);
    const report = await vdsm.getAllVmStats(signal);
    const telling = report.vms.filter((vm) => vm.netIfaces !== null).length;
    const who = `${hostname ?? "a host without a name"}, VDSM ${softwareVersion ?? "of unknown version"}`;
    const what = `${who}: ${report.vms.length} VMs, ${telling} with a guest agent that tells its interfaces`;
    const findings = [createOkFinding(check, what)];
    const troubled = findProblem(report);
    if (troubled !== null) {
      const { vmId, field, reason } = troubled;
      const why = `VM ${vmId}: ${field} ${reason}`;
      findings.push(warn(check, why, "what cannot be read stays as it was; look at the VM's guest agent"));
    }
    const [unreadable] = report.rejected;
    if (unreadable !== undefined) {
      const why = `${report.rejected.length} VMs cannot be read, the first because ${unreadable.reason}`;
      findings.push(warn(check, why, "their stored data stay as they are; report it with the VM's record"));
    }
    const expiry = await checkCertificateExpiry(check, host, config);
    return expiry === null ? findings : [...findings, expiry];
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const what = error.message.replace(`${vdsm.address}: `, "");
    const detail =
      error.kind === "untrusted" && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    const verdict = error.kind === "recovering" ? warn : fail;
    return [verdict(check, `${what}${detail}`, findMending(error))];
  } finally {
    await vdsm.close();
  }
}

/** Finds the first problem of a VM's record or of its interfaces. */
function findProblem({ vms }: HostReport): (RecordProblem & { readonly vmId: string }) | null {
  for (const { vmId, problems, netIfaces } of vms) {
    const [problem] = [{ problems }, ...(netIfaces ?? [])].flatMap((each) => each.problems);
    if (problem !== undefined) return { vmId, ...problem };
  }
  return null;
}

/** Finds what to do about a failure: by its cause if the message names one, else by its kind. */
function findMending({ kind, message }: HostError): string {
  return CAUSES.find((cause) => cause.message.test(message))?.mending ?? MENDING[kind];
}

const ENROLL = "on the engine: Hosts > Installation > Enroll Certificate";

const CAUSES: readonly { readonly message: RegExp; readonly mending: string }[] = [
  { message: /certificate has expired/, mending: `renew the host's certificate; ${ENROLL}` },
  {
    message: /not valid yet/,
    mending:
      "set the clocks of the host and of this machine (chronyd); if both are right, renew the certificate",
  },
  {
    message: /not from our CA/,
    mending:
      "VDSM_CA_FILE must hold the CA of the engine that manages this host: /etc/pki/ovirt-engine/ca.pem there",
  },
  {
    message: /bears another name/,
    mending: "give the host by the name in its certificate, set VDSM_SERVER_NAME to that name, or to `none`",
  },
  {
    message: /does not know the CA of our client certificate/,
    mending: "have VDSM_CERT_FILE issued by the CA in the host's /etc/pki/vdsm/certs/cacert.pem",
  },
  {
    message: /client certificate is expired or revoked/,
    mending: "have the pair VDSM_CERT_FILE and VDSM_KEY_FILE issued anew",
  },
  {
    message: /does not accept our client certificate|refuses our client certificate/,
    mending:
      "have the pair VDSM_CERT_FILE and VDSM_KEY_FILE issued by the engine's CA; if it is, look into vdsm.log on the host",
  },
  {
    message: /our own certificate, key or CA/,
    mending: "correct VDSM_CA_FILE, VDSM_CERT_FILE or VDSM_KEY_FILE",
  },
  {
    message: /no TLS 1\.2/,
    mending:
      "update the host's OpenSSL or its crypto policy: `update-crypto-policies --set DEFAULT`, then restart vdsmd",
  },
  {
    message: /does not speak TLS on this port/,
    mending: "if vdsm.conf there says `ssl=false`, set VDSM_TLS=off; else the port is not vdsmd's",
  },
  {
    message: /does not speak STOMP here|closed before CONNECTED/,
    mending: "if vdsm.conf there says `ssl=true`, VDSM_TLS must be on; else the port is not vdsmd's",
  },
  {
    message: /name does not resolve|cannot be resolved/,
    mending:
      "correct the name in VDSM_HOSTS, or by `vnic-graph hosts remove` and `hosts add` if it was added, or the DNS of this machine",
  },
  {
    message: /connection refused/,
    mending:
      "on the host: `systemctl status vdsmd`; the port of vdsmd is 54321 unless vdsm.conf says otherwise",
  },
  {
    message: /no route to|no TCP connection/,
    mending: "check the network and the host's firewall (TCP 54321)",
  },
  { message: /bytes allowed/, mending: "raise VDSM_MAX_ANSWER" },
];

const MENDING: Readonly<Record<HostErrorKind, string>> = {
  unreachable: "check the address, the firewall (TCP 54321) and, on the host, `systemctl status vdsmd`",
  untrusted:
    "VDSM_CA_FILE must be the engine's CA, the pair signed by it; a host whose certificate lacks its name: VDSM_SERVER_NAME=none",
  timeout: "it takes connections, but does not answer: restart vdsmd there, or raise VDSM_TIMEOUT",
  protocol: "is it vdsmd that listens there, of oVirt 4.2 or later?",
  recovering: "vdsmd has just started there; ask again in a minute",
  fault: "look into /var/log/vdsm/vdsm.log on the host",
  aborted: "the doctor was stopped; start it again",
};

/**
 * Checks how long the host's certificate is valid, on a connection of its own. The host has just answered, so this is
 * fast.
 */
async function checkCertificateExpiry(
  check: string,
  { host, port }: ConfiguredHost,
  { vdsmTransport, vdsmTimeoutMs }: Config,
): Promise<Finding | null> {
  if (vdsmTransport === null || vdsmTransport === "plain") return null;
  const mend = "on the engine: Hosts > Installation > Enroll Certificate";
  try {
    const certificate = await readPeerCertificate(
      host,
      port,
      await createTlsReader(vdsmTransport)(),
      vdsmTimeoutMs,
    );
    return certificate === null
      ? null
      : createExpiryFinding(check, "its certificate", certificate.validTo, mend);
  } catch (error) {
    return warn(check, `its certificate cannot be looked at: ${formatError(error)}`, mend);
  }
}

function readPeerCertificate(
  host: string,
  port: number,
  credentials: Parameters<typeof dial>[2],
  timeoutMs: number,
): Promise<X509Certificate | null> {
  return new Promise((resolve, reject) => {
    const closing = new AbortController();
    const socket = dial(host, port, credentials, closing.signal);
    const end = (settle: () => void) => {
      closing.abort();
      socket.destroy();
      settle();
    };
    socket.setTimeout(timeoutMs, () => {
      end(() => {
        reject(new Error(`no TLS within ${timeoutMs} ms`));
      });
    });
    socket.once("error", (error) => {
      end(() => {
        reject(error);
      });
    });
    socket.once("secureConnect", () => {
      const raw = socket instanceof TLSSocket ? socket.getPeerCertificate().raw : null;
      end(() => {
        resolve(raw === null ? null : new X509Certificate(raw));
      });
    });
  });
}
