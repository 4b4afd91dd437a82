import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Reads the operations that the built pages send, by their SHA-256; none if no page is built. */
export async function readPortalOperations(pagesDir: string | null): Promise<ReadonlyMap<string, string>> {
  if (pagesDir === null) return new Map();
  const text = await readFile(join(pagesDir, "operations.json"), "utf8").catch(() => null);
  if (text === null) return new Map();
  // Written by our own build, beside the pages that it belongs to.
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}
