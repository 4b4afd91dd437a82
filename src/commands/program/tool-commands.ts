import type { Command } from "commander";
import type { SimulateFlags } from "../simulate.js";
import type { CommandLine, Flags } from "./command-line.js";
import { addSettingFlags, readSettingFlags } from "./flags.js";

/** Adds the command that runs simulated hosts. */
export function addSimulateCommand(program: Command, { print, signal }: CommandLine): void {
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
      const { simulate } = await import("../simulate.js");
      await simulate(options, print, signal);
    });
}

/** Adds the command that prints, writes or checks the graph's schema. */
export function addSchemaCommand(program: Command, { environment, print }: CommandLine): void {
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
    const { printSchema, printSubgraphSchema } = await import("../schema.js");
    if (options["subgraph"] === true) printSubgraphSchema(environment, readSettingFlags(options), print);
    else printSchema(options, print);
  });
}
