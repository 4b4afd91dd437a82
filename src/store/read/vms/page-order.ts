import type { VmCursor, VmOrder, VmPageRequest } from "../../vm-search.js";

/** The value by which an order sorts. VMs with the same value are sorted by id. */
export type OrderKey = "NAME" | "ID" | "HOST" | "STATUS" | "LAST_CHANGE" | "PRIMARY_ADDRESS";

/** Splits an order into its value and its direction. */
export function splitOrder(order: VmOrder): { readonly key: OrderKey; readonly isDescending: boolean } {
  return { key: order.replace(/_(?:ASC|DESC)$/, "") as OrderKey, isDescending: order.endsWith("_DESC") };
}

/**
 * Finds the direction in which a page is read. From its end, a descending order is read ascending, and the other way round.
 */
export function findDirection({ order, fromEnd = false }: VmPageRequest): "ASC" | "DESC" {
  return splitOrder(order).isDescending === fromEnd ? "ASC" : "DESC";
}

/** A bound of a page: a cursor, and how rows of the page compare with it. */
export interface PageBound {
  readonly compare: ">" | "<";
  readonly cursor: VmCursor;
}

/** Lists the bounds of a page. */
export function listBounds({ order, after, before = null }: VmPageRequest): readonly PageBound[] {
  const [behind, ahead] = splitOrder(order).isDescending ? (["<", ">"] as const) : ([">", "<"] as const);
  return [
    ...(after === null ? [] : [{ compare: behind, cursor: after }]),
    ...(before === null ? [] : [{ compare: ahead, cursor: before }]),
  ];
}

/** A part of a list: the VMs whose value is known, sorted by value and id, or the other VMs, sorted by id. */
export interface PagePart {
  readonly isKnown: boolean;
  readonly bounds: readonly PageBound[];
}

/**
 * Lists the parts of a list in which a page may lie, in the order in which they are read. VMs without a known value come
 * last in every order.
 */
export function listParts(request: VmPageRequest): readonly PagePart[] {
  const { after, before = null, fromEnd = false } = request;
  const bounds = listBounds(request);
  const isUnknown = (cursor: VmCursor | null) => cursor !== null && (cursor.orderKey ?? null) === null;
  const known = isUnknown(after)
    ? []
    : [{ isKnown: true, bounds: bounds.filter(({ cursor }) => !isUnknown(cursor)) }];
  const unknown =
    before !== null && !isUnknown(before)
      ? []
      : [{ isKnown: false, bounds: bounds.filter(({ cursor }) => isUnknown(cursor)) }];
  return fromEnd ? [...unknown, ...known] : [...known, ...unknown];
}
