import { constants } from "node:crypto";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from "node:tls";
import { createNameLookup } from "./name-lookup.js";
import type { TlsCredentials } from "./tls.js";

/**
 * Starts to connect. The name is resolved each time, until `closed` is aborted also for later dials. It never falls back to plain
 * TCP, or to TLS without verification.
 */
export function dial(
  host: string,
  port: number,
  credentials: TlsCredentials | null,
  closed: AbortSignal,
): Socket {
  const target = {
    host,
    port,
    noDelay: true,
    lookup: (...given: Parameters<LookupFunction>) => {
      lookUpName(...given, closed);
    },
    // The default of 250 ms would give up on addresses far away.
    autoSelectFamilyAttemptTimeout: 1_000,
  };
  if (credentials === null) return connectTcp(target);
  const name =
    credentials.serverName === null || credentials.serverName === "none" ? host : credentials.serverName;
  return connectTls({
    ...target,
    secureContext: getSecureContext(credentials),
    rejectUnauthorized: true,
    // RFC 6066: an address is not sent as server name.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_, certificate) =>
      credentials.serverName === "none" ? undefined : checkServerIdentity(name, certificate),
  });
}

const lookUpName = createNameLookup();

/**
 * The last TLS context. Thousands of hosts are connected with the same texts; a new context for each would parse and
 * hold the CA's certificates again.
 */
let last: { readonly credentials: TlsCredentials; readonly context: SecureContext } | null = null;

function getSecureContext(credentials: TlsCredentials): SecureContext {
  const { ca, cert, key } = credentials;
  const known = last?.credentials;
  if (last !== null && known?.ca === ca && known.cert === cert && known.key === key) return last.context;
  const context = createSecureContext({
    ca,
    cert,
    key,
    minVersion: "TLSv1.2",
    // A host that negotiates again without end takes time and sends nothing that could be counted. VDSM never does.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
  last = { credentials, context };
  return context;
}
