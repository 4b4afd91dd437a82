import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DATABASE } from "./database-url.js";
import { runAs, type ServerUser } from "./run.js";

/** A cluster that is stopped. */
export interface StoppedCluster {
  readonly clusterDir: string;
  readonly binDir: string;
  readonly user: ServerUser | null;
}

/**
 * Reads or creates the cluster's password, which only its owner can read. The file is whole or absent; an empty one, as
 * earlier releases left on a full disk, counts as none. Where the cluster exists and its password is lost:
 * 1. a new password is stored in the cluster, by a server that takes no connections;
 * 2. then it is stored in the file. A start that ends between these two makes the next one begin anew.
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

/** Changes the password of a cluster that is stopped. It goes through standard input, where no other user sees it. */
async function changePassword({ clusterDir, binDir, user }: StoppedCluster, password: string): Promise<void> {
  const args = ["--single", "-D", clusterDir, "-c", "exit_on_error=on", "postgres"];
  await runAs(user, join(binDir, "postgres"), args, `ALTER ROLE ${DATABASE} PASSWORD '${password}'\n`);
}
