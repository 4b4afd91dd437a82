import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, startOf } from "./processes.js";

/** Claims a data directory for this process; the result frees it. A claim whose process is gone counts for nothing. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, "lock");
  const claim = `${process.pid} ${await startOf(process.pid)}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(file, claim, { flag: "wx", mode: 0o644 });
      return async () => {
        await rm(file, { force: true });
      };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      await removeIfStale(file, dataDir);
    }
  }
  throw new Error(`${file}: cannot be taken; if no vnic-graph runs, remove it`);
}

async function removeIfStale(file: string, dataDir: string): Promise<void> {
  const claim = await readFile(file, "utf8").catch(() => "");
  const [pid, ...start] = claim.split(" ");
  // The number of a process may be another's by now, most of all in a container: its start tells.
  if (isRunning(Number(pid)) && (await startOf(Number(pid))) === start.join(" ")) {
    throw new Error(
      `${dataDir}: in use by process ${String(pid)}, another vnic-graph: stop that one, give this one another ` +
        "DATA_DIR, or share one PostgreSQL by DATABASE_URL",
    );
  }
  await rm(file, { force: true });
}
