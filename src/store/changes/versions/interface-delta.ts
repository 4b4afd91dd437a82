import { createInterface, UNKNOWN_INTERFACE } from "../../read/interface-columns.js";
import type { GuestInterface } from "../../types.js";
import { diffLists, undoListDiff, type ListDiff } from "./list-diff.js";
import { isSameInterface } from "./vm-version.js";

/** A change of a VM's interfaces, as the log keeps it. */
export interface InterfaceDelta {
  /**
   * New values of interfaces that keep their index, name and MAC. Three elements for each changed field: the index of the
   * interface, the field, and its change. One flat list is shorter than a list of lists.
   */
  readonly upd?: readonly unknown[];
  /** The part of the list that differs, if the list changes in any other way. */
  readonly ifs?: ListDiff<StoredInterface>;
}

/** An interface without its VM, and without unknown values and empty lists. */
export type StoredInterface = Partial<Omit<GuestInterface, "vmId">>;

/** Describes how a VM's interfaces change; empty if a reader sees no difference. */
export function diffInterfaces(
  before: readonly GuestInterface[],
  after: readonly GuestInterface[],
): InterfaceDelta {
  const diff = diffLists(before, after, isSameInterface);
  if (diff === null) return {};
  const [start, old, fresh] = diff;
  const isUpdate =
    old.length === fresh.length &&
    old.every(({ name, macAddress }, index) => {
      const updated = fresh[index];
      return name === updated?.name && macAddress === updated.macAddress;
    });
  if (!isUpdate) return { ifs: [start, old.map(stripInterface), fresh.map(stripInterface)] };
  const upd = old.flatMap((guestInterface, index) =>
    diffFields(start + index, guestInterface, fresh[index] ?? guestInterface),
  );
  return { upd };
}

/** Returns a VM's interfaces as they were before a change. */
export function undoInterfaces(
  vmId: string,
  interfaces: readonly GuestInterface[],
  { upd, ifs }: InterfaceDelta,
): readonly GuestInterface[] {
  if (ifs !== undefined) {
    const [start, old, fresh] = ifs;
    const restore = (stored: StoredInterface) => restoreInterface(vmId, stored);
    return undoListDiff(interfaces, [start, old.map(restore), fresh.map(restore)]);
  }
  if (upd === undefined) return interfaces;
  const before = [...interfaces];
  for (const { index, field, change } of listUpdates(upd)) {
    const after = before[index];
    if (after === undefined) continue;
    before[index] = Object.assign({ ...after }, { [field]: undoChange(after[field], change) });
  }
  return before;
}

/** Returns an interface without its VM, and without unknown values and empty lists. */
export function stripInterface(guestInterface: GuestInterface): StoredInterface {
  const known: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const value = guestInterface[field];
    if (value !== null && !(Array.isArray(value) && value.length === 0)) known[field] = value;
  }
  return known;
}

/** Restores an interface. Older rows also lack the fields that came with a later release. */
export function restoreInterface(vmId: string, stored: StoredInterface): GuestInterface {
  return Object.assign(createInterface(vmId), stored);
}

/**
 * How a field changes. A single value: before and after. A list of several elements: the part that differs. A list of one
 * element or none: that element or `null`, before and after.
 */
type FieldChange = readonly [before: unknown, after: unknown] | ListDiff<string>;

function diffFields(index: number, before: GuestInterface, after: GuestInterface): unknown[] {
  return FIELDS.flatMap((field) => {
    const change = diffValues(before[field], after[field]);
    return change === null ? [] : [index, SHORT_FIELDS.get(field) ?? field, change];
  });
}

function diffValues(before: GuestInterface[Field], after: GuestInterface[Field]): FieldChange | null {
  if (!isList(before) || !isList(after)) return before === after ? null : [before, after];
  const diff = diffLists(before, after);
  if (diff === null || before.length > 1 || after.length > 1) return diff;
  return [before[0] ?? null, after[0] ?? null];
}

function undoChange(after: GuestInterface[Field], change: FieldChange): unknown {
  if (change.length === 3) return undoListDiff(isList(after) ? after : [], change);
  const [before] = change;
  if (!isList(after) || Array.isArray(before)) return before;
  return before === null ? [] : [before];
}

function isList(value: GuestInterface[Field]): value is readonly string[] {
  return Array.isArray(value);
}

/** Lists the updates in {@link InterfaceDelta.upd}. Also reads the older form, with a list for each interface. */
function listUpdates(upd: readonly unknown[]): FieldUpdate[] {
  if (Array.isArray(upd[0])) {
    return (upd as readonly OldUpdate[]).flatMap(([index, , values]) =>
      Object.entries(values).map(([field, change]) => ({ index, field: findField(field), change })),
    );
  }
  return Array.from({ length: upd.length / 3 }, (_, at) => ({
    index: upd[3 * at] as number,
    field: findField(upd[3 * at + 1] as string),
    change: upd[3 * at + 2] as FieldChange,
  }));
}

interface FieldUpdate {
  readonly index: number;
  readonly field: Field;
  readonly change: FieldChange;
}

/** The older form: an interface's index and name, and the fields that change, each before and after. */
type OldUpdate = readonly [index: number, name: string | null, values: Readonly<Record<string, FieldChange>>];

function findField(key: string): Field {
  return LONG_FIELDS.get(key) ?? (key as Field);
}

type Field = keyof typeof UNKNOWN_INTERFACE;
const FIELDS = Object.keys(UNKNOWN_INTERFACE) as Field[];

/** The two fields that change most have short keys; any other has its own name. */
const SHORT_FIELDS: ReadonlyMap<Field, string> = new Map([
  ["ipv4Addresses", "4"],
  ["ipv6Addresses", "6"],
]);
const LONG_FIELDS = new Map([...SHORT_FIELDS].map(([field, key]) => [key, field]));
