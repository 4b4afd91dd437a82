/** A host and its port, as in a setting or a URL. */
export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

/** The port on which VDSM listens unless a setting says otherwise. */
export const VDSM_PORT = 54_321;

/** Formats `host:port`, with IPv6 addresses in brackets. */
export function formatHostAddress({ host, port }: HostAddress): string {
  return `${addBracketsToIPv6(host)}:${port}`;
}

/** Puts an IPv6 address in brackets, as URLs need it; leaves names and IPv4 addresses alone. */
export function addBracketsToIPv6(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Parses the name or address in a Host header, without port and brackets; `null` if it is malformed. */
export function parseHostHeader(header: string): string | null {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (parts?.[1] ?? parts?.[2])?.toLowerCase() ?? null;
}

/** Returns `true` if only this machine can be reached by the name or address. */
export function isLoopbackHost(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host);
}
