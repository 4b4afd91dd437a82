import type { Command } from "commander";
import type { TokenFlags } from "../token.js";
import type { CommandLine } from "./command-line.js";

/** Adds the commands that change or show a file of bearer tokens. */
export function addTokenCommands(program: Command, { print, printHint }: CommandLine): void {
  const token = program.command("token").description("bearer tokens in AUTH_TOKENS_FILE");
  token
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
      const { addToken } = await import("../token.js");
      await addToken(options, print, printHint);
    });
  token
    .command("list")
    .description("print whose tokens a file holds, what they open and when they end")
    .requiredOption("--file <path>", "the file")
    .action(async (options: { file: string }) => {
      const { listTokens } = await import("../token.js");
      await listTokens(options, print);
    });
  token
    .command("remove")
    .description("remove a token's hash from a file")
    .requiredOption("--file <path>", "the file; a running gateway reads it again at SIGHUP")
    .requiredOption("--name <name>", "whose token, as `list` shows it")
    .action(async (options: { file: string; name: string }) => {
      const { removeToken } = await import("../token.js");
      await removeToken(options, print, printHint);
    });
}
