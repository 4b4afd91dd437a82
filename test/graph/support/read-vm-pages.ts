import { expect } from "vitest";
import type { ReadStore } from "../../../src/store/types.js";
import type { VM_ORDERS } from "../../support/reads/vm-orders.js";
import { askForData } from "./ask.js";

export type Order = (typeof VM_ORDERS)[number];

/** A page of VMs as a client gets it. */
export interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Reads one page. */
export async function readPage(store: ReadStore, order: Order, page: string): Promise<Page> {
  const query = `{ vms(orderBy: ${order}, ${page}) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  return ((await askForData(store, query)) as { vms: Page }).vms;
}

/** No list of a test is so long. */
const MOST = 2_000;

/** Reads a list from one end to the other, page by page; `between` is called between two pages. Returns the ids. */
type ReadList = (
  store: ReadStore,
  order: Order,
  size: number,
  between?: () => Promise<void>,
) => Promise<string[]>;

/** Reads a list to its end. */
export const readForward: ReadList = (...asked) => readList("first", ...asked);

/** Reads a list from its end to its start. The last VM's id comes first. */
export const readBackward: ReadList = (...asked) => readList("last", ...asked);

async function readList(
  side: "first" | "last",
  store: ReadStore,
  order: Order,
  size: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const isForward = side === "first";
  const seen: string[] = [];
  for (let place = ""; ;) {
    const { nodes, pageInfo } = await readPage(store, order, `${side}: ${size}${place}`);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
    const [hasMore, hasRead] = isForward ? [hasNextPage, hasPreviousPage] : [hasPreviousPage, hasNextPage];
    expect(hasRead).toBe(place !== "");
    const ids = nodes.map((node) => node.id);
    seen.push(...(isForward ? ids : ids.toReversed()));
    expect(seen.length, "the list has an end").toBeLessThan(MOST);
    if (!hasMore) return seen;
    await between();
    place = isForward ? `, after: "${endCursor}"` : `, before: "${startCursor}"`;
  }
}
