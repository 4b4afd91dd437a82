import type { Command } from "commander";

/** Adds the flags of an export. `--host` is the name of a setting, so a VM's host has another flag. */
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
    .option("--within <prefix>", "only VMs with an address in this prefix, such as 10.0.0.0/8")
    .option("--mac <address>", "only VMs with a vNIC or a guest interface that has this MAC")
    .option("--status <state,…>", "only VMs in one of these states, such as UP")
    .option("--filter <json>", "only VMs that the graph's vms(filter:) finds")
    .option("--target-port <port>", "the port of Prometheus' targets (9100)");
}
