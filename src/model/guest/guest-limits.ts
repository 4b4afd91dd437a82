/** How much of one guest's report is kept; what exceeds it is left out and reported. */
export interface GuestLimits {
  /** Interfaces, those that are ignored not counted. */
  readonly interfaces: number;
  /** Addresses of all these interfaces together. */
  readonly addresses: number;
}

/** A container host has hundreds of interfaces; the service proxy of a large cluster puts thousands of addresses on one. */
export const DEFAULT_GUEST_LIMITS: GuestLimits = { interfaces: 10_000, addresses: 50_000 };
