/**
 * Formats a loopback address of its own for each host. Linux has all of 127.0.0.0/8, and no other program listens from
 * 127.1.0.0 on.
 */
export function formatLoopback(host: number): string {
  return `127.${1 + (host >> 16)}.${(host >> 8) & 0xff}.${host & 0xff}`;
}

/** Parses the number of the host with this address, or -1. */
export function parseLoopback(address: string): number {
  const match = /^127\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  return match === null ? -1 : (Number(match[1]) - 1) * 65_536 + Number(match[2]) * 256 + Number(match[3]);
}
