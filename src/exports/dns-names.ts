/** Returns a guest's name in lower case if it is one of the DNS with at least one dot; `null` if not. Guests choose it freely. */
export function formatDnsName(name: string | null): string | null {
  const lower = name?.toLowerCase().replace(/\.$/, "") ?? "";
  return lower.length <= 253 && lower.includes(".") && lower.split(".").every((label) => LABEL.test(label))
    ? lower
    : null;
}

/** Makes a label of the DNS of any name: what it cannot hold becomes a dash. */
export function formatLabel(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(-63)
    .replace(/^-+/, "");
  return label === "" ? "vm" : label;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;
