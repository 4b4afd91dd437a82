import { connect as connectTcp, isIP, type Socket } from "node:net";
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from "node:tls";
import type { TlsCredentials } from "./tls.js";

/** Starts to connect; the name is resolved anew each time. Nothing falls back to plain TCP, or to not verifying. */
export function dial(host: string, port: number, credentials: TlsCredentials | null): Socket {
  const target = {
    host,
    port,
    noDelay: true,
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
    // RFC 6066: an address is no server name.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_, certificate) =>
      credentials.serverName === "none" ? undefined : checkServerIdentity(name, certificate),
  });
}

/**
 * Keeps the last context. Thousands of hosts are dialled with the same texts, and each context of its own would hold,
 * and parse, the CA's certificates once more.
 */
let last: { readonly credentials: TlsCredentials; readonly context: SecureContext } | null = null;

function getSecureContext(credentials: TlsCredentials): SecureContext {
  const { ca, cert, key } = credentials;
  const known = last?.credentials;
  if (last !== null && known?.ca === ca && known.cert === cert && known.key === key) return last.context;
  const context = createSecureContext({ ca, cert, key, minVersion: "TLSv1.2" });
  last = { credentials, context };
  return context;
}
