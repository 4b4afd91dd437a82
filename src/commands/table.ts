import { toPrintable } from "../model/printable.js";

/** Formats rows in columns, each as wide as its widest cell. Numbers are aligned to the right. Cells are made printable. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "string" ? toPrintable(cell) : cell)));
  const widths = header.map((title, column) =>
    cells.reduce((widest, row) => Math.max(widest, String(row[column] ?? "").length), title.length),
  );
  const formatLine = (row: readonly (string | number)[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === "number" ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [
    formatLine(header),
    formatLine(widths.map((width) => "-".repeat(width))),
    ...cells.map(formatLine),
  ].join("\n");
}
