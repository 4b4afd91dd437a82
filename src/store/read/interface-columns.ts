import { getMetadataArgsStorage } from "typeorm";
import { ADDRESS_LIST } from "../addresses.js";
import { VmGuestAgentInterface } from "../tables/vm-guest-agent-interface.js";
import type { GuestInterface } from "../types.js";

/** A column of the satellite table, as its entity declares it. */
export interface InterfaceColumn {
  readonly field: keyof GuestInterface;
  readonly name: string;
  /** PostgreSQL's type for a parameter. */
  readonly type: string;
  /** `true`: its text is a list of addresses. */
  readonly isList: boolean;
}

/** All columns, `vm_id` first. */
export const COLUMNS: readonly InterfaceColumn[] = getMetadataArgsStorage()
  .filterColumns(VmGuestAgentInterface)
  .map(({ propertyName, options }) => ({
    field: propertyName as keyof GuestInterface,
    name: options.name ?? propertyName,
    type: options.type === "varchar" ? "text" : String(options.type),
    isList: options.transformer === ADDRESS_LIST,
  }));

const OWN_COLUMNS = COLUMNS.filter(({ field }) => field !== "vmId");

/** The fields of a guest interface, without its VM's id. */
export const INTERFACE_FIELDS = OWN_COLUMNS.map(({ field }) => field);

/** The fields of an interface of which nothing is known. */
export const UNKNOWN_INTERFACE = Object.fromEntries(
  OWN_COLUMNS.map(({ field, isList }) => [field, isList ? [] : null]),
) as unknown as Omit<GuestInterface, "vmId">;

/** An interface whose fields can still be set. */
type OpenInterface = { -readonly [Field in keyof GuestInterface]: GuestInterface[Field] };

const BLANK_INTERFACE: OpenInterface = { vmId: "", ...UNKNOWN_INTERFACE };

/**
 * Creates an interface of which nothing is known yet; set what is. To copy an object and then set its fields is a fast way in
 * V8. To override them while it is spread is not: on Node 20 that takes thirty times as long.
 */
export function createInterface(vmId: string): OpenInterface {
  const created = { ...BLANK_INTERFACE };
  created.vmId = vmId;
  return created;
}

/** The columns of table `i`; {@link parseInterfaceRow} parses such a row. */
export const SELECTION = COLUMNS.map(({ field, name }) => `i.${name} AS "${field}"`).join(", ");

/** A row of {@link SELECTION}: lists are still text. */
export type InterfaceRow = {
  readonly [Field in keyof GuestInterface]: GuestInterface[Field] extends readonly string[]
    ? string | null
    : GuestInterface[Field];
};

/** Parses the interface in a row. Ignores further columns of the row. */
export function parseInterfaceRow(row: InterfaceRow): GuestInterface {
  const parsed: Record<string, unknown> = {};
  for (const { field, isList } of COLUMNS) {
    const value: unknown = row[field];
    parsed[field] = isList ? ADDRESS_LIST.from(value as string | null) : value;
  }
  return parsed as unknown as GuestInterface;
}

/** The columns of table `i` without the VM's id, as one JSON array; {@link parseInterfaceValues} parses it. */
export const INTERFACE_VALUES = `json_build_array(${OWN_COLUMNS.map(({ name }) => `i.${name}`).join(", ")})`;

/** Parses the interface in an array of {@link INTERFACE_VALUES}. */
export function parseInterfaceValues(values: readonly (string | null)[], vmId: string): GuestInterface {
  const parsed: Record<string, unknown> = { vmId };
  // A plain loop, because this runs for each interface of each answer.
  let at = 0;
  for (const { field, isList } of OWN_COLUMNS) {
    const value = values[at] ?? null;
    parsed[field] = isList ? ADDRESS_LIST.from(value) : value;
    at += 1;
  }
  return parsed as unknown as GuestInterface;
}

/** Lists an interface's values as the columns hold them. */
export function listStoredValues(guestInterface: GuestInterface): unknown[] {
  return COLUMNS.map((column) => formatStoredValue(guestInterface, column));
}

/** Splits interfaces into arrays, one a column. */
export function splitIntoColumns(
  interfaces: readonly GuestInterface[],
  columns: readonly InterfaceColumn[] = COLUMNS,
): unknown[][] {
  return columns.map((column) =>
    interfaces.map((guestInterface) => formatStoredValue(guestInterface, column)),
  );
}

function formatStoredValue(guestInterface: GuestInterface, { field, isList }: InterfaceColumn): unknown {
  const value = guestInterface[field];
  return isList ? ADDRESS_LIST.to(value as readonly string[]) : value;
}
