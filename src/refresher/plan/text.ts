/** Replaces characters that PostgreSQL cannot store by U+FFFD, so that the stored text equals the returned one. */
export function toStorableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Cuts a text to `length` characters as PostgreSQL counts them. JavaScript counts characters outside of the BMP twice. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : Array.from(text).slice(0, length).join("");
}

/** Returns a guest's own name, or `null` if it has none. */
export function normalizeFqdn(fqdn: string | null): string | null {
  if (fqdn === null) return null;
  const text = toStorableText(fqdn.trim());
  return text === "" || NAMES_OF_NOBODY.test(text) ? null : text;
}

const NAMES_OF_NOBODY = /^localhost(\.localdomain)?$/i;
