/**
 * Formats what a setting is instead of what was expected. `found` is the part that is wrong, `text` the whole. Nothing of it is
 * shown where anything in the whole looks like a secret: a password with a comma is split as a list is. Then its place is told.
 */
export function formatFound(found: string, text: string = found): string {
  if (!mayHoldSecret(text)) return `not "${found.slice(0, 200)}"`;
  return `not ${describePlace(found, text)}what is given, which may hold a secret and so is not shown`;
}

/** Describes where in a list a part stands, or a name or word of it; `""`: nowhere, or it is the only one. */
function describePlace(found: string, list: string): string {
  const parts = list.split(",").map((part) => part.trim());
  const at = parts.findIndex((part) => part === found || part.split(/[=+]/).includes(found));
  return at === -1 || parts.length === 1 ? "" : `part ${at + 1} of `;
}

/** Tells whether a text may hold a secret: credentials in a URL, its query, a PEM block, a token, or words that announce one. `tokens=` is a limit's. */
export function mayHoldSecret(text: string): boolean {
  return SECRETS.test(text);
}

const SECRETS =
  /[@?#%]|:\/\/[^/]*:(?!\d{1,5}(?:[/,]|$))|-----BEGIN|vg_[\w-]{8}|eyJ[\w-]{8}|passw|passphrase|pwd|secret|token(?!s=)/i;
