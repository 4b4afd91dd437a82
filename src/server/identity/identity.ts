import type { Viewer } from "../../graph/context.js";
import { ALL_ROLES, type Role } from "../../model/roles.js";
import { HttpError } from "../errors.js";

/** What a request brings to identify its sender. Its address and its query string never count. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly certificate: ClientCertificate | null;
}

/** A client certificate that our CA signed: its names, lower-case. */
export interface ClientCertificate {
  readonly commonName: string | null;
  readonly altNames: readonly string[];
}

/** Which VMs a viewer may see; a VM is in scope if any of the lists names it. */
export interface Scope {
  /** Patterns of VM names, matched from start to end; `*` stands for any characters. */
  readonly namePatterns: readonly string[];
  readonly hostIds: readonly string[];
  readonly vmIds: readonly string[];
}

/** A viewer who was identified, with the VMs that they may see; scope `null`: all VMs. */
export interface KnownViewer extends Viewer {
  readonly scope: Scope | null;
}

/** Formats who a viewer is and what they may see. A change of this text is a change of rights. */
export function formatRights({ name, roles, scope }: KnownViewer): string {
  return JSON.stringify([name, [...roles].sort(), scope]);
}

/** Identifies who asks, or rejects with 401 or 503. */
export interface Identity {
  /** `false`: everybody is let in, with every role. */
  readonly required: boolean;
  identify(credentials: Credentials): Promise<KnownViewer>;
}

/** One way to identify a viewer. `null`: these credentials are of another kind, or not known to it. */
export interface IdentitySource {
  identify(credentials: Credentials): Promise<KnownViewer | null>;
}

/** Creates the identity of an open server: whoever reaches it may do everything. */
export function createOpenIdentity(): Identity {
  const anybody: KnownViewer = { name: "anybody", roles: new Set(ALL_ROLES), scope: null };
  return { required: false, identify: () => Promise.resolve(anybody) };
}

/** Creates an identity from several sources. The first one that knows the credentials decides. */
export function createIdentity(sources: readonly IdentitySource[]): Identity {
  return {
    required: true,
    async identify(credentials) {
      for (const source of sources) {
        const viewer = await source.identify(credentials);
        if (viewer !== null) return viewer;
      }
      throw createUnauthenticatedError(credentials.authorization !== undefined);
    },
  };
}

/** Parses the token of an `Authorization: Bearer` header, or `null`. */
export function parseBearerToken({ authorization }: Credentials): string | null {
  return /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** Picks the values that are roles. Other values in a claim or a file belong to other programs, and are ignored. */
export function pickRoles(values: readonly unknown[]): Set<Role> {
  return new Set(ALL_ROLES.filter((role) => values.includes(role)));
}

function createUnauthenticatedError(tried: boolean): HttpError {
  const challenge = 'Bearer realm="vnic-graph"' + (tried ? ', error="invalid_token"' : "");
  const message = tried
    ? "These credentials are not valid here."
    : "Say who you are: send Authorization: Bearer with a token.";
  return new HttpError(401, "UNAUTHENTICATED", message, { "www-authenticate": challenge });
}
