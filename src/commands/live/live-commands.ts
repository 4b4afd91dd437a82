import { type Command, Option } from "commander";
import type { Config } from "../../config.js";
import { addSettingFlags } from "../flags.js";

type Flags = Readonly<Record<string, string | undefined>>;

const print = (line: string) => process.stdout.write(`${line}\n`);
const hint = (line: string) => process.stderr.write(`${line}\n`);

/** Adds the commands that hear of changes, which end with the signal. */
export function addLiveCommands(
  program: Command,
  readConfig: (flags: Flags) => Config,
  signal: AbortSignal,
): void {
  addSettingFlags(addWaitFlags(program.command("wait"))).action(async (vm: string, flags: Flags) => {
    const { readWaitTask, runWaitCommand } = await import("./wait.js");
    const isThere = await runWaitCommand(readWaitTask(vm, flags), readConfig(flags), print, hint, signal);
    if (!isThere) process.exitCode = 1;
  });
  addSettingFlags(addFollowFlags(program.command("follow"))).action(async (flags: Flags) => {
    const { readFollowTask, runFollowCommand } = await import("./follow.js");
    await runFollowCommand(readFollowTask(flags), readConfig(flags), process.stdout, hint, signal);
  });
}

/** Adds for which address of which VM to wait. */
function addWaitFlags(command: Command): Command {
  return command
    .description("wait for the first address by which to reach a guest, and print it")
    .argument("<vm>", "a VM's id or whole name; one that is not stored yet by its id")
    .option("--family <family>", "only an address of this family, ipv4 or ipv6")
    .option("--within <prefix>", "only an address in this prefix, such as 10.0.0.0/8")
    .option("--timeout <time>", "how long to wait (5m); then it fails");
}

/** Adds what to follow. Names of settings are taken, so that a host of VMs has another one. */
function addFollowFlags(command: Command): Command {
  return command
    .description("print what changes, and go on behind the last change after a lost connection")
    .addOption(new Option("--format <format>", "a line of JSON an event").choices(["jsonl"]).default("jsonl"))
    .option("--after <cursor>", "only changes behind this cursor; without it the state comes first")
    .option("--vm-ids <id,…>", "only these VMs")
    .option("--name <pattern>", "only VMs of this whole name; * and ? stand for any characters")
    .option("--vm-host-id <id>", "only VMs that this host runs")
    .option("--network <name>", "only VMs with a vNIC on this network")
    .option("--within <prefix>", "only VMs with an address in this prefix, such as 10.0.0.0/8")
    .option("--kinds <kind,…>", "only changes of these kinds, such as ADDRESS_ADDED");
}
