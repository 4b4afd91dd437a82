import type { Command } from "commander";
import { formatFlag } from "../../config/settings.js";
import { ConfigError } from "../../model/config-error.js";
import type { Flags } from "./command-line.js";
import { readSettingFlags } from "./flags.js";

/** Adds the flags of an export. `--host` and `--port` are the names of settings, so those of VMs and targets have other flags. */
export function addExportFlags(command: Command): Command {
  return command
    .description("print all VMs with their addresses in another tool's format")
    .requiredOption(
      "--format <format>",
      "csv, json, ndjson, ansible-inventory, prometheus-sd, hosts, zone or netbox",
    )
    .option("--name <text>", "only VMs with this in their name")
    .option("--vm-host <name>", "only VMs that this host runs")
    .option("--network <name>", "only VMs with a vNIC on this network")
    .option("--family <family>", "only VMs with an address of this family: ipv4 or ipv6")
    .option("--within <prefix>", "only VMs with an address in this prefix, such as 10.0.0.0/8")
    .option("--mac <address>", "only VMs with a vNIC or a guest interface that has this MAC")
    .option("--status <state,…>", "only VMs in one of these states, such as UP")
    .option("--filter <json>", "only VMs that the graph's vms(filter:) finds")
    .option("--target-port <port>", "the port of Prometheus' targets (9100)");
}

/** The settings of where a gateway listens, and what is probably meant by who gives them to an export, which listens nowhere. */
const MEANT_FLAGS = {
  HOST: "--vm-host chooses VMs by the host that runs them",
  PORT: "--target-port is the port of Prometheus' targets",
} as const;

/** The settings that are no flags of an export. */
export const NOT_OF_EXPORTS = Object.keys(MEANT_FLAGS);

/**
 * Refuses the settings of where a gateway listens as flags of an export. They would be without effect, and look like a VM's host and
 * a target's port.
 */
export function refuseListenFlags(flags: Flags): void {
  const given = readSettingFlags(flags);
  for (const [name, meant] of Object.entries(MEANT_FLAGS)) {
    if (given[name] === undefined) continue;
    throw new ConfigError(
      `export: --${formatFlag(name)} is where a gateway listens, and an export listens nowhere; ${meant}`,
    );
  }
}
