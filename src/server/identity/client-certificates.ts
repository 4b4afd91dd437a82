import type { Socket } from "node:net";
import { type PeerCertificate, TLSSocket } from "node:tls";
import type { CertificateRoles } from "../../model/roles.js";
import type { ClientCertificate, IdentitySource } from "./identity.js";

/** Creates identity by client certificate. TLS has verified the certificate; its names decide the roles. */
export function createCertificateIdentity(rolesByName: CertificateRoles): IdentitySource {
  const known = new Map(Object.entries(rolesByName).map(([name, roles]) => [name.toLowerCase(), roles]));
  return {
    identify({ certificate }) {
      if (certificate === null) return Promise.resolve(null);
      const names = [certificate.commonName, ...certificate.altNames].filter((name) => name !== null);
      const listed = names.find((name) => known.has(name));
      const roles = known.get(listed ?? "*");
      if (roles === undefined) return Promise.resolve(null);
      const name = listed ?? certificate.commonName ?? "certificate without a name";
      return Promise.resolve({ name, roles: new Set(roles), scope: null });
    },
  };
}

/** Reads the verified client certificate of a connection, or `null`: none, or not signed by our CA. */
export function readClientCertificate(socket: Socket): ClientCertificate | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const peer = socket.getPeerCertificate() as PeerCertificate | Record<string, never>;
  if (!("subject" in peer)) return null;
  return { commonName: parseCommonName(peer.subject.CN), altNames: parseAltNames(peer.subjectaltname) };
}

function parseCommonName(name: unknown): string | null {
  return typeof name === "string" ? name.toLowerCase() : null;
}

/**
 * Parses alternative names, lower-case. Gives none if there is a quote: Node writes one around a name with a comma, and
 * nobody lists such names.
 */
function parseAltNames(text: string | undefined): string[] {
  if (text === undefined || text.includes('"')) return [];
  return text
    .split(", ")
    .map((each) => /^(?:DNS|URI|IP Address|email):(.+)$/.exec(each)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined);
}
