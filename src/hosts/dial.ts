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
    secureContext: contextOf(credentials),
    rejectUnauthorized: true,
    // RFC 6066: an address is no server name.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_, certificate) =>
      credentials.serverName === "none" ? undefined : checkServerIdentity(name, certificate),
  });
}

/** Contexts are kept as long as their texts are the same: parsing them costs more than a handshake with ten thousand hosts may. */
const contexts = new WeakMap<TlsCredentials, SecureContext>();

function contextOf(credentials: TlsCredentials): SecureContext {
  const { ca, cert, key } = credentials;
  const context = contexts.get(credentials) ?? createSecureContext({ ca, cert, key, minVersion: "TLSv1.2" });
  contexts.set(credentials, context);
  return context;
}
