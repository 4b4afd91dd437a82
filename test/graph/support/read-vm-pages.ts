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

/** Reads a list to its end, page by page; `between` is called between two pages. Returns the ids. */
export async function readForward(
  store: ReadStore,
  order: Order,
  size: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const seen: string[] = [];
  for (let after = ""; ;) {
    const { nodes, pageInfo } = await readPage(store, order, `first: ${size}${after}`);
    expect(pageInfo.hasPreviousPage).toBe(after !== "");
    seen.push(...nodes.map((node) => node.id));
    expect(seen.length, "the list has an end").toBeLessThan(MOST);
    if (!pageInfo.hasNextPage) return seen;
    await between();
    after = `, after: "${pageInfo.endCursor}"`;
  }
}

/** Reads a list from its end to its start, as {@link readForward} does. The last VM's id comes first. */
export async function readBackward(
  store: ReadStore,
  order: Order,
  size: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const seen: string[] = [];
  for (let before = ""; ;) {
    const { nodes, pageInfo } = await readPage(store, order, `last: ${size}${before}`);
    expect(pageInfo.hasNextPage).toBe(before !== "");
    seen.push(...nodes.map((node) => node.id).toReversed());
    expect(seen.length, "the list has an end").toBeLessThan(MOST);
    if (!pageInfo.hasPreviousPage) return seen;
    await between();
    before = `, before: "${pageInfo.startCursor}"`;
  }
}
