/** Returns the Authorization header that a token would have, if the header is one of HTTP Basic with the token as password. */
export function readPasswordAsToken(authorization: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return authorization;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  // A name has no colon, a password may.
  const colon = text.indexOf(":");
  return colon === -1 ? authorization : `Bearer ${text.slice(colon + 1)}`;
}
