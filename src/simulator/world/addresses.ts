/** The networks of a simulated data centre, each with its own address ranges. */
export const NETWORKS = ["ovirtmgmt", "storage", "vm-prod", "vm-dmz"] as const;

/** The name of a network in a simulated data centre. */
export type NetworkName = (typeof NETWORKS)[number];

/** Assigns MACs and addresses, each once. Their order depends only on the calls. */
export class AddressPlan {
  private macs = 0;
  private readonly addresses = new Map<NetworkName, number>();

  /** Takes MACs by turns from two ranges of oVirt engines: the present default pool and the older Qumranet one. */
  takeMac(): string {
    const number = this.macs;
    this.macs += 1;
    const tail = (number >> 1) + 0x100;
    const bytes = [(tail >> 16) & 0xff, (tail >> 8) & 0xff, tail & 0xff].map(formatHexByte).join(":");
    return number % 2 === 0 ? `56:6f:1a:${bytes}` : `00:1a:4a:${bytes}`;
  }

  takeIpv4(network: NetworkName): string {
    const number = this.takeNumber(network);
    return `10.${10 * (NETWORKS.indexOf(network) + 1)}.${(number >> 8) & 0xff}.${number & 0xff}`;
  }

  takeIpv6(network: NetworkName): string {
    return `2001:db8:${NETWORKS.indexOf(network) + 1}::${this.takeNumber(network).toString(16)}`;
  }

  private takeNumber(network: NetworkName): number {
    const number = (this.addresses.get(network) ?? 9) + 1;
    // A last byte of 0 or 255 would look like a network or broadcast address, which no guest has.
    const taken = number % 256 === 255 ? number + 2 : number;
    this.addresses.set(network, taken);
    return taken;
  }
}

/** Derives the link-local address of a Linux kernel (modified EUI-64, RFC 4291 appendix A). */
export function deriveLinkLocal(mac: string): string {
  const bytes = mac.split(":").map((byte) => parseInt(byte, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes.slice(-6);
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(":")}`;
}

/** Formats two lower-case hexadecimal digits. */
export function formatHexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
