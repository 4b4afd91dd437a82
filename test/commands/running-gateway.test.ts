import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";
import { runVnicGraph } from "../support/processes/process.js";

const data = temporaryFolder();
const environment = { DATA_DIR: data.path, REFRESH_INTERVAL: "1s" };
let demo: RunningGateway;

beforeAll(async () => {
  demo = await startGatewayProcess(environment);
});

afterAll(async () => {
  demo.run.child.kill("SIGTERM");
  await demo.run.ended;
  data.remove();
});

async function run(...words: string[]): Promise<{ code: number | string; output: string }> {
  const command = runVnicGraph(words, environment);
  return { code: await command.ended, output: command.output() };
}

test("the doctor looks at the database and the hosts of the demo that runs, not at its own", async () => {
  const { code, output } = await run("doctor");
  expect([code, output]).toEqual([0, expect.stringMatching(/^ok {4}database: PostgreSQL \d+/m)]);
  expect(output).toMatch(/^ok {4}tables: up to date$/m);
  expect(output.match(/^ok {4}host 127\S+ host\d/gm)).toHaveLength(2);
});

test("refresh --once asks the hosts of the demo that runs, into its database", async () => {
  const { code, output } = await run("refresh", "--once");
  expect([code, output]).toEqual([0, expect.stringContaining("2 hosts asked, 0 failed")]);
});

test("hosts are listed, added and removed in the database of the demo that runs, which follows", async () => {
  expect((await run("hosts", "list")).output).toMatch(/host1\S+ +\S+ +up/);
  expect(await run("hosts", "add", "127.0.0.1:1")).toMatchObject({ code: 0 });
  const hosts = async () => {
    const { data: answer } = await demo.ask(null, "{ hosts { name } }");
    return (answer as { hosts: { name: string }[] }).hosts.map(({ name }) => name);
  };
  await eventually(async () => {
    expect(await hosts()).toContain("127.0.0.1:1");
  });
  expect(await run("hosts", "remove", "127.0.0.1:1")).toMatchObject({ code: 0 });
  await eventually(async () => {
    expect(await hosts()).not.toContain("127.0.0.1:1");
  });
});

test("the record of the demo's hosts is for its user alone, and gone when the demo has stopped", async () => {
  expect(statSync(join(data.path, "demo", "demo-hosts.json")).mode & 0o777).toBe(0o600);
  demo.run.child.kill("SIGTERM");
  expect(await demo.run.ended).toBe(0);
  expect(readdirSync(join(data.path, "demo"))).not.toContain("demo-hosts.json");
});
