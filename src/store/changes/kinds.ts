/**
 * The kinds of changes of a VM, as bits: one number can hold several kinds. A row without any kind is not a change that a
 * reader sees. It says that the VM's past was erased, and holds the VM as it was then.
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

/** A bit that is not a kind: the row holds the complete VM, as it was before the change or when it was first stored. */
export const FULL_ROW = 512;

/** The bits that are kinds. */
export const ALL_KINDS = FULL_ROW - 1;

/** A name of a kind. */
export type ChangeKind = keyof typeof CHANGE_KIND;

/** Lists the names of the kinds whose bits are set. */
export function listKinds(kinds: number): ChangeKind[] {
  return (Object.keys(CHANGE_KIND) as ChangeKind[]).filter((kind) => (kinds & CHANGE_KIND[kind]) !== 0);
}
