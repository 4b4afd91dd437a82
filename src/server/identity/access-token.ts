import type { JWTPayload, ProtectedHeaderParameters } from "jose";

/**
 * Finds out why a verified token is no access token for us; `null`: it is one. Issuers sign ID tokens, refresh tokens
 * and logout tokens with the same keys, often for the same audience, and none of those may open the graph.
 *
 * 1. `typ` in the header, if given, must be JWT or access token (RFC 9068); `logout+jwt` and the like are refused.
 * 2. A claim that names the kind of token must name an access token: Keycloak's `typ`, Cognito's `token_use`.
 * 3. A token whose kind is not stated must not look like an ID token: no `nonce`, no hash of another token, and not
 *    issued to (`azp`) the very client that our audience names.
 * 4. `sub` is a text that a log can show; `azp`, if given, too.
 */
export function findTokenFault(
  header: ProtectedHeaderParameters,
  payload: JWTPayload,
  audience: string,
): string | null {
  const { sub, azp } = payload;
  if (!isPlainText(sub)) return "sub is no name";
  if (azp !== undefined && !isPlainText(azp)) return "azp is no name";
  const headerType = header.typ === undefined ? null : header.typ.toLowerCase().replace(/^application\//, "");
  if (headerType !== null && headerType !== "jwt" && headerType !== "at+jwt") return "typ is no access token";
  if (payload["events"] !== undefined) return "a logout token";
  const kinds = [payload["typ"], payload["token_use"]].filter((kind) => kind !== undefined);
  if (!kinds.every((kind) => typeof kind === "string" && ACCESS_KINDS.has(kind.toLowerCase())))
    return "the issuer calls it otherwise";
  if (headerType === "at+jwt" || kinds.length > 0) return null;
  if (ID_TOKEN_CLAIMS.some((claim) => payload[claim] !== undefined)) return "an ID token";
  if (azp === audience) return "issued to the audience itself, as ID tokens are";
  return null;
}

/** What issuers call an access token in the claims. */
const ACCESS_KINDS: ReadonlySet<string> = new Set(["bearer", "access", "access_token", "at+jwt"]);

/** Claims that OpenID Connect defines for ID tokens alone. */
const ID_TOKEN_CLAIMS = ["nonce", "at_hash", "c_hash", "s_hash"] as const;

function isPlainText(value: unknown): value is string {
  return typeof value === "string" && /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{1,255}$/u.test(value);
}
