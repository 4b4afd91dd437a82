import { CommanderError } from "commander";
import { expect, test, vi } from "vitest";
import type { CommandLine } from "../../src/commands/program/command-line.js";
import { createProgram } from "../../src/commands/program/create-program.js";

test("the value of a mistyped flag, which may be a secret, is not repeated", async () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const commandLine: CommandLine = {
    environment: {},
    readConfig: () => {
      throw new Error("not reached");
    },
    print: () => undefined,
    printHint: () => undefined,
    fail: () => undefined,
    signal: new AbortController().signal,
  };
  const words = ["node", "vnic-graph", "start", "--database-passwrd=hunt='er2\nhunter2"];
  await expect(createProgram(commandLine).parseAsync(words)).rejects.toThrow(CommanderError);
  expect(write.mock.calls.map(([text]) => text)).toEqual(["error: unknown option '--database-passwrd'\n"]);
  write.mockRestore();
});
