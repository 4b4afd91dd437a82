import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Writes a file that is gone after the test. */
export async function temporaryFile(content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "vnic-graph-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "file");
  await writeFile(path, content);
  return path;
}
