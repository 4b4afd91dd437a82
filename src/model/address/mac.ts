/**
 * Returns the MAC in lower case with colons; `null` if the text is not a MAC of 6, 8 or 20 octets. Accepts every spelling
 * that guests, engines and people use.
 */
export function normalizeMac(text: string): string | null {
  // Nearly all stored MACs have this form already.
  if (ONE_FORM.test(text)) return text;
  if (!FORMS.some((form) => form.test(text))) return null;
  const digits = text.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  return LENGTHS.includes(digits.length / 2) ? (digits.match(/../g) ?? []).join(":") : null;
}

/** Does the same for a MAC that an engine stores as the guest wrote it. Ignores blanks around it. */
export function normalizeStoredMac(text: string | null): string | null {
  return text === null ? null : normalizeMac(text.trim());
}

/** Does the same for one that a host reports. Takes octets without their leading zeros, too, as C's `ether_ntoa` writes them. */
export function normalizeReportedMac(text: string | null): string | null {
  const mac = text?.trim() ?? "";
  return normalizeMac(mac) ?? (SHORT_OCTETS.test(mac) ? padOctets(mac) : null);
}

function padOctets(mac: string): string {
  const octets = mac.toLowerCase().split(":");
  return octets.map((octet) => octet.padStart(2, "0")).join(":");
}

const SHORT_OCTETS = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/i;

/** Six octets as {@link normalizeMac} returns them. */
const ONE_FORM = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/** Returns `true` if both texts are the same MAC, whatever their spelling. */
export function isSameMac(left: string | null, right: string | null): boolean {
  if (left === null || right === null) return false;
  return left === right || toMacKey(left) === toMacKey(right);
}

/** Returns `true` for what guests report as the MAC of an interface that has none: zeros, of a tunnel of Windows with `e0` behind them. */
export function isNoMac(mac: string): boolean {
  return NO_MAC.test(mac);
}

const NO_MAC = /^(?:00[:-]?)+(?:e0)?$/i;

/** Groups items by their MACs, whatever the spelling, so that two lists need not be compared item by item. */
export function groupByMac<Item extends { readonly macAddress: string | null }>(
  items: readonly Item[],
): MacGroups<Item> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const { macAddress } = item;
    if (macAddress === null) continue;
    const key = toMacKey(macAddress);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return {
    find: (mac) => (mac === null ? [] : (groups.get(toMacKey(mac)) ?? [])),
    all: [...groups.values()],
  };
}

/** Items by MAC. */
export interface MacGroups<Item> {
  /** Finds the items with the MAC, in their order; none for `null`. */
  readonly find: (mac: string | null) => readonly Item[];
  /** One group for each MAC, in the order in which the MACs first appear. */
  readonly all: readonly (readonly Item[])[];
}

/** Returns a key that is equal for all spellings of a MAC. A text that is not a MAC is its own key. */
function toMacKey(mac: string): string {
  return ONE_FORM.test(mac) ? mac : (normalizeMac(mac) ?? mac);
}

/** The numbers of octets of Ethernet, of EUI-64, and of IP over InfiniBand (59 characters, as guests report it). */
const LENGTHS: readonly number[] = [6, 8, 20];
const FORMS = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){1,19}$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){1,19}$/i,
  /^[0-9a-f]{2}(?: [0-9a-f]{2}){1,19}$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){1,9}$/i,
  // Switches of Huawei, H3C and HPE show MACs in these ways. More groups with colons would be IPv6.
  /^[0-9a-f]{4}([:-])[0-9a-f]{4}\1[0-9a-f]{4}$/i,
  /^[0-9a-f]{6}-[0-9a-f]{6}$/i,
  /^(?:[0-9a-f]{2}){6,20}$/i,
];
