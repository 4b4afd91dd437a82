/** How much of one guest's report is kept. The rest is left out and reported as a problem. */
export interface GuestLimits {
  /** The number of interfaces, without ignored ones. */
  readonly interfaces: number;
  /** The number of addresses of all these interfaces together. */
  readonly addresses: number;
}

/** The most characters of a VM's name: `vm_static.vm_name` is varchar(255), as an engine has it. */
export const VM_NAME_LENGTH = 255;

/**
 * A guest with containers has hundreds of interfaces. In a large cluster, a service proxy puts thousands of addresses on
 * one.
 */
export const DEFAULT_GUEST_LIMITS: GuestLimits = { interfaces: 10_000, addresses: 50_000 };
