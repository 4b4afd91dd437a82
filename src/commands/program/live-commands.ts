import { type Command, Option } from "commander";
import type { CommandLine } from "./command-line.js";
import { addSettingFlags } from "./flags.js";

type LiveFlags = Readonly<Record<string, string | undefined>>;

/** Adds the commands that follow changes. They end with the signal. */
export function addLiveCommands(program: Command, commandLine: CommandLine): void {
  const { environment, readConfig, print, printHint, fail, signal } = commandLine;
  const findGateway = async (flags: LiveFlags) => {
    const { findLiveGateway } = await import("../live/find-gateway.js");
    return findLiveGateway(flags, environment, () => readConfig(flags));
  };
  addSettingFlags(addGatewayFlags(addWaitFlags(program.command("wait")))).action(
    async (vm: string, flags: LiveFlags) => {
      const { readWaitTask, runWaitCommand } = await import("../live/wait.js");
      const task = readWaitTask(vm, flags);
      if (!(await runWaitCommand(task, await findGateway(flags), print, printHint, signal))) fail();
    },
  );
  addSettingFlags(addGatewayFlags(addFollowFlags(program.command("follow")))).action(
    async (flags: LiveFlags) => {
      const { readFollowTask, runFollowCommand } = await import("../live/follow.js");
      const task = readFollowTask(flags);
      await runFollowCommand(task, await findGateway(flags), process.stdout, printHint, signal);
    },
  );
}

/** Adds the flags of the VM and address to wait for. */
function addWaitFlags(command: Command): Command {
  return command
    .description("wait for the first address by which to reach a guest, and print it")
    .argument("<vm>", "a VM's id or whole name; one that is not stored yet by its id")
    .option("--family <family>", "only an address of this family, ipv4 or ipv6")
    .option("--within <prefix>", "only an address in this prefix, such as 10.0.0.0/8")
    .option("--timeout <time>", "how long to wait (5m); then it fails");
}

/** Adds the flags of the gateway to ask. */
function addGatewayFlags(command: Command): Command {
  return command
    .option("--url <url>", "a running gateway, instead of its database (GATEWAY_URL)")
    .option(
      "--token <token>",
      "the bearer token for it; others can see it in a list of processes (GATEWAY_TOKEN)",
    )
    .option("--token-file <file>", "file that holds the token (GATEWAY_TOKEN_FILE)")
    .option("--ca-file <file>", "PEM file of the CA that signed its certificate (GATEWAY_CA_FILE)");
}

/** Adds the flags of what to follow. `--host` is the name of a setting, so a VM's host has another flag. */
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
