/** What a text in the search box asks for. */
export type Search =
  | { readonly kind: "all" }
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "mac"; readonly mac: string };

/** Decides whether a text is an address, a CIDR prefix, a MAC or a part of a name. The server checks it again. */
export function parseSearch(text: string): Search {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "all" };
  if (MAC.some((form) => form.test(trimmed))) return { kind: "mac", mac: trimmed };
  const address = takeAddress(trimmed);
  if (isIPv4(address) || isIPv6(address)) return { kind: "address", address };
  if (isPrefix(trimmed)) return { kind: "prefix", prefix: trimmed };
  return { kind: "name", text: trimmed };
}

/** Takes the address out of how browsers, guests and half-typed prefixes write it: `[fe80::1]`, `fe80::1%eth0`, `10.0.0.0/`. */
function takeAddress(text: string): string {
  return /^\[?([0-9a-f.:]+)(?:%[\w.-]+)?\]?\/?$/i.exec(text)?.[1] ?? text;
}

function isPrefix(text: string): boolean {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128);
}

function isIPv4(text: string): boolean {
  const octets = text.split(".");
  return (
    octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256)
  );
}

/** The URL standard knows every spelling of an IPv6 address, so the browser decides. */
function isIPv6(text: string): boolean {
  return text.includes(":") && /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

const MAC = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i,
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){19}$/i,
];
