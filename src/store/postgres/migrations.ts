import { readdirSync } from "node:fs";
import type { MigrationInterface } from "typeorm";

type Migration = new () => MigrationInterface;

const FOLDER = new URL("../../../migrations/", import.meta.url);

/** Matches a migration as source or as compiled, without what a compiler puts beside it. */
const FILE = /^\d{13}-[a-z0-9-]+\.[jt]s$/;

/**
 * All migrations, oldest first: every file of `migrations/` whose name begins with a time. None is listed elsewhere. What has run
 * is recorded by the name of its class. So two of one time, as there are at 1795950000000, both run, in the order of their files;
 * to rename one would make databases that have run it look like those of a newer release.
 */
export const MIGRATIONS: readonly Migration[] = (
  await Promise.all(
    readdirSync(FOLDER)
      .filter((file) => FILE.test(file))
      .toSorted()
      .map(async (file) => (await import(new URL(file, FOLDER).href)) as Readonly<Record<string, Migration>>),
  )
).flatMap((module) => Object.values(module));
