import type { DataSource } from "typeorm";
import { expect, inject, onTestFinished, test } from "vitest";
import { createDataSource, type DataSourceOptions } from "../../../src/store/postgres/data-source.js";

function create(options: DataSourceOptions): DataSource {
  const dataSource = createDataSource(inject("databaseAdminUrl"), { poolSize: 1, ...options });
  onTestFinished(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
  });
  return dataSource;
}

function block(ms: number): void {
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt);
}

/** Blocks each turn of the event loop, as a flood of requests does, until the work has ended. */
async function blockTurnsUntil(work: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  work.then(end, end);
  while (!over.signal.aborted) {
    await new Promise((resolve) => setImmediate(resolve));
    block(ms);
  }
}

test("a connection whose every step waits for a busy event loop for longer than the whole may take is made", async () => {
  const dataSource = create({ connectTimeoutMs: 250 });
  const connected = dataSource.initialize();
  await blockTurnsUntil(connected, 300);
  await connected;
  expect(await dataSource.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("an answer that came while the event loop was busy is read, however long ago the question was sent", async () => {
  const dataSource = await create({ answerTimeoutMs: 250 }).initialize();
  const answer = dataSource.query("SELECT 1 AS one");
  // The statement is sent in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  block(600);
  expect(await answer).toEqual([{ one: 1 }]);
});
