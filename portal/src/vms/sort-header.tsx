import type { ReactNode } from "react";
import type { Sort, SORT_KEYS } from "../route.js";

/** The key by which each column is sorted. Other columns cannot be sorted. */
export const SORTS: Readonly<Record<string, (typeof SORT_KEYS)[number]>> = {
  name: "NAME",
  status: "STATUS",
  host: "HOST",
  address: "PRIMARY_ADDRESS",
  changed: "LAST_CHANGE",
};

/** The head of a column that can be sorted. A press sorts by it, and another one reverses the order. */
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
  // Sorted by the last change, the newest come first, because these are wanted.
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
