import { expect, test } from "vitest";
import { createDatabase } from "../support/databases/database.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { runVnicGraph } from "../support/processes/process.js";

/** Lets a promise fail, for which nobody waits, when the process gets SIGUSR2. */
const FAILING = `process.on("SIGUSR2", () => void Promise.reject(new Error("item 3 has no name")));`;

test("a failure that nobody waits for is a line in the log, and the gateway goes on", async () => {
  const database = await createDatabase();
  const folder = temporaryFolder();
  const run = runVnicGraph(["start"], { PORT: "0", DATABASE_URL: database.url, DATA_DIR: folder.path }, [
    ...["--import", `data:text/javascript,${encodeURIComponent(FAILING)}`],
    ...["--import", "tsx", "src/main.ts"],
  ]);
  try {
    const [, url] = await run.says(/"url":"(http:[^"]+)","msg":"listening"/);
    run.child.kill("SIGUSR2");
    const [line] = await run.says(/\{.*"msg":"something failed that nobody waited for"\}/);
    expect(JSON.parse(line)).toMatchObject({ level: "error", reason: "item 3 has no name" });
    const answer = await fetch(`${url}/healthz`);
    expect(answer.status).toBe(200);
    expect(run.output()).not.toMatch(/\bat .*:\d+:\d+/);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  } finally {
    run.child.kill("SIGKILL");
    await run.ended;
    folder.remove();
    await database.drop();
  }
});
