#!/usr/bin/env node
import "reflect-metadata";
import { Command, CommanderError, Option } from "commander";
import { addExportFlags } from "./commands/export-flags.js";
import { readSettingFlags, addSettingFlags } from "./commands/flags.js";
import { addLiveCommands } from "./commands/live/live-commands.js";
import type { HostsTask } from "./commands/hosts.js";
import type { SimulateFlags } from "./commands/simulate.js";
import type { TokenFlags } from "./commands/token.js";
import { type Config, ConfigError, loadConfig } from "./config.js";
import { findForeignHost } from "./config/foreign-variables.js";
import { findUnknownVariables } from "./config/unknown-variables.js";
import { boundHeapGrowth } from "./gateway/heap-growth.js";
import { createLog } from "./gateway/log.js";
import { VERSION } from "./gateway/version.js";
import { formatError } from "./gateway/format-error.js";
import { toPrintable } from "./model/printable.js";

/** Exit codes: 0 done, 1 failed, 2 wrong arguments or settings. */
const FAILED = 1;
const MISUSED = 2;

/** A second signal, or a drain that takes longer than this, ends the process at once. */
const DRAIN_LIMIT_MS = 10_000;

/** npm and terminals may pass one key press on twice; what comes this soon is the same signal. */
const ECHO_MS = 300;

const stopping = new AbortController();
let signalledAtMs = Number.NEGATIVE_INFINITY;
const print = (line: string) => process.stdout.write(`${line}\n`);
/** What a person should know, but a script that reads standard output should not get. */
const printHint = (line: string) => process.stderr.write(`${line}\n`);

const program = new Command("vnic-graph")
  .description("What guests report about their network interfaces, as GraphQL.")
  .version(VERSION)
  .exitOverride();

addSettingFlags(program.command("start").description("run the gateway")).action(async (options: Flags) => {
  const config = readConfig(options);
  const log = createLog(config.logLevel);
  boundHeapGrowth();
  const { startGateway } = await import("./gateway.js");
  const gateway = await startGateway({ config, log, announce: print, signal: stopping.signal });
  process.on("SIGHUP", () => void gateway.reload());
  const ended = await Promise.race([gateway.failed, waitForAbort(stopping.signal)]);
  await gateway.stop();
  if (ended !== undefined) throw ended;
});

addSettingFlags(program.command("migrate").description("bring the database up to date")).action(
  async (options: Flags) => {
    const { migrateDatabase } = await import("./commands/migrate.js");
    await migrateDatabase(readConfig(options), print);
  },
);

addSettingFlags(
  program
    .command("refresh")
    .description("ask every host once, print what came of it; fails if a host failed")
    .addOption(new Option("--once", "the only way there is: a gateway polls by itself").default(true)),
).action(async (options: Flags) => {
  const config = readConfig(options);
  const { refreshOnce } = await import("./commands/refresh.js");
  const allAnswered = await refreshOnce(config, createLog(config.logLevel, "stderr"), stopping.signal);
  if (!allAnswered) process.exitCode = FAILED;
});

addSettingFlags(
  program
    .command("doctor")
    .description("look at settings, database, hosts, Redis and clock; changes nothing"),
).action(async (options: Flags) => {
  const { runDoctor: doctor } = await import("./commands/doctor.js");
  const load = () => readConfig(options);
  if (!(await doctor(load, print, stopping.signal))) process.exitCode = FAILED;
});

const hostsCommand = program.command("hosts").description("which hosts the gateways of a database poll");
addSettingFlags(hostsCommand.command("list").description("print them")).action((options: Flags) =>
  runHosts({ do: "list" }, options),
);
addSettingFlags(
  hostsCommand
    .command("add")
    .argument("<host[:port]>", "where its vdsm listens")
    .description("poll one more"),
).action((address: string, options: Flags) => runHosts({ do: "add", address }, options));
addSettingFlags(
  hostsCommand
    .command("remove")
    .argument("<id or host>", "as `list` shows it")
    .description("poll it no more"),
).action((host: string, options: Flags) => runHosts({ do: "remove", host }, options));

addSettingFlags(
  program
    .command("forget")
    .argument("[vm]", "a VM's id or whole name")
    .option("--all", "the past of all VMs")
    .description("erase a VM's past: its changes and who had its addresses; what is stored now stays"),
).action(async (vm: string | undefined, options: Flags) => {
  const { runForgetCommand: forget, readForgetTask: readTask } = await import("./commands/forget.js");
  await forget(readTask(vm, options["all"] === true), readConfig(options), print);
});

addLiveCommands(program, readConfig, stopping.signal);
addSettingFlags(addExportFlags(program.command("export"))).action(async (options: Flags) => {
  const { readExportTask, runExport } = await import("./commands/export.js");
  await runExport(readExportTask(options), readConfig(options), process.stdout, process.stderr);
});

program
  .command("simulate")
  .description("run VDSM hosts in a box, on the real wire")
  .option("--hosts <number>", "how many hosts", "2")
  .option("--vms <number>", "how many VMs in all", "50")
  .option("--port <port>", "the first host's port; 0 takes free ones", "0")
  .option("--seed <number>", "the same seed lives the same life", "1")
  .option("--tls <on|off>", "off speaks plain TCP", "on")
  .option(
    "--certs <folder>",
    "where the client's certificate is written, to stay there; else a temporary folder",
  )
  .option("--tick <ms>", "how often something may change", "5000")
  .action(async (options: SimulateFlags) => {
    const { simulate } = await import("./commands/simulate.js");
    await simulate(options, print, stopping.signal);
  });

addSettingFlags(
  program
    .command("schema")
    .description("print the graph's schema")
    .option("--write", "write it to schema.graphql instead")
    .option("--check", "fail if schema.graphql is not what the code says")
    .option(
      "--subgraph",
      "print what a composer reads, as FEDERATION and its settings say; nothing need run",
    ),
).action(async (options: Flags) => {
  const { printSchema, printSubgraphSchema } = await import("./commands/schema.js");
  if (options["subgraph"] === true) printSubgraphSchema(process.env, readSettingFlags(options), print);
  else printSchema(options, print);
});

const tokenCommand = program.command("token").description("bearer tokens in AUTH_TOKENS_FILE");
tokenCommand
  .command("add")
  .description("add a token's hash to AUTH_TOKENS_FILE and print the token, once")
  .requiredOption("--file <path>", "the file, made if absent; a running gateway reads it again at SIGHUP")
  .requiredOption("--name <name>", "who will use it, for the log; one token a name")
  .requiredOption("--role <role,…>", "reader, operator, router or metrics")
  .option("--expires <time>", "such as 90d or 12h, or never (90d)")
  .option("--vms <pattern,…>", "shows only VMs of these names; * and ? stand for any characters")
  .option("--hosts <id,…>", "shows only VMs on these hosts")
  .option("--vm-ids <id,…>", "shows only these VMs")
  .action(async (options: TokenFlags) => {
    const { addToken } = await import("./commands/token.js");
    await addToken(options, print, printHint);
  });
tokenCommand
  .command("list")
  .description("print whose tokens a file holds, what they open and when they end")
  .requiredOption("--file <path>", "the file")
  .action(async (options: { file: string }) => {
    const { listTokens } = await import("./commands/token.js");
    await listTokens(options, print);
  });
tokenCommand
  .command("remove")
  .description("remove a token's hash from a file")
  .requiredOption("--file <path>", "the file; a running gateway reads it again at SIGHUP")
  .requiredOption("--name <name>", "whose token, as `list` shows it")
  .action(async (options: { file: string; name: string }) => {
    const { removeToken } = await import("./commands/token.js");
    await removeToken(options, print, printHint);
  });

for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  process.on(signal, () => {
    if (performance.now() - signalledAtMs < ECHO_MS) return;
    if (stopping.signal.aborted) process.exit(code);
    signalledAtMs = performance.now();
    stopping.abort();
    setTimeout(() => {
      process.stderr.write(`vnic-graph: still not stopped after ${DRAIN_LIMIT_MS / 1_000} s; ending now\n`);
      process.exit(FAILED);
    }, DRAIN_LIMIT_MS).unref();
  });
}

// Whoever stops reading, as `head` does, has seen enough; the command goes on to its end and its exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}

type Flags = Readonly<Record<string, unknown>>;

/**
 * Reads the settings; flags win over the environment. Says which variables are probably settings with a typing mistake, and
 * which one is somebody else's.
 */
function readConfig(options: Flags): Config {
  const foreignHost = findForeignHost(process.env);
  if (foreignHost !== null && readSettingFlags(options)["HOST"] === undefined) {
    printHint(
      `vnic-graph: warning: HOST is ${toPrintable(foreignHost)}, which is no address and so left out: shells and conda set it; --host takes a name to listen on`,
    );
  }
  for (const { name, nearest } of findUnknownVariables(process.env)) {
    printHint(`vnic-graph: warning: ${toPrintable(name)} is no setting; did you mean ${nearest}?`);
  }
  return loadConfig(process.env, readSettingFlags(options));
}

async function runHosts(task: HostsTask, options: Flags): Promise<void> {
  const config = readConfig(options);
  const { runHostsCommand } = await import("./commands/hosts.js");
  await runHostsCommand(task, config, print);
}

/** One line for people; what was thrown by accident is told as one, without its stack. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  process.stderr.write(`vnic-graph: ${formatError(error)}\n`);
  return error instanceof ConfigError ? MISUSED : FAILED;
}

function waitForAbort(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => {
      resolve(undefined);
    });
  });
}
