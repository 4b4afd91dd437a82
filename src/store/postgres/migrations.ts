import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { MigrationInterface } from "typeorm";
import { requireAbove } from "../../model/find-above.js";

type Migration = new () => MigrationInterface;

const FOLDER = requireAbove(import.meta.dirname, "migrations");

/** Matches the name of a migration's file, as source or compiled. Does not match declarations and source maps. */
const FILE = /^\d{13}-[a-z0-9-]+\.[jt]s$/;

/**
 * All migrations, oldest first: every file of `migrations/` whose name begins with a time, and of its folders, which have older ones by the
 * first digits of their times. No other list exists.
 *
 * The database records which ones have run by the names of their classes. So two migrations with one time both run, in the
 * order of their files, as at 1795950000000. Never rename a class: a database that has run it would look like one of a
 * newer release.
 */
export const MIGRATIONS: readonly Migration[] = (
  await Promise.all(
    readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
      .filter((file) => FILE.test(basename(file)))
      .toSorted((one, other) => (basename(one) < basename(other) ? -1 : 1))
      .map(
        async (file) =>
          (await import(pathToFileURL(join(FOLDER, file)).href)) as Readonly<Record<string, Migration>>,
      ),
  )
).flatMap((module) => Object.values(module));
