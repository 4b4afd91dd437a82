import { createHash } from "node:crypto";

/**
 * Returns `true` if the text is a UUID as PostgreSQL prints it, in any case. No other text may reach a statement as an id.
 */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Returns the UUID in lower case, or `null` if the value is not a UUID. */
export function normalizeUuid(value: unknown): string | null {
  return typeof value === "string" && isUuid(value) ? value.toLowerCase() : null;
}

/**
 * Parses a UUID in any spelling that PostgreSQL reads: of any case, with a dash after any four digits or with none, in braces. It may stand
 * behind `urn:uuid:`. Returns it in lower case with its four dashes, or `null` if the text is no UUID.
 */
export function parseUuid(text: string): string | null {
  const digits = text.replace(/^(?:urn:uuid:)?\{?([^{}]+)\}?$/i, "$1");
  return ANY_SPELLING.test(digits) ? formatUuid(digits.replaceAll("-", "").toLowerCase()) : null;
}

/** Formats a UUID of its 32 hexadecimal digits. */
export function formatUuid(digits: string): string {
  const [first, second, third] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16)];
  return `${first}-${second}-${third}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

/** Derives a UUID from a name, so that every replica and every restart gets the same one. */
export function deriveUuid(name: string, { hash, version }: UuidKind = VERSION_5): string {
  const digest = createHash(hash).update(name).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | (version << 4), 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return formatUuid(digest.toString("hex", 0, 16));
}

/** How a UUID is derived from a name. RFC 9562 prescribes SHA-1 for version 5, and leaves version 8 to the application. */
export interface UuidKind {
  readonly hash: "sha1" | "sha256";
  readonly version: 5 | 8;
}

const VERSION_5: UuidKind = { hash: "sha1", version: 5 };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ANY_SPELLING = /^[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}$/i;
