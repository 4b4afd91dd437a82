/**
 * What a change of a VM is about. One number holds several of them, as bits. A row of no kind is no change that a reader
 * sees: it says that the VM's past was erased, and holds what the VM was then.
 */
export const CHANGE_KIND = {
  /** The VM is stored for the first time. */
  NEW: 1,
  NAME: 2,
  STATUS: 4,
  /** Another host owns it, or none. */
  HOST: 8,
  /** The list of all addresses (`vm_ip`). */
  ADDRESSES: 16,
  FQDN: 32,
  /** Guest interfaces: their number, order, names, MACs or addresses. */
  INTERFACES: 64,
  NICS: 128,
  /** Why the guest's data is not current: `silence`, or that its host does not report the VM. */
  STALENESS: 256,
} as const;

/** A bit beside the kinds: the row holds all of its VM, before the change or for the first time. */
export const FULL_ROW = 512;

/** The bits that are kinds. */
export const ALL_KINDS = FULL_ROW - 1;

/** A name of a kind. */
export type ChangeKind = keyof typeof CHANGE_KIND;

/** Lists the names of the kinds in such a number. */
export function listKinds(kinds: number): ChangeKind[] {
  return (Object.keys(CHANGE_KIND) as ChangeKind[]).filter((kind) => (kinds & CHANGE_KIND[kind]) !== 0);
}
