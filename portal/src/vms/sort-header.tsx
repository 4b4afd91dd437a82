import type { ReactNode } from "react";
import type { Sort, SORT_KEYS } from "../route.js";

/** What each column is sorted by; the others are not. */
export const SORTS: Readonly<Record<string, (typeof SORT_KEYS)[number]>> = {
  name: "NAME",
  status: "STATUS",
  host: "HOST",
  address: "PRIMARY_ADDRESS",
  changed: "LAST_CHANGE",
};

/** The head of a column by which the list can be sorted: a press sorts by it, another one turns the order. */
export function SortHeader({
  column,
  sort,
  onSort,
  children,
}: {
  readonly column: string;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly children: ReactNode;
}) {
  const key = SORTS[column] ?? "NAME";
  const isUp = sort === `${key}_ASC`;
  const isSorted = isUp || sort === `${key}_DESC`;
  // Who sorts by the last change wants to see what is new.
  const first = key === "LAST_CHANGE" ? "DESC" : "ASC";
  return (
    <th scope="col" data-column={column} aria-sort={isSorted ? (isUp ? "ascending" : "descending") : "none"}>
      <button
        type="button"
        className="sort"
        onClick={() => {
          onSort(isSorted ? `${key}_${isUp ? "DESC" : "ASC"}` : `${key}_${first}`);
        }}
      >
        {children} <span aria-hidden>{isSorted ? (isUp ? "▲" : "▼") : ""}</span>
      </button>
    </th>
  );
}
