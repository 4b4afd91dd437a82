import type { VmCursor, VmOrder } from "../../../loaders/rows.js";
import { isUuid } from "../../../model/uuid.js";
import { createGraphError } from "../../errors.js";
import { formatCursorText, parseCursorText } from "./cursor-text.js";
import { isAddress, isInstant } from "./place-forms.js";

/** Formats the VM's place in the order, as text that only we need to understand. */
export function formatCursor({ name, id, orderKey = null }: VmCursor, order: VmOrder): string {
  const value = isByName(order) ? name : orderKey;
  return formatCursorText([order, value, id]);
}

/**
 * Parses the place that a cursor means. Throws an error that names the argument if the cursor is not ours or belongs to
 * another order.
 */
export function parseCursor(cursor: string, order: VmOrder, argument = "after"): VmCursor {
  const [cursorOrder, value, id] = parseCursorText(cursor);
  if (typeof cursorOrder !== "string" || typeof id !== "string" || !isUuid(id)) {
    throw refuseCursor(argument);
  }
  if (cursorOrder !== order) {
    throw createGraphError(
      "BAD_USER_INPUT",
      `${argument}: this cursor is of another order than ${order}; start without it`,
    );
  }
  if (isByName(order)) {
    if (typeof value !== "string" || value.includes("\u0000")) throw refuseCursor(argument);
    return { name: value, id };
  }
  if (!isOrderKey(value, order)) throw refuseCursor(argument);
  return { name: "", id, orderKey: value };
}

/** Names are kept with the cursors of ids, too, as they always were. */
function isByName(order: VmOrder): boolean {
  return order === "NAME_ASC" || order === "NAME_DESC" || order === "ID_ASC";
}

/** Returns `true` if the database can read the value as what the order sorts by. */
function isOrderKey(value: unknown, order: VmOrder): value is string | null {
  if (order === "STATUS_ASC" || order === "STATUS_DESC")
    return typeof value === "string" && /^-?\d{1,9}$/.test(value);
  if (value === null) return true;
  if (typeof value !== "string") return false;
  if (order === "HOST_ASC" || order === "HOST_DESC") return !value.includes("\u0000");
  if (order === "PRIMARY_ADDRESS_ASC" || order === "PRIMARY_ADDRESS_DESC") return isAddress(value);
  return isInstant(value, 6);
}

function refuseCursor(argument: string) {
  const expected = argument === "after" ? "an endCursor" : "a startCursor";
  return createGraphError(
    "BAD_USER_INPUT",
    `${argument}: not a cursor of this gateway; pass ${expected} as it came`,
  );
}
