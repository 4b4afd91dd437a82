import type { Config, Environment } from "../../config.js";

/** A command's flags, as they were given. */
export type Flags = Readonly<Record<string, unknown>>;

/** What a command gets from its process. */
export interface CommandLine {
  readonly environment: Environment;
  /** Reads the settings; flags win over the environment. */
  readonly readConfig: (flags: Flags) => Config;
  readonly print: (line: string) => void;
  /** Prints what a person should know, but a script that reads standard output should not get. */
  readonly printHint: (line: string) => void;
  /**
   * Makes the process end with the exit code of a failure. For commands that ran well and found that something is
   * wrong.
   */
  readonly fail: () => void;
  /** Ends the command. */
  readonly signal: AbortSignal;
}
