import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { HttpError } from "../errors.js";
import { parseBearerToken, type IdentitySource, pickRoles } from "./identity.js";

/** Whose tokens are accepted. */
export interface OpenIdConnectOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The claim that lists roles, such as `roles` or `realm_access.roles`. */
  readonly rolesClaim: string;
  /** How long the issuer may take to answer. */
  readonly timeoutMs?: number;
  /** Least time between two fetches of keys, however many tokens name unknown ones. */
  readonly cooldownMs?: number;
}

/** Fixed here; what a token says of its own algorithm only counts if it is one of these. None of them is symmetric. */
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
const CLOCK_TOLERANCE_S = 30;
const MAX_TOKEN_LENGTH = 8_192;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Identity by an OpenID Connect issuer's tokens. Keys are fetched when first needed; an issuer that is down is 503, not 401. */
export function createOpenIdConnectIdentity(options: OpenIdConnectOptions): IdentitySource {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  const keySet = (): Promise<JWTVerifyGetKey> => {
    keys ??= discoverKeys(options).catch((error: unknown) => {
      keys = null;
      throw error;
    });
    return keys;
  };

  return {
    async identify(credentials) {
      const token = parseBearerToken(credentials);
      if (token === null || token.length > MAX_TOKEN_LENGTH || token.split(".").length !== 3) return null;
      const key = await keySet();
      try {
        const { payload } = await jwtVerify(token, key, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ["exp", "sub"],
        });
        const roles = pickRoles(readClaimWords(payload, options.rolesClaim));
        return { name: payload.sub ?? "", roles, scope: null };
      } catch (error) {
        if (isTokenError(error)) return null;
        throw createIssuerDownError(error);
      }
    },
  };
}

async function discoverKeys(options: OpenIdConnectOptions): Promise<JWTVerifyGetKey> {
  const { timeoutMs = 5_000, cooldownMs = 10_000 } = options;
  try {
    const url = `${options.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    const found = discovery.parse(await response.json());
    if (found.issuer !== options.issuer)
      throw new Error(`the issuer calls itself otherwise: ${found.issuer}`);
    // jose fetches again when a token names an unknown key, but not more often than the cool-down allows.
    return createRemoteJWKSet(new URL(found.jwks_uri), {
      timeoutDuration: timeoutMs,
      cooldownDuration: cooldownMs,
    });
  } catch (error) {
    throw createIssuerDownError(error);
  }
}

/** jose's errors about the token, against those about fetching keys. */
function isTokenError(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function createIssuerDownError(cause: unknown): HttpError {
  const refusal = new HttpError(
    503,
    "IDENTITY_UNAVAILABLE",
    "The identity provider does not answer. Try again soon.",
    {
      "retry-after": "5",
    },
  );
  refusal.cause = cause;
  return refusal;
}

/** Roles at `a.b.c` in the claims: a list, or words separated by blanks. */
function readClaimWords(payload: JWTPayload, claim: string): unknown[] {
  let value: unknown = Object.hasOwn(payload, claim) ? payload[claim] : payload;
  if (value === payload) {
    for (const name of claim.split(".")) {
      value =
        typeof value === "object" && value !== null && Object.hasOwn(value, name)
          ? Reflect.get(value, name)
          : null;
    }
  }
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value : [];
}
