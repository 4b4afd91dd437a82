import type { VmCursor, VmOrder } from "../../loaders/rows.js";
import { isUuid } from "../../model/uuid.js";
import { createGraphError } from "../errors.js";

/** Formats the VM's place in the order, as text that only we need to understand. */
export function formatCursor(vm: VmCursor, order: VmOrder): string {
  return Buffer.from(JSON.stringify([VERSION, order, vm.name, vm.id])).toString("base64url");
}

/** Parses the place that a cursor means; an error if it is not one of ours, or belongs to another order. */
export function parseCursor(cursor: string, order: VmOrder): VmCursor {
  const [version, cursorOrder, name, id] = parseParts(cursor);
  const sound = typeof name === "string" && !name.includes("\u0000") && typeof id === "string" && isUuid(id);
  if (version !== VERSION || !sound) {
    throw createGraphError(
      "BAD_USER_INPUT",
      "after: not a cursor of this gateway; pass an endCursor as it came",
    );
  }
  if (cursorOrder !== order) {
    throw createGraphError(
      "BAD_USER_INPUT",
      `after: this cursor is of another order than ${order}; start without it`,
    );
  }
  return { name, id };
}

/** Raised when cursors change, so that old ones are refused and not misread. */
const VERSION = 1;

function parseParts(cursor: string): readonly unknown[] {
  if (!/^[\w-]{1,4000}$/.test(cursor)) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
