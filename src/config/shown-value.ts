/**
 * Formats what a setting is instead of what was expected. `found` is the part that is wrong, `text` the whole. Nothing of it is
 * shown where anything in the whole looks like a secret: a password with a comma is split as a list is.
 */
export function formatFound(found: string, text: string = found): string {
  return mayHoldSecret(text)
    ? "not what is given, which may hold a secret and so is not shown"
    : `not "${found.slice(0, 200)}"`;
}

/** Tells whether a text may hold a secret: credentials in a URL, its query, a PEM block, a token, or words that announce one. */
export function mayHoldSecret(text: string): boolean {
  return SECRETS.test(text);
}

const SECRETS =
  /[@?#%]|:\/\/[^/]*:(?!\d{1,5}(?:[/,]|$))|-----BEGIN|vg_[\w-]{8}|eyJ[\w-]{8}|passw|passphrase|pwd|secret|token/i;
