import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { boundByOpenFiles } from "../../../src/gateway/serving/open-files.js";
import { createDatabase } from "../../support/databases/database.js";
import { ROOT } from "../../support/documents/markdown.js";
import { eventually } from "../../support/eventually.js";
import { parseLogLines } from "../../support/processes/gateway.js";
import { freePort } from "../../support/processes/tcp.js";

const IS_LINUX = process.platform === "linux";

test.skipIf(!IS_LINUX)("where few files may be open, silent connections keep nobody out", async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const port = await freePort();
  const gateway = spawn(
    "sh",
    ["-c", 'ulimit -n 300; exec "$0" --import tsx src/main.ts start', process.execPath],
    {
      cwd: ROOT,
      env: {
        PATH: process.env["PATH"],
        DATABASE_URL: database.url,
        PORT: String(port),
        REFRESH_INTERVAL: "off",
      },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  onTestFinished(() => void gateway.kill("SIGKILL"));
  let output = "";
  gateway.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ask = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  await eventually(async () => {
    expect((await ask("/readyz")).status).toBe(200);
  });
  const silent = Array.from({ length: 400 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  onTestFinished(() => {
    for (const socket of silent) socket.destroy();
  });
  await Promise.all(silent.map((socket) => once(socket, "connect")));
  expect((await ask("/healthz")).status).toBe(200);
  expect((await ask("/readyz")).status).toBe(200);
  expect(parseLogLines(output)).toContainEqual(expect.objectContaining({ openFiles: 300, connections: 100 }));
});

test("a third of the files that may be open are connections, if the settings do not say fewer", () => {
  const warnings: unknown[] = [];
  const log = { warn: (fields: unknown) => void warnings.push(fields) };
  expect(boundByOpenFiles({ cost: 5 }, log, 1_024)).toEqual({ cost: 5, connections: 341 });
  expect(boundByOpenFiles({ connections: 900 }, log, 1_024)).toEqual({ connections: 341 });
  expect(warnings).toEqual(Array(2).fill({ openFiles: 1_024, connections: 341 }));
  for (const openFiles of [6_000, 1_048_576, Number.POSITIVE_INFINITY]) {
    expect(boundByOpenFiles({}, log, openFiles)).toEqual({});
  }
  expect(boundByOpenFiles({ connections: 300 }, log, 1_024)).toEqual({ connections: 300 });
  expect(warnings).toHaveLength(2);
});
