import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOST_A } from "../support/builders/ids.js";
import { openSite, type Site } from "../browser/support/site.js";
import { ROOT } from "../support/documents/markdown.js";

const VM = { number: 1, name: "web-01", address: "10.0.0.1" };
const run = promisify(execFile);

describe("the typed client among the examples", () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [VM] });
  });
  afterAll(() => site.stop());

  test("is forty lines long at most", () => {
    const text = readFileSync(join(ROOT, "examples/frontend/client.ts"), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });

  test("is right for the schema, as its document has it checked", async () => {
    await run("npx", ["gql.tada", "generate-output", "-c", "examples/frontend/tsconfig.json"], { cwd: ROOT });
    await run("npx", ["tsc", "-p", "examples/frontend"], { cwd: ROOT });
  });

  test("lists the vNICs with the guest's addresses, prints changes as they come, and misses none while the gateway is away", async () => {
    const client = spawn(
      process.execPath,
      ["--import", "tsx", "examples/frontend/client.ts", site.url, VM.name],
      { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
    );
    const lines = readLines(client.stdout);
    try {
      expect((await lines.next()).value).toBe("nic1 ovirtmgmt eth0 10.0.0.1");
      await site.report({ [HOST_A]: [{ ...VM, address: "10.0.0.2" }] });
      await readUntil(lines, "10.0.0.2");
      await site.lose();
      await site.report({ [HOST_A]: [{ ...VM, address: "10.0.0.3" }] });
      await site.report({ [HOST_A]: [{ ...VM, address: "10.0.0.4" }] });
      await site.regain();
      await readUntil(lines, "10.0.0.3");
      await readUntil(lines, "10.0.0.4");
    } finally {
      client.kill("SIGKILL");
    }
  });
});

/** Reads lines until one has the text. */
async function readUntil(lines: AsyncGenerator<string>, text: string): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the output ended before ${text}`);
    if (value.includes(text)) return;
  }
}

async function* readLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
