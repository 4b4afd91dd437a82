#!/usr/bin/env node
import type { CommandLine } from "./commands/program/command-line.js";

/** Exit codes: 0 done, 1 failed, 2 wrong arguments or settings. */
const FAILED = 1;
const MISUSED = 2;

/** A second signal, or a drain that takes longer than this, ends the process at once. */
const DRAIN_LIMIT_MS = 10_000;

/** Errors of outputs, which need no further report if a command ends by one. */
const outputErrors = new WeakSet<Error>();

/** npm and terminals may send one key press twice. A signal that comes so soon after another one is the same. */
const ECHO_MS = 300;

/**
 * The system looks up a name in a thread, which even an exit waits for. By default silent name servers hold it for ten seconds
 * each. glibc reads this at its first look-up, over /etc/resolv.conf; then one silent server takes two seconds, and three take six.
 */
process.env.RES_OPTIONS ??= "timeout:1 attempts:2";

/**
 * Whether the program is loaded. Before that, a signal ends the process at once, since nothing runs that must be
 * stopped first.
 */
let isLoaded = false;

/** Whether the command has ended, so that only what it left behind keeps the process. */
let isDone = false;
const stopping = new AbortController();
listenForSignals(stopping);
if (process.argv[2] === "start") teachTicks();
keepOnWithoutOutput(process.stdout);
keepOnWithoutOutput(process.stderr);
await import("reflect-metadata");
const { createProgram } = await import("./commands/program/create-program.js");
isLoaded = true;
try {
  await createProgram(await createCommandLine(stopping.signal)).parseAsync();
} catch (error) {
  process.exitCode = await reportError(error);
}
isDone = true;

/**
 * Lets V8 see many calls of `process.nextTick` at once. V8 of Node 20 learns from the first thousand calls how to make the object of
 * a call. If these come one by one, while much code is loaded, it often takes a way that costs 0.4 µs instead of 0.06 from then on,
 * and a request has ten such calls. This takes five milliseconds.
 */
function teachTicks(): void {
  for (let calls = 0; calls < 4_000; calls += 1) process.nextTick(() => undefined, calls);
}

/**
 * Listens for signals, before anything is imported:
 * 1. The first signal aborts `stopping`; the command then drains.
 * 2. A second signal, or a drain that takes too long, ends the process.
 */
function listenForSignals(stopping: AbortController): void {
  let signalledAtMs = Number.NEGATIVE_INFINITY;
  const stop = (exitCode: number): void => {
    // A `start` that is ended in this way has not failed.
    if (!isLoaded) process.exit(process.argv[2] === "start" ? 0 : exitCode);
    if (performance.now() - signalledAtMs < ECHO_MS) return;
    if (stopping.signal.aborted) process.exit(exitCode);
    signalledAtMs = performance.now();
    stopping.abort();
    setTimeout(() => {
      process.stderr.write(`vnic-graph: still not stopped after ${DRAIN_LIMIT_MS / 1_000} s; ending now\n`);
      // What a name server holds is no failure of the command.
      process.exit(isDone ? process.exitCode : FAILED);
    }, DRAIN_LIMIT_MS).unref();
  };
  process.on("SIGTERM", () => {
    stop(143);
  });
  process.on("SIGINT", () => {
    stop(130);
  });
  // A gateway reads files again at SIGHUP. Now it has read none, so there is nothing to do; without a listener Node
  // would end the process.
  if (process.argv[2] === "start") process.on("SIGHUP", () => undefined);
}

/**
 * Lets a command continue to its end if its output cannot be written:
 * 1. If nobody reads it any more, as after `head`, the command ends with its own exit code.
 * 2. Otherwise, as on a full disk, one line says so, and the command has failed. A gateway goes on.
 */
function keepOnWithoutOutput(stream: NodeJS.WriteStream): void {
  let isReported = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    outputErrors.add(error);
    if (error.code === "EPIPE" || isReported) return;
    isReported = true;
    process.stderr.write(`vnic-graph: the output cannot be written: ${error.message}\n`);
    if (process.argv[2] === "start") return;
    process.once("exit", () => {
      process.exitCode = FAILED;
    });
  });
}

async function createCommandLine(signal: AbortSignal): Promise<CommandLine> {
  const [{ readSettings }, { toPrintableLines }] = await Promise.all([
    import("./commands/program/read-settings.js"),
    import("./model/printable.js"),
  ]);
  const printHint = (line: string) => void process.stderr.write(`${toPrintableLines(line)}\n`);
  return {
    environment: process.env,
    readConfig: (flags) => readSettings(process.env, flags, printHint),
    print: (line) => void process.stdout.write(`${toPrintableLines(line)}\n`),
    printHint,
    fail: () => {
      process.exitCode = FAILED;
    },
    signal,
  };
}

/** Reports an error in one line for people, without its stack, and returns the exit code. */
async function reportError(error: unknown): Promise<number> {
  const [{ CommanderError }, { ConfigError }, { formatError }, { DatabaseUnavailableError }] =
    await Promise.all([
      import("commander"),
      import("./config.js"),
      import("./gateway/format-error.js"),
      import("./store/postgres/errors.js"),
    ]);
  if (error instanceof Error && outputErrors.has(error)) return 0;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
  const message = formatError(error);
  // The driver's own message, such as "Connection terminated unexpectedly", does not even say of what.
  const told =
    error instanceof DatabaseUnavailableError
      ? `the database ${error.condition}: ${message}; \`vnic-graph doctor\` says how to mend it`
      : message;
  process.stderr.write(`vnic-graph: ${told}\n`);
  return error instanceof ConfigError ? MISUSED : FAILED;
}
