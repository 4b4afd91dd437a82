import { getMetadataArgsStorage } from "typeorm";
import { ADDRESS_LIST } from "../addresses.js";
import { VmGuestAgentInterface } from "../tables/vm-guest-agent-interface.js";
import type { GuestInterface } from "../types.js";

/** A column of the satellite, as its entity declares it. */
export interface InterfaceColumn {
  readonly field: keyof GuestInterface;
  readonly name: string;
  /** PostgreSQL's type for a parameter. */
  readonly type: string;
  /** Whether the text in it is a list of addresses. */
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

/** What a guest's interface consists of, besides its VM. */
export const INTERFACE_FIELDS = OWN_COLUMNS.map(({ field }) => field);

/** An interface of which nothing is known. */
export const UNKNOWN_INTERFACE = Object.fromEntries(
  OWN_COLUMNS.map(({ field, isList }) => [field, isList ? [] : null]),
) as unknown as Omit<GuestInterface, "vmId">;

/** The columns of table `i`, to be read by {@link parseInterfaceRow}. */
export const SELECTION = COLUMNS.map(({ field, name }) => `i.${name} AS "${field}"`).join(", ");

/** A row of {@link SELECTION}: lists are still text. */
export type InterfaceRow = {
  readonly [Field in keyof GuestInterface]: GuestInterface[Field] extends readonly string[]
    ? string | null
    : GuestInterface[Field];
};

/** Parses the interface that the row holds; whatever else is in the row is left there. */
export function parseInterfaceRow(row: InterfaceRow): GuestInterface {
  const values = COLUMNS.map(({ field, isList }) => {
    const value: unknown = row[field];
    return [field, isList ? ADDRESS_LIST.from(value as string | null) : value];
  });
  return Object.fromEntries(values) as GuestInterface;
}

/** The columns of table `i` but the VM's id as one JSON array, to be read by {@link parseInterfaceValues}. */
export const INTERFACE_VALUES = `json_build_array(${OWN_COLUMNS.map(({ name }) => `i.${name}`).join(", ")})`;

/** Parses the interface that such an array holds. */
export function parseInterfaceValues(values: readonly (string | null)[], vmId: string): GuestInterface {
  const parsed: Record<string, unknown> = { vmId };
  // Without pairs made for each column: this runs for each interface of each answer.
  let at = 0;
  for (const { field, isList } of OWN_COLUMNS) {
    const value = values[at] ?? null;
    parsed[field] = isList ? ADDRESS_LIST.from(value) : value;
    at += 1;
  }
  return parsed as unknown as GuestInterface;
}

/** Lists the interface's values as the columns hold them. */
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
