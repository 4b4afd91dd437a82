/** Replaces what PostgreSQL cannot store by U+FFFD, so that what is read back compares equal. */
export function toStorableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Returns the text cut to `length` characters as PostgreSQL counts them, which is not as JavaScript does. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : Array.from(text).slice(0, length).join("");
}

/** Returns a guest's name for itself, or `null` where it has not been given one. */
export function normalizeFqdn(fqdn: string | null): string | null {
  if (fqdn === null) return null;
  const text = toStorableText(fqdn.trim());
  return text === "" || NAMES_OF_NOBODY.test(text) ? null : text;
}

const NAMES_OF_NOBODY = /^localhost(\.localdomain)?$/i;
