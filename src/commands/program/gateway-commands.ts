import { type Command, Option } from "commander";
import { formatError } from "../../gateway/format-error.js";
import { tuneHeap } from "../../gateway/tune-heap.js";
import { createLog, type Log } from "../../gateway/log.js";
import type { CommandLine, Flags } from "./command-line.js";
import { addSettingFlags } from "./flags.js";

/** Adds the command that runs the gateway, until it fails or a signal ends it. */
export function addStartCommand(program: Command, { readConfig, print, signal }: CommandLine): void {
  addSettingFlags(program.command("start").description("run the gateway")).action(async (options: Flags) => {
    const hangUps = listenForHangUps();
    const config = readConfig(options);
    const log = createLog(config.logLevel);
    outliveLostFailures(log);
    tuneHeap();
    const { beginEmbedded, endEmbedded } = await import("../../gateway/database/embedded.js");
    let spawned: () => void = () => undefined;
    const hasSpawned = new Promise<void>((resolve) => (spawned = resolve));
    const embedded = beginEmbedded(config, log, { onSpawned: spawned, signal });
    // To load the gateway holds up all else of this process, so PostgreSQL begins first, and works meanwhile.
    await Promise.race([hasSpawned, embedded]).catch(() => undefined);
    const { startGateway } = await import("../../gateway.js");
    if (signal.aborted) return endEmbedded(embedded);
    const gateway = await startGateway({ config, log, embedded, announce: print, signal });
    hangUps.follow(() => void gateway.reload());
    const ended = await Promise.race([gateway.failed, waitForAbort(signal)]);
    await gateway.stop();
    if (ended !== undefined) throw ended;
  });
}

/** Adds the commands that do once what a gateway does all the time, or check it. */
export function addOnceCommands(program: Command, { readConfig, print, fail, signal }: CommandLine): void {
  addSettingFlags(program.command("migrate").description("bring the database up to date")).action(
    async (options: Flags) => {
      const { migrateDatabase } = await import("../migrate.js");
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
    const { refreshOnce } = await import("../refresh.js");
    if (!(await refreshOnce(config, createLog(config.logLevel, "stderr"), signal))) fail();
  });
  addSettingFlags(
    program
      .command("doctor")
      .description("look at settings, database, hosts, Redis and clock; changes nothing"),
  ).action(async (options: Flags) => {
    const { runDoctor } = await import("../doctor.js");
    if (!(await runDoctor(() => readConfig(options), print, signal))) fail();
  });
}

/**
 * Logs promises that fail when nobody waits for them, instead of ending the process, as Node would. graphql-js makes such ones: if
 * an item of a list fails at once, it lets go of those that are not ready yet.
 */
function outliveLostFailures(log: Pick<Log, "error">): void {
  process.on("unhandledRejection", (reason) => {
    log.error({ reason: formatError(reason) }, "something failed that nobody waited for");
  });
}

/**
 * Listens for SIGHUP. If one comes before `follow` is called, it is passed on then, since files may have been read
 * before it.
 */
function listenForHangUps(): { follow(onHangUp: () => void): void } {
  let isMissed = false;
  let act = (): void => {
    isMissed = true;
  };
  process.on("SIGHUP", () => {
    act();
  });
  return {
    follow: (onHangUp) => {
      act = onHangUp;
      if (isMissed) onHangUp();
    },
  };
}

function waitForAbort(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => {
      resolve(undefined);
    });
  });
}
