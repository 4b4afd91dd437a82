/** The MAC in lower case with colons, or `null` if the text is none of 6, 8 or 20 octets. */
export function canonicalMac(text: string): string | null {
  if (!FORMS.some((form) => form.test(text))) return null;
  const digits = text.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  return LENGTHS.includes(digits.length / 2) ? (digits.match(/../g) ?? []).join(":") : null;
}

/** `true` if both are the same MAC, however they are spelt: an engine stores what the guest said. */
export function sameMac(left: string | null, right: string | null): boolean {
  if (left === null || right === null) return false;
  return left === right || (canonicalMac(left) ?? left) === (canonicalMac(right) ?? right);
}

/** Ethernet, EUI-64, and IP over InfiniBand (59 characters, as guests report it). */
const LENGTHS: readonly number[] = [6, 8, 20];
const FORMS = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){1,19}$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){1,19}$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){1,9}$/i,
  /^[0-9a-f]{12}$/i,
];
