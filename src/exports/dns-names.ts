/**
 * Returns a name in lower case if it is a host's in the DNS with at least one dot; `null` if not. A last label of digits would
 * be read as an address.
 */
export function formatDnsName(name: string | null): string | null {
  const lower = name?.toLowerCase().replace(/\.$/, "") ?? "";
  const labels = lower.split(".");
  const isName = lower.length <= 253 && labels.length > 1 && labels.every((label) => LABEL.test(label));
  return isName && !NUMBER.test(labels.at(-1) ?? "") ? lower : null;
}

/** Makes a label of the DNS of any name: what it cannot hold becomes a dash, and a number is not alone. */
export function formatLabel(name: string): string {
  const label = cutLabel(name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"), MOST_OF_LABEL);
  return label === "" ? "vm" : NUMBER.test(label) ? cutLabel(`vm-${label}`, MOST_OF_LABEL) : label;
}

/** Formats the part of a VM's id that stands behind a name which other VMs have, too. */
export function formatIdSuffix(id: string): string {
  return `-${id.slice(0, 8)}-${id.slice(-12)}`;
}

/** Makes a label that no other VM has: a part of the VM's id stands behind it. */
export function formatLabelWithId(name: string, id: string): string {
  const suffix = formatIdSuffix(id);
  return `${cutLabel(formatLabel(name), MOST_OF_LABEL - suffix.length)}${suffix}`;
}

/** Returns `true` for names that machines take for themselves, and for those of the form of {@link formatLabelWithId}. */
export function isReservedName(name: string): boolean {
  return RESERVED.test(name) || /-[0-9a-f]{8}-[0-9a-f]{12}$/.test(name);
}

/** The end of a long name tells more VMs apart than its beginning. */
function cutLabel(label: string, most: number): string {
  return label
    .replaceAll(/^-+|-+$/g, "")
    .slice(-most)
    .replace(/^-+/, "");
}

const MOST_OF_LABEL = 63;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What programs read as a number of an IPv4 address. */
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/;
const RESERVED = /^(?:localhost|broadcasthost|ip6-.*)(?:\..*)?$|^(?:.*\.)?(?:localhost|localdomain)$/;
