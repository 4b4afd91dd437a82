import type { Viewer } from "../../graph/context.js";
import { ALL_ROLES, type Role } from "../../model/roles.js";
import { HttpError } from "../errors.js";

/** What a request brings to say who it is. Never its address and never its query string. */
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
  /** Whole VM names, `*` for any characters. */
  readonly namePatterns: readonly string[];
  readonly hostIds: readonly string[];
  readonly vmIds: readonly string[];
}

/** The viewer who asks, and which VMs they may see; `null`: all. */
export interface KnownViewer extends Viewer {
  readonly scope: Scope | null;
}

/** Formats who a viewer is and what they may see, to notice that it changes. */
export function formatRights({ name, roles, scope }: KnownViewer): string {
  return JSON.stringify([name, [...roles].sort(), scope]);
}

/** Says who asks, or refuses with 401 or 503. */
export interface Identity {
  /** `false`: everybody is let in, with every role. */
  readonly required: boolean;
  identify(credentials: Credentials): Promise<KnownViewer>;
}

/** One way to be known: `null` means that these credentials are not of its kind, or not known to it. */
export interface IdentitySource {
  identify(credentials: Credentials): Promise<KnownViewer | null>;
}

/** No identity: whoever reaches the server may do everything. */
export function createOpenIdentity(): Identity {
  const anybody: KnownViewer = { name: "anybody", roles: new Set(ALL_ROLES), scope: null };
  return { required: false, identify: () => Promise.resolve(anybody) };
}

/** Identity from the first source that knows the credentials. */
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

/** Keeps the words that are roles; anything else in a claim or a file is somebody else's business. */
export function pickRoles(words: readonly unknown[]): Set<Role> {
  return new Set(ALL_ROLES.filter((role) => words.includes(role)));
}

function createUnauthenticatedError(tried: boolean): HttpError {
  const challenge = 'Bearer realm="vnic-graph"' + (tried ? ', error="invalid_token"' : "");
  const message = tried
    ? "These credentials are not valid here."
    : "Say who you are: send Authorization: Bearer with a token.";
  return new HttpError(401, "UNAUTHENTICATED", message, { "www-authenticate": challenge });
}
