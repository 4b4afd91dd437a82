/** Formats the id of the n-th row of a kind in a large database: `1` VMs, `2` vNICs, `a` hosts. */
export function largeId(kind: string, n: number): string {
  return `${kind}0000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** Formats the same id as SQL, for an expression that gives the number. */
export function formatId(kind: string, n: string): string {
  return `('${kind}0000000-0000-4000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
}

/** Formats an IPv4 address as SQL. */
export function formatIp(n: string): string {
  return `'10.' || (${n}) / 65536 || '.' || (${n}) / 256 % 256 || '.' || (${n}) % 256`;
}

/** Formats a link-local IPv6 address in canonical text as SQL. */
export function formatIpv6(n: string): string {
  return `'fe80::' || CASE WHEN (${n}) < 65536 THEN '' ELSE to_hex((${n}) / 65536) || ':' END || to_hex((${n}) % 65536)`;
}

/** Formats a MAC as SQL. */
export function formatMac(n: string): string {
  return `'56:6f:' || regexp_replace(lpad(to_hex(${n}), 8, '0'), '(..)(..)(..)(..)', '\\1:\\2:\\3:\\4')`;
}
