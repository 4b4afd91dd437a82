import type { Command } from "commander";
import type { HostsTask } from "../hosts.js";
import type { CommandLine, Flags } from "./command-line.js";
import { addExportFlags, NOT_OF_EXPORTS, refuseListenFlags } from "./export-flags.js";
import { addSettingFlags } from "./flags.js";

/** Adds the commands that change or show the list of hosts. */
export function addHostsCommands(program: Command, { readConfig, print }: CommandLine): void {
  const run = async (task: HostsTask, options: Flags): Promise<void> => {
    const config = readConfig(options);
    const { runHostsCommand } = await import("../hosts.js");
    await runHostsCommand(task, config, print);
  };
  const hosts = program.command("hosts").description("which hosts the gateways of a database poll");
  addSettingFlags(hosts.command("list").description("print them")).action((options: Flags) =>
    run({ do: "list" }, options),
  );
  addSettingFlags(
    hosts.command("add").argument("<host[:port]>", "where its vdsm listens").description("poll one more"),
  ).action((address: string, options: Flags) => run({ do: "add", address }, options));
  addSettingFlags(
    hosts.command("remove").argument("<id or host>", "as `list` shows it").description("poll it no more"),
  ).action((host: string, options: Flags) => run({ do: "remove", host }, options));
}

/** Adds the command that erases the past of VMs. */
export function addForgetCommand(program: Command, { readConfig, print }: CommandLine): void {
  addSettingFlags(
    program
      .command("forget")
      .argument("[vm]", "a VM's id or whole name")
      .option("--all", "the past of all VMs")
      .option("--ended <time>", "VMs that no host has reported for so long, such as 90d, with their past")
      .description("erase a VM's past: its changes and who had its addresses; what is stored now stays"),
  ).action(async (vm: string | undefined, options: Flags) => {
    const { runForgetCommand, readForgetTask } = await import("../forget.js");
    const task = readForgetTask(vm, options["all"] === true, options["ended"] as string | undefined);
    await runForgetCommand(task, readConfig(options), print);
  });
}

/** Adds the command that exports all VMs for another tool. */
export function addExportCommand(program: Command, { readConfig }: CommandLine): void {
  const command = addSettingFlags(addExportFlags(program.command("export")), NOT_OF_EXPORTS);
  command.action(async (options: Flags) => {
    refuseListenFlags(options);
    const { readExportTask, runExport } = await import("../export.js");
    await runExport(readExportTask(options), readConfig(options), process.stdout, process.stderr);
  });
}
