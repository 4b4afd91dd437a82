import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Block } from "./markdown.js";

/** The change that a `diff` block of a page makes to one file. */
export interface Edit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Parses a block: `+++` and the file, then lines that stay, are removed (`-`) and are added (`+`). Without lines that
 * stay or go, the file is new.
 */
export function parseEdit({ page, text }: Block): Edit {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  if (!head.startsWith("+++ "))
    throw new Error(`${page}: a block of changes does not begin with +++ and a file`);
  const only = (not: string) =>
    lines
      .filter((line) => !line.startsWith(not))
      .map((line) => line.slice(1) + "\n")
      .join("");
  return { path: head.slice(4), before: only("+"), after: only("-") };
}

/** Makes the edit in a copy of the project. The text that it replaces must be there exactly once. */
export function makeEdit(root: string, { path, before, after }: Edit): void {
  const file = join(root, path);
  if (before === "") {
    if (existsSync(file)) throw new Error(`${path} is there already`);
    writeFileSync(file, after);
    return;
  }
  const parts = readFileSync(file, "utf8").split(before);
  if (parts.length !== 2) throw new Error(`${path} has ${parts.length - 1} times:\n${before}`);
  writeFileSync(file, parts.join(after));
}
