import type { Loaders } from "../../loaders/loaders.js";
import type { VmCursor, VmFilter, VmOrder, VmRow } from "../../loaders/rows.js";
import { parsePageSize, DEFAULT_PAGE } from "./arguments.js";
import { parseCursor } from "./cursor.js";

/** What a client asked of a list of VMs. */
export interface VmPageArguments {
  readonly first: number | null;
  readonly after: string | null;
  readonly filter: VmFilter;
  readonly order: VmOrder;
}

/** A page as read: what the fields of a connection are made from. */
export interface VmPage {
  readonly rows: readonly VmRow[];
  readonly after: VmCursor | null;
  readonly hasNextPage: boolean;
  readonly filter: VmFilter;
  readonly order: VmOrder;
}

/** Reads a page, and one row more to see whether there is a next one. */
export async function loadVmPage(loaders: Loaders, asked: VmPageArguments): Promise<VmPage> {
  const { filter, order } = asked;
  const first = parsePageSize(asked.first, DEFAULT_PAGE);
  const after = asked.after === null ? null : parseCursor(asked.after, order);
  const rows = await loaders.loadVmsPage({ limit: first + 1, after, filter, order });
  return { rows: rows.slice(0, first), after, hasNextPage: rows.length > first, filter, order };
}
