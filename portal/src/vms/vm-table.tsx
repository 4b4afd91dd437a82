import { FlexRender, useTable, type Row } from "@tanstack/react-table";
import { useVirtualizer, type Range } from "@tanstack/react-virtual";
import { memo, useEffect, useRef } from "react";
import { navigate } from "../navigation.js";
import type { Sort } from "../route.js";
import { useKeys } from "../shared/keyboard/use-keys.js";
import { useIsPrinted } from "../shared/use-is-printed.js";
import { isForBrowser, RouteLink } from "../shared/route-link.js";
import { SortHeader, SORTS } from "./sort-header.js";
import { useFocusedRow } from "./use-focused-row.js";
import { ROW_HEIGHT_PX, useKeptPlace } from "./use-kept-place.js";
import type { VmPages } from "./use-vm-pages.js";
import type { VmListRow } from "./vm-list-row.js";
import { COLUMNS, FEATURES } from "./vm-columns.js";

/** The number of rows before and behind the screen that are in the document. */
const OVERSCAN = 12;

/** The number of rows before the end at which the next page is read. */
const READ_AHEAD = 40;

/** The number of rows by which the followed part of the list moves. */
const NEAR_STEP = 100;

/** Shows the list of VMs. Only the rows on the screen are in the document, and on paper all that have been read. */
export function VmTable({
  pages,
  text,
  sort,
  onSort,
  onNear,
}: {
  readonly pages: VmPages;
  /** The text that is searched. */
  readonly text: string;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  /** Called with the rows on the screen and near it, in steps of many rows. */
  readonly onNear: (from: number, to: number) => void;
}) {
  const table = useTable({ features: FEATURES, columns: COLUMNS, data: pages.rows });
  const { rows } = table.getRowModel();
  const scroller = useRef<HTMLDivElement>(null);
  const startPx = useKeptPlace(scroller, { text, sort }, pages.total === null);
  const { rangeExtractor, onFocus, onBlur } = useFocusedRow(scroller, pages.rows);
  const isPrinted = useIsPrinted();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: OVERSCAN,
    initialOffset: startPx,
    rangeExtractor: isPrinted ? listAll : rangeExtractor,
  });
  const items = virtual.getVirtualItems();
  // The row with the focus may be elsewhere.
  const first = Math.max(0, (virtual.range?.startIndex ?? 0) - OVERSCAN);
  const last = Math.max(0, Math.min(rows.length - 1, (virtual.range?.endIndex ?? 0) + OVERSCAN));
  const { loadMore } = pages;
  useEffect(() => {
    if (!isPrinted && last >= rows.length - READ_AHEAD) loadMore();
  }, [isPrinted, last, rows.length, loadMore]);
  const from = Math.floor(first / NEAR_STEP) * NEAR_STEP;
  const to = Math.ceil((last + 1) / NEAR_STEP) * NEAR_STEP;
  useEffect(() => {
    if (!isPrinted) onNear(from, to);
  }, [isPrinted, from, to, onNear]);

  useKeys({
    j: () => {
      focusRow(1);
    },
    k: () => {
      focusRow(-1);
    },
  });

  return (
    <div
      className="table-scroller"
      ref={scroller}
      tabIndex={0}
      data-home
      aria-label="List of VMs"
      role="region"
    >
      <table
        className="vms"
        aria-rowcount={pages.total === null ? -1 : 1 + pages.total}
        aria-busy={pages.isLoading}
      >
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} aria-rowindex={1}>
              {group.headers.map((header) =>
                header.id in SORTS ? (
                  <SortHeader key={header.id} column={header.id} sort={sort} onSort={onSort}>
                    <FlexRender header={header} />
                  </SortHeader>
                ) : (
                  <th key={header.id} scope="col" data-column={header.id}>
                    <FlexRender header={header} />
                  </th>
                ),
              )}
            </tr>
          ))}
        </thead>
        <tbody style={{ height: virtual.getTotalSize() }} onFocus={onFocus} onBlur={onBlur}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return <VmRow key={row.original.id} row={row} position={item.index + 1} startPx={item.start} />;
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Lists the positions of all rows. */
function listAll({ count }: Range): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** Moves the focus to the name in the next or the previous row. If no row has the focus, the first one gets it. */
function focusRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll("table.vms tbody tr")].toSorted(
    (left, right) => readPosition(left) - readPosition(right),
  );
  const from = document.activeElement?.closest("table.vms tbody tr") ?? null;
  const row = from === null ? rows[0] : rows.find((each) => readPosition(each) === readPosition(from) + step);
  row?.querySelector("a")?.focus();
}

/** Where the pointer was pressed last, and how far a hand moves it that means to press only. */
let pressedAt = { clientX: 0, clientY: 0 };
const STILL_PX = 4;

function readPosition(row: Element): number {
  return Number(row.getAttribute("aria-rowindex"));
}

/** Shows one row. It is drawn again only if the VM or its position has changed, however far the list is scrolled. */
const VmRow = memo(function VmRow({
  row,
  position,
  startPx,
}: {
  readonly row: Row<typeof FEATURES, VmListRow>;
  /** Counted from 1. */
  readonly position: number;
  readonly startPx: number;
}) {
  const { id } = row.original;
  return (
    <tr
      aria-rowindex={1 + position}
      data-vm={id}
      data-copy={row.original.guestInfo?.primaryAddress?.address ?? ""}
      style={{ transform: `translateY(${startPx}px)`, height: ROW_HEIGHT_PX }}
      onPointerDown={({ clientX, clientY }) => {
        pressedAt = { clientX, clientY };
      }}
      onClick={(event) => {
        // Whoever drags the pointer selects text, to copy it.
        const movedPx = Math.hypot(event.clientX - pressedAt.clientX, event.clientY - pressedAt.clientY);
        if (isForBrowser(event) || movedPx > STILL_PX) return;
        navigate({ view: "vm", id, at: null });
      }}
    >
      {row.getAllCells().map((cell) => (
        <td key={cell.id} data-column={cell.column.id}>
          {cell.column.id === "name" ? (
            <RouteLink to={{ view: "vm", id, at: null }}>
              <FlexRender cell={cell} />
            </RouteLink>
          ) : (
            <FlexRender cell={cell} />
          )}
        </td>
      ))}
    </tr>
  );
});
