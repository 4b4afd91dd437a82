import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from "jose";
import type { Logger } from "pino";
import { HttpError } from "../errors.js";
import { findTokenFault } from "./access-token.js";
import { parseBearerToken, type IdentitySource, pickRoles } from "./identity.js";
import { createIssuerKeys, type IssuerKeys, type KeySet } from "./issuer-keys.js";

/** Says which issuer's tokens are accepted. */
export interface OpenIdConnectOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The claim that lists roles, such as `roles` or `realm_access.roles`. */
  readonly rolesClaim: string;
  /** How long the issuer may take to answer. */
  readonly timeoutMs?: number;
  /** Least time between two fetches of keys, however many tokens name unknown ones. */
  readonly cooldownMs?: number;
  /** Age at which known keys are fetched again in the background. */
  readonly maxAgeMs?: number;
  /** Gets one line when the issuer stops answering, and one when it answers again. */
  readonly log?: Pick<Logger, "warn" | "info">;
  /** Milliseconds of a clock that never steps. */
  readonly now?: () => number;
}

/** The only algorithms that are accepted, whatever a token names. None of them is symmetric. */
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
const CLOCK_TOLERANCE_S = 30;
const MAX_TOKEN_LENGTH = 8_192;

/** More keys of one kind than an issuer has at a time, even while it exchanges them. */
const MOST_KEYS_TRIED = 16;

/** Retry-After for clients. Asking the issuer sooner would not help. */
const RETRY_AFTER_S = 5;

/**
 * Creates identity by an OpenID Connect issuer's access tokens. Keys are fetched when first needed. While the issuer is
 * down, tokens of known keys stay valid, and tokens of unknown keys are refused with 503, not 401.
 */
export function createOpenIdConnectIdentity(options: OpenIdConnectOptions): IdentitySource {
  const {
    issuer,
    timeoutMs = 5_000,
    cooldownMs = 10_000,
    maxAgeMs = 600_000,
    log = null,
    now = () => performance.now(),
  } = options;
  const keys = createIssuerKeys({
    issuer,
    timeoutMs,
    cooldownMs,
    failureCooldownMs: Math.min(cooldownMs, RETRY_AFTER_S * 1_000),
    maxAgeMs,
    log,
    now,
  });
  return {
    async identify(credentials) {
      const token = parseBearerToken(credentials);
      if (token === null || !mayBeOurs(token, options)) return null;
      try {
        const { payload, protectedHeader } = await verify(token, keys, options);
        if (findTokenFault(protectedHeader, payload, options.audience) !== null) return null;
        const roles = pickRoles(readRolesClaim(payload, options.rolesClaim));
        return { name: payload.sub ?? "", roles, scope: null };
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        // The issuer does not answer, or gives keys that cannot be used: no fault of the token's.
        throw createIssuerDownError(error);
      }
    },
  };
}

/** Tells whether a token names this issuer as its own. Any other token is refused before anything is fetched. */
function mayBeOurs(token: string, { issuer }: OpenIdConnectOptions): boolean {
  if (token.length > MAX_TOKEN_LENGTH || token.split(".").length !== 3) return false;
  try {
    return ALGORITHMS.includes(decodeProtectedHeader(token).alg ?? "") && decodeJwt(token).iss === issuer;
  } catch {
    return false;
  }
}

/** Verifies with the known keys, and once more with newer ones if the token's key may be among those alone. */
async function verify(
  token: string,
  keys: IssuerKeys,
  options: OpenIdConnectOptions,
): Promise<JWTVerifyResult> {
  const known = await keys.find();
  try {
    return await verifyWith(known, token, options);
  } catch (error) {
    const isFit = !(
      error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
    );
    if (isFit || known.hasName(decodeProtectedHeader(token).kid)) throw error;
    const newer = await keys.findNewer();
    if (newer === null) throw error;
    return verifyWith(newer, token, options);
  }
}

async function verifyWith(
  { findKey }: KeySet,
  token: string,
  { issuer, audience }: OpenIdConnectOptions,
): Promise<JWTVerifyResult> {
  const rules: JWTVerifyOptions = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ["exp", "sub"],
  };
  try {
    return await jwtVerify(token, findKey, rules);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return verifyWithEach(error, token, rules);
  }
}

/** Tries one key after the other, since neither the token nor the issuer says which one it is. */
async function verifyWithEach(
  keys: errors.JWKSMultipleMatchingKeys,
  token: string,
  rules: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  let triesLeft = MOST_KEYS_TRIED;
  for await (const key of keys) {
    try {
      return await jwtVerify(token, key, rules);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
    triesLeft -= 1;
    if (triesLeft === 0) break;
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function createIssuerDownError(cause: unknown): HttpError {
  const message = "The identity provider does not answer. Try again soon.";
  const refusal = new HttpError(503, "IDENTITY_UNAVAILABLE", message, {
    "retry-after": String(RETRY_AFTER_S),
  });
  refusal.cause = cause;
  return refusal;
}

/** Reads the claim of roles, at a path such as `a.b.c`: a list, or a text with blanks between roles. */
function readRolesClaim(payload: JWTPayload, claim: string): unknown[] {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : readPath(payload, claim.split("."));
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value : [];
}

function readPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : null,
    value,
  );
}
