/**
 * Wraps a bearer token so that its text does not appear in the result. oVirt's login returns a token for a password, and
 * here the password is the token. Ansible hides every text in a result that equals a password, and would hide the token,
 * too.
 */
export function wrapToken(token: string): string {
  return PREFIX + Buffer.from(token).toString("base64url");
}

/** Returns the token that was wrapped; returns any other text as it is. */
export function unwrapToken(text: string): string {
  return text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), "base64url").toString() : text;
}

const PREFIX = "vnic-graph-login.";
