/** Decodes the references of a text: the five of XML, and character numbers. Other references stay as they are written. */
export function decodeXml(raw: string): string {
  return raw.includes("&") ? raw.replace(REFERENCE, decodeReference) : raw;
}

function decodeReference(whole: string, name: string): string {
  if (!name.startsWith("#")) return NAMED.get(name) ?? whole;
  const isHex = name[1] === "x" || name[1] === "X";
  const code = isHex ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  // NUL and surrogates are no characters of XML.
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : whole;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

const REFERENCE = /&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,4});/g;
