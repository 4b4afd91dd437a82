import { INTERFACE_FIELDS } from "../../store/read/interface-columns.js";
import type { GuestInterface } from "../../store/types.js";
import { hasSameMembers } from "./guest-addresses.js";

/** The smallest changes by which a VM's stored interfaces become the reported ones. */
export interface InterfaceChanges {
  readonly inserted: readonly GuestInterface[];
  readonly deleted: readonly GuestInterface[];
  readonly updated: readonly { readonly before: GuestInterface; readonly after: GuestInterface }[];
}

/**
 * Compares stored and reported interfaces as multisets, because two interfaces may have the same name and MAC. Equal ones
 * stay, those with the same name and MAC are updated, and the others are inserted or deleted.
 */
export function diffInterfaces(
  stored: readonly GuestInterface[],
  reported: readonly GuestInterface[],
): InterfaceChanges {
  if (isSameInOrder(stored, reported)) return NO_INTERFACE_CHANGES;
  const extra = new Multiset(stored, formatInterfaceKey);
  const missing = reported.filter((guestInterface) => extra.take(guestInterface) === null);
  const extraByIdentity = new Multiset(extra.takeRest(), formatIdentity);
  const inserted: GuestInterface[] = [];
  const updated: { before: GuestInterface; after: GuestInterface }[] = [];
  for (const after of missing) {
    const before = extraByIdentity.take(after);
    if (before === null) inserted.push(after);
    else updated.push({ before, after });
  }
  const deleted = extraByIdentity.takeRest();
  if (inserted.length + deleted.length + updated.length === 0) return NO_INTERFACE_CHANGES;
  return { inserted, deleted, updated };
}

/**
 * Formats all values of an interface as one key. Ignores the order of its addresses, which agents change without a reason.
 */
export function formatInterfaceKey(guestInterface: GuestInterface): string {
  return JSON.stringify(
    INTERFACE_FIELDS.map((field) => {
      const value: FieldValue = guestInterface[field];
      return isList(value) ? value.toSorted() : value;
    }),
  );
}

/** Formats name and MAC as one key. Interfaces with the same key count as one, whatever their addresses. */
function formatIdentity({ name, macAddress }: GuestInterface): string {
  return JSON.stringify([name, macAddress]);
}

/** Returns `true` if both lists are equal, in the same order. This is the usual case, and it needs no keys. */
function isSameInOrder(stored: readonly GuestInterface[], reported: readonly GuestInterface[]): boolean {
  if (stored === reported) return true;
  return (
    stored.length === reported.length &&
    stored.every((row, index) => {
      const guestInterface = reported[index];
      return (
        guestInterface !== undefined &&
        INTERFACE_FIELDS.every((field) => isSameValue(row[field], guestInterface[field]))
      );
    })
  );
}

function isSameValue(left: FieldValue, right: FieldValue): boolean {
  return left === right || (isList(left) && isList(right) && hasSameMembers(left, right));
}

function isList(value: FieldValue): value is readonly string[] {
  return Array.isArray(value);
}

type FieldValue = string | number | boolean | null | readonly string[];

/** A multiset of interfaces. Each one is taken out by its key in constant time. */
class Multiset {
  private readonly byKey = new Map<string, GuestInterface[]>();

  constructor(
    interfaces: readonly GuestInterface[],
    private readonly getKey: (guestInterface: GuestInterface) => string,
  ) {
    for (const guestInterface of interfaces) {
      const key = getKey(guestInterface);
      const held = this.byKey.get(key);
      if (held === undefined) this.byKey.set(key, [guestInterface]);
      else held.push(guestInterface);
    }
  }

  take(like: GuestInterface): GuestInterface | null {
    return this.byKey.get(this.getKey(like))?.pop() ?? null;
  }

  takeRest(): GuestInterface[] {
    return [...this.byKey.values()].flat();
  }
}

/** The result for interfaces that did not change. */
export const NO_INTERFACE_CHANGES: InterfaceChanges = { inserted: [], deleted: [], updated: [] };
