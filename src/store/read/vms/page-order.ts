import type { VmCursor, VmOrder, VmPageRequest } from "../../vm-search.js";

/** The value by which an order sorts; then comes the id. */
export type OrderKey = "NAME" | "ID" | "HOST" | "STATUS" | "LAST_CHANGE" | "PRIMARY_ADDRESS";

/** Splits an order into its value and its direction. */
export function splitOrder(order: VmOrder): { readonly key: OrderKey; readonly isDescending: boolean } {
  return { key: order.replace(/_(?:ASC|DESC)$/, "") as OrderKey, isDescending: order.endsWith("_DESC") };
}

/** How a page is read: from its end backwards, a descending order is read ascending. */
export function findDirection({ order, fromEnd = false }: VmPageRequest): "ASC" | "DESC" {
  return splitOrder(order).isDescending === fromEnd ? "ASC" : "DESC";
}

/** A place that bounds a page, and how rows of the page compare with it. */
export interface PageBound {
  readonly compare: ">" | "<";
  readonly cursor: VmCursor;
}

/** Lists the places between which a page lies. */
export function listBounds({ order, after, before = null }: VmPageRequest): readonly PageBound[] {
  const [behind, ahead] = splitOrder(order).isDescending ? (["<", ">"] as const) : ([">", "<"] as const);
  return [
    ...(after === null ? [] : [{ compare: behind, cursor: after }]),
    ...(before === null ? [] : [{ compare: ahead, cursor: before }]),
  ];
}

/** A part of a list. It has the VMs whose value is known, by value and id, or the others, by id. */
export interface PagePart {
  readonly isKnown: boolean;
  readonly bounds: readonly PageBound[];
}

/**
 * Lists the parts of a list in which a page may lie, in the order in which they are read. VMs of which the value is not
 * known come last in every order.
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
