import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { startGateway } from "../../src/gateway.js";
import { createDatabase } from "../support/databases/database.js";
import { announceStart, createAnnouncement } from "../../src/gateway/announce.js";

test.each([
  ["/", "http://127.0.0.1:4000"],
  ["/vnic", "http://127.0.0.1:4000/vnic"],
])("the first lines show addresses below BASE_PATH=%s", (basePath, base) => {
  const lines: string[] = [];
  announceStart(loadConfig({ BASE_PATH: basePath }), "http://127.0.0.1:4000", (line) => lines.push(line));
  expect(lines.slice(-2)).toEqual([
    `Portal: ${base}/`,
    `GraphiQL: ${base}/graphiql  GraphQL: ${base}/graphql`,
  ]);
});

test("a start says that it listens when queries are answered, and logs what it did to the database after that", async () => {
  const database = await createDatabase({ template: null });
  onTestFinished(() => database.drop());
  const asked: Promise<unknown>[] = [];
  const told: string[] = [];
  const write = (line: string) => {
    const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
    told.push(msg);
    if (msg === "listening") {
      const query = `${url!}/graphql?query={vms{totalCount}}`;
      const headers = { "apollo-require-preflight": "1" };
      asked.push(fetch(query, { headers }).then((answer) => answer.json()));
    }
  };
  const gateway = await startGateway({
    config: loadConfig({ PORT: "0", DATABASE_URL: database.url }),
    log: pino({ base: null }, { write }),
    announce: () => told.push("announced"),
  });
  onTestFinished(() => gateway.stop());
  expect(await Promise.all(asked)).toEqual([{ data: { vms: { totalCount: 0 } } }]);
  const said = told.filter((line) => /announced|listening|brought/.test(line));
  expect([...new Set(said)]).toEqual(["announced", "listening", "database brought up to date"]);
});

test("a start that waits long for a database that is there says so once, and where it listens", () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const told: string[] = [];
  const create = () =>
    createAnnouncement(
      {
        config: loadConfig({}),
        log: pino(
          { base: null },
          { write: (line: string) => told.push((JSON.parse(line) as { msg: string }).msg) },
        ),
        announce: () => undefined,
      },
      "http://127.0.0.1:4000",
    );
  const slow = create();
  slow.expectSoon();
  vi.advanceTimersByTime(9_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(100_000);
  expect(told).toEqual(["listening", expect.stringMatching(/^the start waits for the database: /)]);
  told.length = 0;
  const [soon, ended] = [create(), create()];
  soon.expectSoon();
  soon.announce();
  ended.expectSoon();
  ended.end();
  ended.expectSoon();
  vi.advanceTimersByTime(100_000);
  expect(told).toEqual(["listening"]);
});
