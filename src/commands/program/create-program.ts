import { Command } from "commander";
import { VERSION } from "../../gateway/version.js";
import type { CommandLine } from "./command-line.js";
import { addExportCommand, addForgetCommand, addHostsCommands } from "./database-commands.js";
import { addOnceCommands, addStartCommand } from "./gateway-commands.js";
import { addLiveCommands } from "./live-commands.js";
import { addTokenCommands } from "./token-commands.js";
import { addSchemaCommand, addSimulateCommand } from "./tool-commands.js";

/** Creates the command line's program, with all commands in the order in which the help shows them. */
export function createProgram(commandLine: CommandLine): Command {
  const program = new Command("vnic-graph")
    .description("What guests report about their network interfaces, as GraphQL.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      // The value of a mistyped flag may be a secret, as of --database-passwrd=….
      outputError: (text, write) => {
        write(text.replace(/^(error: unknown option '-[^=]*)=.*'$/ms, "$1'"));
      },
    });
  addStartCommand(program, commandLine);
  addOnceCommands(program, commandLine);
  addHostsCommands(program, commandLine);
  addForgetCommand(program, commandLine);
  addLiveCommands(program, commandLine);
  addExportCommand(program, commandLine);
  addSimulateCommand(program, commandLine);
  addSchemaCommand(program, commandLine);
  addTokenCommands(program, commandLine);
  return program;
}
