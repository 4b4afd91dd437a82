import { expect, test } from "vitest";
import { createProgress } from "../../src/commands/progress.js";
import { toPrintableLines } from "../../src/model/printable.js";
import { formatTable } from "../../src/commands/table.js";

test("a bar fills on a terminal and is gone at the end", () => {
  const written: string[] = [];
  const progress = createProgress(
    { isTTY: true, columns: 40, write: (text) => written.push(text) },
    2,
    "hosts",
  );
  progress.advance();
  progress.advance();
  progress.end();
  expect(written.map((text) => text.replace("\r", ""))).toEqual([
    `[${" ".repeat(27)}] 0/2 hosts`,
    `[${"#".repeat(14)}${" ".repeat(13)}] 1/2 hosts`,
    `[${"#".repeat(27)}] 2/2 hosts`,
    "\u001B[2K",
  ]);
});

test("a pipe gets no bar", () => {
  const written: string[] = [];
  const progress = createProgress({ write: (text) => written.push(text) }, 2, "hosts");
  progress.advance();
  progress.end();
  expect(written).toEqual([]);
});

test("a table has columns as wide as their widest cells, numbers to the right", () => {
  expect(
    formatTable(
      ["host", "VMs"],
      [
        ["h1:54321", 7],
        ["h2", 1200],
      ],
    ),
  ).toBe(["host      VMs", "--------  ----", "h1:54321     7", "h2        1200"].join("\n"));
});

test("a table shows no escape sequence, line break or turned direction of somebody else's", () => {
  const table = formatTable(["name"], [["\u001b[2Jevil\u001b]0;title\u0007"], ["two\nlines\u202e"]]);
  expect(table).not.toMatch(/[^\P{C}\n]/u);
  expect(table.split("\n")).toHaveLength(4);
});

test("lines that commands print hold no escape sequence or turned direction; they stay as many, and keep their blanks", () => {
  expect(toPrintableLines("  ok\u001b[2J\u009b31m\n\n      -> \u202emend\r")).toBe(
    "  ok [2J 31m\n\n      ->  mend ",
  );
});
