import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExport } from "../../src/commands/export.js";
import { loadConfig } from "../../src/config.js";
import { addVms, storedVm } from "../store/changes/log-fixtures.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS.slice(0, 1), INTERVAL_MS);
  await addVms(database.store, [
    storedVm(1, { name: "web", silence: "ips-only", interfaces: [], ips: "10.0.0.1" }),
  ]);
});

afterAll(() => database.drop());

/** A stream that keeps what is written, and may be a terminal. */
class Recorder extends Writable {
  text = "";

  constructor(readonly isTTY: boolean) {
    super({
      write: (chunk: Buffer, _encoding, done) => {
        this.text += chunk.toString();
        done();
      },
    });
  }
}

test.each([
  ["no bar where the output itself goes to the terminal", { output: true, screen: true }, ""],
  ["no bar without a terminal", { output: false, screen: false }, ""],
  ["no bar where messages go to a file", { output: true, screen: false }, ""],
  ["a bar on a terminal if the output goes elsewhere", { output: false, screen: true }, "1/1 VMs"],
])("an export shows %s, and its output is the same", async (_, terminals, shown) => {
  const [output, screen] = [new Recorder(terminals.output), new Recorder(terminals.screen)];
  const request = {
    format: "hosts",
    filter: {},
    primary: { network: null, within: null },
    port: 9100,
  } as const;
  await runExport(request, loadConfig({ DATABASE_URL: database.url }), output, screen);
  expect(output.text).toBe("10.0.0.1\tweb\n");
  if (shown === "") expect(screen.text).toBe("");
  else expect(screen.text).toContain(shown);
});
