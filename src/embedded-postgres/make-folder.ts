import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Creates a folder and those above it that are absent. Node's own `recursive` never ends where the system says of a folder that
 * is there that it is not, as `/proc` does.
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  try {
    await mkdir(folder, mode);
  } catch (error) {
    if (await isFolder(folder)) return;
    const above = dirname(folder);
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isAbsent || (await isFolder(above))) throw error;
    await makeFolder(above, mode);
    // Another process may have made it meanwhile.
    await mkdir(folder, mode).catch(async (cause: unknown) => {
      if (!(await isFolder(folder))) throw cause;
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
