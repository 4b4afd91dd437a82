import type { VmCursor, VmOrder } from "../../../loaders/rows.js";
import { isUuid } from "../../../model/uuid.js";
import { createGraphError } from "../../errors.js";
import { formatCursorText, parseCursorText } from "./cursor-text.js";
import { isAddress, isInstant } from "./cursor-forms.js";

/** Formats the position of a VM in an order, as a text that only this server reads. */
export function formatCursor({ name, id, orderKey = null }: VmCursor, order: VmOrder): string {
  const value = isByName(order) ? name : orderKey;
  return formatCursorText([order, value, id]);
}

/**
 * Parses the position that a cursor marks. Throws an error that names the argument if the cursor is not ours or belongs
 * to another order.
 */
export function parseCursor(cursor: string, order: VmOrder, argument = "after"): VmCursor {
  const [cursorOrder, value, id] = parseCursorText(cursor);
  if (typeof cursorOrder !== "string" || typeof id !== "string" || !isUuid(id)) {
    throw createCursorError(argument);
  }
  if (cursorOrder !== order) {
    throw createGraphError(
      "BAD_USER_INPUT",
      `${argument}: this cursor is of another order than ${order}; start without it`,
    );
  }
  if (isByName(order)) {
    if (typeof value !== "string" || value.includes("\u0000")) throw createCursorError(argument);
    return { name: value, id };
  }
  if (!isOrderKey(value, order)) throw createCursorError(argument);
  return { name: "", id, orderKey: value };
}

/** Cursors by id hold the name, too, because they always did. */
function isByName(order: VmOrder): boolean {
  return order === "NAME_ASC" || order === "NAME_DESC" || order === "ID_ASC";
}

/** Tells whether the database can read the value as what the order sorts by. */
function isOrderKey(value: unknown, order: VmOrder): value is string | null {
  if (order === "STATUS_ASC" || order === "STATUS_DESC")
    return typeof value === "string" && /^-?\d{1,9}$/.test(value);
  if (value === null) return true;
  if (typeof value !== "string") return false;
  if (order === "HOST_ASC" || order === "HOST_DESC") return !value.includes("\u0000");
  if (order === "PRIMARY_ADDRESS_ASC" || order === "PRIMARY_ADDRESS_DESC") return isAddress(value);
  return isInstant(value, 6);
}

function createCursorError(argument: string) {
  const expected = argument === "after" ? "an endCursor" : "a startCursor";
  return createGraphError(
    "BAD_USER_INPUT",
    `${argument}: not a cursor of this gateway; pass ${expected} as it came`,
  );
}
