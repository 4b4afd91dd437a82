import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { createDatabase } from "../../support/databases/database.js";
import { ROOT } from "../../support/documents/markdown.js";
import { eventually } from "../../support/eventually.js";
import { temporaryFolder } from "../../support/processes/gateway.js";
import { freePort } from "../../support/processes/tcp.js";

const FULL = "/dev/full";
const folder = temporaryFolder();

afterAll(() => {
  folder.remove();
});

test("a gateway whose log is on a full disk serves on, says so once, and ends as asked", async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const port = String(await freePort());
  const disk = openSync(FULL, "w");
  const gateway = spawn(process.execPath, ["--import", "tsx", "src/main.ts", "start"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], DATABASE_URL: database.url, PORT: port },
    stdio: ["ignore", disk, "pipe"],
  });
  closeSync(disk);
  let said = "";
  gateway.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(gateway, "close");
  await eventually(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });
  gateway.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(said).toMatch(/^vnic-graph: the output cannot be written: ENOSPC.*\n$/);
});

test("lines that found no room are written when there is room again, and the log goes on", async () => {
  const path = join(folder.path, "log");
  // The shell bounds the file as a full disk does, at 1,024 bytes.
  const program = `ulimit -f 2; exec "$0" --import tsx test/gateway/log/full-disk-child.ts >>"$1"`;
  const child = spawn("sh", ["-c", program, process.execPath, path], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], TSX_DISABLE_CACHE: "1" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close");
  const logLines = async (count: number) => {
    said = "";
    child.stdin.write(`${count}\n`);
    await eventually(() => {
      expect(said).toBe(`${count} logged\n`);
    });
  };
  await logLines(8);
  expect(readFileSync(path)).toHaveLength(1_024);
  truncateSync(path);
  await logLines(1);
  expect(readLeft(path).slice(-2)).toEqual([1, 1]);
  // Far more than is kept.
  await logLines(20_000);
  truncateSync(path);
  await logLines(1);
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
});

test.each(["a pipe", "a socket"])(
  "a reader of %s that stops reading does not stop the process",
  async (kind) => {
    const program =
      kind === "a pipe"
        ? `"$0" --import tsx test/gateway/log/full-disk-child.ts | cat`
        : `exec "$0" --import tsx test/gateway/log/full-disk-child.ts`;
    const child = spawn("sh", ["-c", program, process.execPath], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, "close");
    // Far more than pipe, socket and the process take together. Nobody reads yet.
    child.stdin.write("20000\n");
    await eventually(() => {
      expect(said).toBe("20000 logged\n");
    });
    let read = "";
    child.stdout.on("data", (chunk: Buffer) => (read += chunk.toString()));
    await eventually(() => {
      expect(read.length).toBeGreaterThan(1024 * 1024);
    });
    child.stdin.end("2\n");
    expect(await ended).toEqual([0, null]);
    const left = parseLeft(read);
    const firstLines = left.slice(0, 5_000);
    expect(firstLines).toEqual(firstLines.map((_, line) => 20_000 - line));
    expect(left.length).toBeLessThan(15_000);
    expect(left.slice(-2)).toEqual([2, 1]);
  },
);

/** Reads the lines that are whole. */
function readLeft(path: string): number[] {
  return parseLeft(readFileSync(path, "utf8"));
}

function parseLeft(text: string): number[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => (JSON.parse(line) as { left: number }).left);
}
