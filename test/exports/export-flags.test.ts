import { expect, test } from "vitest";
import { ConfigError } from "../../src/config.js";
import type { CommandLine } from "../../src/commands/program/command-line.js";
import { createProgram } from "../../src/commands/program/create-program.js";

const NOT_REACHED = new Error("the settings are read only if the flags are right");

const commandLine: CommandLine = {
  environment: {},
  readConfig: () => {
    throw NOT_REACHED;
  },
  print: () => undefined,
  printHint: () => undefined,
  fail: () => undefined,
  signal: new AbortController().signal,
};

/** Runs an export with these flags, up to where it reads the settings. Returns why it ended. */
async function runExport(format: string, ...flags: readonly string[]): Promise<unknown> {
  const words = ["node", "vnic-graph", "export", "--format", format, ...flags];
  return createProgram(commandLine)
    .parseAsync(words)
    .then(() => null)
    .catch((error: unknown) => error);
}

test.each([
  [
    "--port",
    "9999",
    "is where a gateway listens, and an export listens nowhere; --target-port is the port of Prometheus' targets",
  ],
  [
    "--host",
    "host1",
    "is where a gateway listens, and an export listens nowhere; --vm-host chooses VMs by the host that runs them",
  ],
  ["--host", "127.0.0.1", "is where a gateway listens"],
  ["--target-port", "abc", '"abc" is no number from 1 to 65535'],
  ["--vm-host", "", "must have from 1 to 255 characters"],
  ["--name", "", "must have from 1 to 255 characters"],
  ["--network", "", "must have from 1 to 255 characters"],
  ["--within", "10.0.0.1/8", '"10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8'],
  ["--mac", "red", '"red" is no MAC'],
  ["--status", "SLEEPY", '"SLEEPY" is none of'],
  ["--filter", "web", "it is no JSON"],
])("an export with the flag %s %s is refused in one line that names it", async (flag, value, reason) => {
  const error = await runExport("prometheus-sd", flag, value);
  expect(error).toBeInstanceOf(ConfigError);
  const { message } = error as ConfigError;
  expect(message).toContain(reason);
  expect(message.startsWith(`export: ${flag}`)).toBe(true);
  expect(message).not.toContain("\n");
});

test("a format that there is not is refused with the name of its flag", async () => {
  expect(await runExport("xml")).toMatchObject({
    message: expect.stringMatching(/^export: --format: "xml" is none of csv/),
  });
});

test("an export takes VMs' host and targets' port by their flags", async () => {
  expect(await runExport("prometheus-sd", "--target-port", "9999", "--vm-host", "host1")).toBe(NOT_REACHED);
});

test("the help of an export shows no flags of where a gateway listens; that of start does", () => {
  const { commands } = createProgram(commandLine);
  const help = (name: string) => commands.find((command) => command.name() === name)!.helpInformation();
  expect(help("export")).toMatch(/--database-url /);
  expect(help("export")).not.toMatch(/ --(?:host|port) /);
  expect(help("start")).toMatch(/ --host [^]* --port /);
});
