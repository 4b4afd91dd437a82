/**
 * Returns a name in lower case if it is a valid DNS name of a host with at least one dot; `null` if not. A last label
 * of digits is not valid, since it would be read as an address.
 */
export function formatDnsName(name: string | null): string | null {
  const lower = name?.toLowerCase().replace(/\.$/, "") ?? "";
  const labels = lower.split(".");
  const isName = lower.length <= 253 && labels.length > 1 && labels.every((label) => LABEL.test(label));
  return isName && !NUMBER.test(labels.at(-1) ?? "") ? lower : null;
}

/** Makes a DNS label from any name. Characters that a label cannot have become dashes; a number gets `vm-` before it. */
export function formatLabel(name: string): string {
  const label = cutLabel(name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"), MOST_OF_LABEL);
  if (label === "") return "vm";
  return NUMBER.test(label) ? `vm-${cutLabel(label, MOST_OF_LABEL - 3)}` : label;
}

/** Formats the part of a VM's id that is added to a name which other VMs have, too. */
export function formatIdSuffix(id: string): string {
  return `-${id.slice(0, 8)}-${id.slice(-12)}`;
}

/** Makes a label that no other VM has, by adding a part of the VM's id. */
export function formatLabelWithId(name: string, id: string): string {
  const suffix = formatIdSuffix(id);
  return `${cutLabel(formatLabel(name), MOST_OF_LABEL - suffix.length)}${suffix}`;
}

/** Tells whether a name ends as {@link formatIdSuffix} does, so that it may be the one that is made for another VM. */
export function hasIdSuffix(name: string): boolean {
  return /-[0-9a-f]{8}-[0-9a-f]{12}$/.test(name);
}

/** Tells whether a name is reserved: machines use it for themselves, or it may be the one that is made for another VM. */
export function isReservedName(name: string): boolean {
  return RESERVED.test(name) || hasIdSuffix(name);
}

/** Cuts a label to its last characters, because the ends of long names differ more often than their beginnings. */
function cutLabel(label: string, most: number): string {
  return label
    .replaceAll(/^-+|-+$/g, "")
    .slice(-most)
    .replace(/^-+/, "");
}

const MOST_OF_LABEL = 63;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Matches what programs read as a number of an IPv4 address. */
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/;
const RESERVED = /^(?:localhost|broadcasthost|ip6-.*)(?:\..*)?$|^(?:.*\.)?(?:localhost|localdomain)$/;
