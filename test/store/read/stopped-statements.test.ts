import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createEngineDataSource } from "../../../src/engine-store/engine-data-source.js";
import { createEngineStore } from "../../../src/engine-store/engine-store.js";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { createStore } from "../../../src/store/store.js";
import type { Readers, ReadStore } from "../../../src/store/types.js";
import { createEngineDatabase, type EngineDatabase } from "../../engine-store/engine-database.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { withDatabase } from "../../support/databases/postgres-server.js";
import { listEveryRead } from "../../support/reads/every-read.js";

const LIMITS = { statementTimeoutMs: 50, answerTimeoutMs: 20_000 };

let ours: TestDatabase;
let engine: EngineDatabase;

beforeAll(async () => {
  [ours, engine] = await Promise.all([createDatabase(), createEngineDatabase()]);
});

afterAll(() => Promise.all([ours.drop(), engine.drop()]));

/** Locks all tables of a database, so that PostgreSQL stops each statement that reads one; returns how to end that. */
async function lockAllTables(connectionString: string): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString });
  await holder.connect();
  const { rows } = await holder.query<{ names: string }>(
    "SELECT string_agg(format('%I', tablename), ', ') AS names FROM pg_tables WHERE schemaname = 'public'",
  );
  await holder.query(`BEGIN; LOCK TABLE ${rows[0]!.names} IN ACCESS EXCLUSIVE MODE`);
  return () => holder.end();
}

/** Asks every read by itself, and tells by its name how each ended. */
async function askEach(ask: <Answer>(question: (reads: ReadStore) => Promise<Answer>) => Promise<Answer>) {
  const endings: Record<string, string> = {};
  for (const name of READS) {
    endings[name] = await ask((reads) => listEveryRead(reads)[name]()).then(
      () => "answered",
      (error: unknown) => {
        const { name: kind, extensions } = error as Error & { extensions?: { code: string } };
        return `${kind} ${extensions?.code}`;
      },
    );
  }
  return endings;
}

/** Asks in a snapshot of its own, as a request does. */
function askInSnapshot(store: Readers) {
  return async <Answer>(question: (reads: ReadStore) => Promise<Answer>): Promise<Answer> => {
    const { reads, close } = store.openSnapshot(null);
    try {
      return await question(reads);
    } finally {
      await close();
    }
  };
}

const READS = Object.keys(listEveryRead({} as ReadStore)) as (keyof ReadStore)[];

/** What a read that sent a statement ends with; the reads that are named send none. */
function expectStopped(others: Partial<Record<keyof ReadStore, string>>) {
  const stopped = READS.map((name) => [name, "StatementTimeoutError DEADLINE_EXCEEDED"] as const);
  return { ...Object.fromEntries(stopped), ...others };
}

describe("a statement that PostgreSQL stops ends as a deadline that has passed, whichever read sent it", () => {
  test("of our own database", async () => {
    const dataSource = await createDataSource(ours.url, LIMITS).initialize();
    const store = createStore(dataSource);
    const unlock = await lockAllTables(ours.url);
    const expected = expectStopped({ readVmOriginsByIds: "answered" });
    try {
      expect(await askEach((question) => question(store))).toEqual(expected);
      expect(await askEach(askInSnapshot(store))).toEqual(expected);
    } finally {
      await unlock();
      await dataSource.destroy();
    }
  });

  test("of an engine's database", async () => {
    const dataSource = await createEngineDataSource(engine.url, LIMITS).initialize();
    const store = createEngineStore(dataSource);
    const unlock = await lockAllTables(
      withDatabase(inject("databaseAdminUrl"), new URL(engine.url).pathname.slice(1)),
    );
    const expected = expectStopped({
      readHistoryBounds: "answered",
      readVmVersionsAt: "answered",
      readVmChanges: "answered",
      readAddressSpans: "answered",
      readChangeCursor: "answered",
      readChangeMark: "answered",
    });
    try {
      expect(await askEach((question) => question(store))).toEqual(expected);
      expect(await askEach(askInSnapshot(store))).toEqual(expected);
    } finally {
      await unlock();
      await dataSource.destroy();
    }
  });
});
