import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { addDatabaseParameter } from "../../src/model/connections/database-url.js";
import { createDatabase } from "../support/databases/database.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { ROOT } from "../support/documents/markdown.js";

/** Runs a shell line with `$VNIC` as the command; resolves with both outputs. */
async function runShell(line: string, environment: Record<string, string> = {}) {
  const data = temporaryFolder();
  try {
    return await promisify(execFile)("bash", ["-c", line], {
      cwd: data.path,
      env: {
        PATH: process.env["PATH"],
        HOME: data.path,
        DATA_DIR: join(data.path, "data"),
        VNIC: join(ROOT, "bin/vnic-graph.mjs"),
        ...environment,
      },
    });
  } finally {
    data.remove();
  }
}

test.each([
  ["doctor", { DATABASE_URL: "postgres://127.0.0.1:1/none" }, "1"],
  ["schema", {}, "0"],
  ["--help", {}, "0"],
] as const)(
  "%s | head -1 ends without a stack, with the command's own exit code",
  async (words, environment, code) => {
    const line = `{ "$VNIC" ${words}; echo "code $?" >&2; } | head -1 >/dev/null`;
    const { stderr } = await runShell(line, environment);
    expect(stderr.trim()).toBe(`code ${code}`);
  },
);

test("an export whose reader has gone ends without a word", async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const line = `{ "$VNIC" export --format csv; echo "code $?" >&2; } | true`;
  const { stderr } = await runShell(line, { DATABASE_URL: database.url });
  expect(stderr.trim()).toBe("code 0");
});

test.each([["schema"], ["--help"], ["token list --file /dev/null"], ["doctor"]])(
  "%s into a full disk says so in one line, and has failed",
  async (words) => {
    const { stderr } = await runShell(`"$VNIC" ${words} >/dev/full; echo "code $?" >&2`, {
      DATABASE_URL: "postgres://127.0.0.1:1/none",
    });
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^vnic-graph: the output cannot be written: ENOSPC/),
      "code 1",
    ]);
  },
);

test("a command that the database refuses says that it was the database, and what to do", async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const readOnly = addDatabaseParameter(database.url, "options", "-c default_transaction_read_only=on");
  const { stderr } = await runShell(`"$VNIC" hosts add host-1; echo "code $?" >&2`, {
    DATABASE_URL: readOnly,
  });
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(
      /^vnic-graph: the database cannot be written at the moment: .*read-only transaction; `vnic-graph doctor` says how to mend it$/,
    ),
    "code 1",
  ]);
});

test("a variable that looks like a setting is a warning on standard error, with the nearest name", async () => {
  const { stdout, stderr } = await runShell(`"$VNIC" doctor || true`, {
    DATABASE_URL: "postgres://127.0.0.1:1/none",
    VDSM_HOST: "h1",
    PROT: "4001",
  });
  expect(stdout).toContain("DATABASE_URL");
  expect(stderr.split("\n").slice(0, 2)).toEqual([
    "vnic-graph: warning: PROT is no setting; did you mean PORT?",
    "vnic-graph: warning: VDSM_HOST is no setting; did you mean VDSM_HOSTS?",
  ]);
});
