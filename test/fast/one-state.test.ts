import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readInOneState } from "../../src/fast/root-work.js";
import type { ReadSnapshot } from "../../src/store/types.js";
import { NO_PARTS } from "../../src/store/vm-tree.js";
import { id } from "../support/builders/ids.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** A request that may end, and the snapshot that is opened for it. */
function openRequest() {
  const controller = new AbortController();
  const snapshot = database.store.openSnapshot(null);
  const closings: Promise<void>[] = [];
  const opened: ReadSnapshot = {
    ...snapshot,
    close: () => {
      const closing = snapshot.close();
      closings.push(closing);
      return closing;
    },
  };
  return {
    work: {
      openState: () => opened,
      check: () => {
        controller.signal.throwIfAborted();
      },
      getSignal: () => controller.signal,
    },
    end: () => {
      controller.abort(new Error("the request is over"));
    },
    /** Resolves with the number of closings, when all of them have ended. */
    countClosings: async () => (await Promise.all(closings)).length,
  };
}

const readNoVms = { limit: 1, after: null, filter: {}, order: "NAME_ASC" } as const;

describe("reads of one state", () => {
  test("are one transaction, whose connection is given back when the answer is made", async () => {
    const { work, countClosings } = openRequest();
    database.statements();
    await readInOneState(work, async ({ loaders, trees }) => [
      await loaders.nicById.load(id(1)),
      await trees.readTreesPage(readNoVms, NO_PARTS),
    ]);
    expect(await countClosings()).toBe(1);
    expect(database.statements().map((sql) => /^\s*(\w+)/.exec(sql)?.[1])).toEqual([
      "START",
      "SELECT",
      "SELECT",
      "COMMIT",
    ]);
  });

  test("end with their request: no further statement begins, and the connection is given back", async () => {
    const { work, end, countClosings } = openRequest();
    database.statements();
    const answer = readInOneState(work, async ({ loaders, trees }) => {
      await loaders.nicById.load(id(1));
      end();
      return trees.readTreesPage(readNoVms, NO_PARTS);
    });
    await expect(answer).rejects.toThrow("the request is over");
    expect(await countClosings()).toBeGreaterThan(0);
    expect(database.statements().filter((sql) => /^\s*SELECT/.test(sql))).toHaveLength(1);
  });

  test("do not begin after their request", async () => {
    const { work, end, countClosings } = openRequest();
    end();
    database.statements();
    await expect(readInOneState(work, () => Promise.resolve(1))).rejects.toThrow("the request is over");
    expect(await countClosings()).toBe(1);
    expect(database.statements()).toEqual([]);
  });

  test("are closed when writing the answer fails", async () => {
    const { work, countClosings } = openRequest();
    const answer = readInOneState(work, async ({ loaders }) => {
      await loaders.nicById.load(id(1));
      throw new Error("a VM was not found");
    });
    await expect(answer).rejects.toThrow("a VM was not found");
    expect(await countClosings()).toBe(1);
  });
});
