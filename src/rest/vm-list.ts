import type { Loaders } from "../loaders/loaders.js";
import type { VmCursor, VmFilter, VmOrder, VmRow } from "../loaders/rows.js";
import type { Element } from "./elements/document.js";
import type { ListRequest } from "./request/list-request.js";
import { readVm, type Wanted } from "./resources.js";

/**
 * Runs a piece of work with its own loaders. So a long list keeps nothing of its earlier pieces in memory. A piece is
 * long if it reads many VMs, or searches through them; few of these run at once.
 */
export type Work = <Result>(job: (loaders: Loaders) => Promise<Result>, isLong?: boolean) => Promise<Result>;

/** The beginning of a list. */
export interface VmList {
  readonly elements: Element[];
  /** Whether there are more than `max`. */
  readonly hasNext: boolean;
  /** The pieces that follow; `null`: there are no more. */
  readonly rest: AsyncGenerator<Element[]> | null;
}

/**
 * Reads a list of VMs, a bounded number at a time.
 * 1. The first VMs by name are read from one name to the next. However many there are, only one piece is in memory.
 * 2. For later pages, and lists in another order, one statement finds the ids first; then their VMs are read piece by
 *    piece.
 */
export async function listVms(work: Work, request: ListRequest, wanted: Wanted): Promise<VmList> {
  const { max, page, search } = request;
  if (max === 0) return { elements: [], hasNext: false, rest: null };
  const size = findPieceSize(wanted);
  const isByName = search.sort === null || search.sort.key === "name";
  // A search without `max` is done once, by ids. Repeated from each name on, it would take its whole time for each
  // piece.
  const isShort = max === null ? search.condition === null : max <= size;
  const pieces =
    isByName && page === 1 && isShort
      ? readByName(work, request, wanted, size)
      : readByIds(work, request, wanted, size);
  const first = await pieces.next();
  if (first.done === true) return { elements: [], hasNext: false, rest: null };
  const { elements, hasNext, isLast } = first.value;
  return { elements, hasNext, rest: isLast ? null : readRest(pieces) };
}

/** Tells whether a list may take more than one piece, so that it stays open while its client reads. */
export function isInPieces({ max }: ListRequest, wanted: Wanted): boolean {
  return max === null || max > findPieceSize(wanted);
}

function findPieceSize({ allContent, follow }: Wanted): number {
  return allContent || follow.size > 0 ? FOLLOWED_PIECE : PIECE;
}

/** Number of VMs that one read takes. It is less if interfaces are read, because a host of containers has hundreds. */
const PIECE = 500;
const FOLLOWED_PIECE = 50;

/** The largest page that counts as short. Without a search, it is read beside everything else. */
const SHORT_PAGE = 20;

interface Piece {
  readonly elements: Element[];
  readonly hasNext: boolean;
  readonly isLast: boolean;
}

async function* readRest(pieces: AsyncGenerator<Piece>): AsyncGenerator<Element[]> {
  for await (const { elements } of pieces) yield elements;
}

async function* readByName(
  work: Work,
  { max, search }: ListRequest,
  wanted: Wanted,
  size: number,
): AsyncGenerator<Piece> {
  const order: VmOrder = search.sort?.descending === true ? "NAME_DESC" : "NAME_ASC";
  const limit = Math.min(max ?? size, size);
  const isLong = limit > SHORT_PAGE || search.condition !== null;
  let after: VmCursor | null = null;
  for (;;) {
    const cursor: VmCursor | null = after;
    const piece = await work(async (loaders) => {
      // One row more than wanted shows whether the list continues.
      const rows = await loaders.loadVmsPage({
        limit: limit + 1,
        after: cursor,
        filter: toVmFilter(search),
        order,
      });
      const vms = rows.slice(0, limit);
      const hasNext = rows.length > limit;
      return { vms, elements: await readVms(loaders, vms, wanted), hasNext };
    }, isLong);
    const isLast = !piece.hasNext || max !== null;
    yield { elements: piece.elements, hasNext: piece.hasNext, isLast };
    const last = piece.vms.at(-1);
    if (isLast || last === undefined) return;
    after = { name: last.name, id: last.id };
  }
}

async function* readByIds(
  work: Work,
  { max, page, search }: ListRequest,
  wanted: Wanted,
  size: number,
): AsyncGenerator<Piece> {
  const found = await work(
    (loaders) =>
      loaders.loadVmIds({
        filter: toVmFilter(search),
        sort: search.sort ?? { key: "name", descending: false },
        offset: (page - 1) * (max ?? 0),
        limit: max === null ? null : max + 1,
      }),
    true,
  );
  const hasNext = max !== null && found.length > max;
  const ids = max === null ? found : found.slice(0, max);
  for (let at = 0; at < ids.length; at += size) {
    const wantedIds = ids.slice(at, at + size);
    const elements = await work(async (loaders) => {
      const rows = await Promise.all(wantedIds.map((id) => loaders.vmById.load(id)));
      // VMs that were deleted since the ids were read are left out.
      return readVms(
        loaders,
        rows.filter((vm) => vm !== null),
        wanted,
      );
    }, true);
    yield { elements, hasNext, isLast: at + size >= ids.length };
  }
}

function readVms(loaders: Loaders, vms: readonly VmRow[], wanted: Wanted): Promise<Element[]> {
  return Promise.all(vms.map((vm) => readVm(loaders, vm, wanted)));
}

function toVmFilter({ condition }: ListRequest["search"]): VmFilter {
  return condition === null ? {} : { search: condition };
}
