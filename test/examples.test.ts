import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOST_A } from "./support/builders/ids.js";
import { openSite, type Site } from "./browser/site.js";
import { ROOT } from "./support/documents/markdown.js";

const VM = { number: 1, name: "web-01", address: "10.0.0.1" };
const run = promisify(execFile);

describe("the typed client among the examples", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [VM] });
  });
  afterAll(() => site.stop());

  test("is right for the schema, as its document has it checked", async () => {
    await run("npx", ["gql.tada", "generate-output", "-c", "examples/frontend/tsconfig.json"], { cwd: ROOT });
    await run("npx", ["tsc", "-p", "examples/frontend"], { cwd: ROOT });
  });

  test("lists the vNICs with the guest's addresses, then prints changes as they come", async () => {
    const client = spawn(
      process.execPath,
      ["--import", "tsx", "examples/frontend/client.ts", site.url, VM.name],
      { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
    );
    const lines = readLines(client.stdout);
    try {
      expect((await lines.next()).value).toBe("nic1 ovirtmgmt eth0 10.0.0.1");
      expect((await lines.next()).value).toBe("following web-01");
      await site.report({ [HOST_A]: [{ ...VM, address: "10.0.0.2" }] });
      const news = [(await lines.next()).value, (await lines.next()).value];
      expect(news).toEqual(expect.arrayContaining([expect.stringContaining("10.0.0.2")]));
    } finally {
      client.kill("SIGKILL");
    }
  });
});

async function* readLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
