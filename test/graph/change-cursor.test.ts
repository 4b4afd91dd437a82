import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createChangeLog } from "../../src/store/changes/change-log.js";
import { parseCursor } from "../../src/store/changes/cursor.js";
import { changeIps } from "../store/changes/log-fixtures.js";
import { id } from "../support/builders/ids.js";
import { ask, askForData, askForErrors } from "./support/ask.js";
import { createTwoSources, type TwoSources } from "./support/two-sources.js";

let both: TwoSources;

beforeAll(async () => {
  both = await createTwoSources();
});
afterAll(() => both.drop());

describe("changeCursor", () => {
  test("is null beside an error until the log's place is known; the rest of the answer is there", async () => {
    const query = "{ changeCursor vms(first: 1) { nodes { id } } }";
    const { data } = await ask(both.sources.own, query);
    expect(data).toMatchObject({ changeCursor: null, vms: { nodes: [{}] } });
    expect(await askForErrors(both.sources.own, query)).toEqual([
      "NOT_AVAILABLE: changeCursor: where the log stands is being found out, or it grows too fast; try again in a moment",
    ]);
  });

  test("costs two statements beside any list, however often it is asked for", async () => {
    const log = createChangeLog(both.database.dataSource);
    while ((await log.advanceAddressIndex()) === "more");
    both.countStatements();
    await askForData(both.sources.own, "{ a: changeCursor b: changeCursor drift { nodes { kind } } }");
    expect(both.countStatements()).toBe(2 + 1);
  });

  test("is where the changes begin that the lists of the same request do not show", async () => {
    const { store } = both.database;
    const log = createChangeLog(both.database.dataSource);
    const readBehind = async (data: unknown) => {
      const { changeCursor } = data as { changeCursor: string };
      return (await log.openReader(parseCursor(changeCursor)).read(10)).changes.map(({ vmId }) => vmId);
    };
    const query = "{ changeCursor vms { nodes { guestInfo { ips } } } }";
    const snapshot = store.openSnapshot(null);
    // The state is that of the request's first statement.
    const begun = await askForData(snapshot.reads, query);
    const [vm] = await store.readVms([id(1)]);
    await changeIps(store, vm!, "10.7.7.7");
    const same = await askForData(snapshot.reads, query);
    await snapshot.close();
    const later = await askForData(store, query);
    expect(await readBehind(begun)).toEqual([id(1)]);
    expect([await readBehind(same), JSON.stringify(same).includes("10.7.7.7")]).toEqual([[id(1)], false]);
    expect([await readBehind(later), JSON.stringify(later).includes("10.7.7.7")]).toEqual([[], true]);
  });

  test("of an engine's database, which keeps no changes, is null without an error and costs nothing", async () => {
    both.countStatements();
    expect(await askForData(both.sources.engine, "{ changeCursor }")).toEqual({ changeCursor: null });
    expect(both.countStatements()).toBe(0);
  });

  test("is no field of a subgraph that only contributes", async () => {
    const { errors } = await ask(both.sources.own, "{ changeCursor }", { federation: "contribute" });
    expect(errors?.[0]?.message).toMatch(/Cannot query field "changeCursor"/);
  });
});
