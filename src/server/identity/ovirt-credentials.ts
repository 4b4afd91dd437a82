import { unwrapToken } from "../../model/wrapped-token.js";

/**
 * Returns the Authorization header with the bearer token that one of oVirt's clients sent. The token is the password of
 * HTTP Basic, whatever the name, or inside the token that our login gave the client. Any other header is returned as it
 * is.
 */
export function readOvirtCredentials(authorization: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(Basic|Bearer) +(\S+) *$/i.exec(authorization ?? "") ?? [];
  if (value === "") return authorization;
  if (scheme.toLowerCase() === "bearer") return `Bearer ${unwrapToken(value)}`;
  const text = Buffer.from(value, "base64").toString("utf8");
  // A name has no colon, a password may.
  const colon = text.indexOf(":");
  return colon === -1 ? authorization : `Bearer ${text.slice(colon + 1)}`;
}
