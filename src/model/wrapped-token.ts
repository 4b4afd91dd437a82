/**
 * Wraps a bearer token so that its own text is nowhere in it. oVirt's login gives a token for a password, and the password
 * is the token here; Ansible hides whatever equals a password in what its modules return, and would hide the token too.
 */
export function wrapToken(token: string): string {
  return PREFIX + Buffer.from(token).toString("base64url");
}

/** Returns the token that was wrapped; any other text as it is. */
export function unwrapToken(text: string): string {
  return text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), "base64url").toString() : text;
}

const PREFIX = "vnic-graph-login.";
