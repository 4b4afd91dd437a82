import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DATABASE } from "./database-url.js";
import { runAs, type ServerUser } from "./run.js";

/** A cluster whose server is not running. */
export interface StoppedCluster {
  readonly clusterDir: string;
  readonly binDir: string;
  readonly user: ServerUser | null;
}

/**
 * Reads or creates the cluster's password. Only its owner can read the file. The file is complete or absent; an empty one,
 * which earlier releases left on a full disk, counts as absent. If the cluster exists but its password is lost:
 * 1. store a new password in the cluster, with a server that takes no connections;
 * 2. store it in the file. If a start ends between these two steps, the next one repeats them.
 */
export async function readOrCreatePassword(
  dataDir: string,
  existing: StoppedCluster | null,
): Promise<string> {
  const file = join(dataDir, "password");
  const known = (await readFile(file, "utf8").catch(() => "")).trim();
  if (known !== "") return known;
  const password = randomBytes(24).toString("base64url");
  if (existing !== null) await changePassword(existing, password);
  const draft = `${file}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${password}\n`, { mode: 0o600, flush: true });
  await rename(draft, file);
  return password;
}

/** Changes the password of a stopped cluster. Sends it through standard input, which no other user can see. */
async function changePassword({ clusterDir, binDir, user }: StoppedCluster, password: string): Promise<void> {
  const args = ["--single", "-D", clusterDir, "-c", "exit_on_error=on", "postgres"];
  await runAs(user, join(binDir, "postgres"), args, {
    input: `ALTER ROLE ${DATABASE} PASSWORD '${password}'\n`,
  });
}
