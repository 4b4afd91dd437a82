import { type Config, type Environment, loadConfig } from "../../config.js";
import { findBlankVariables } from "../../config/blank-settings.js";
import { findForeignHost } from "../../config/foreign-variables.js";
import { mayHoldSecret } from "../../config/shown-value.js";
import { findUnknownVariables } from "../../config/unknown-variables.js";
import { toPrintable } from "../../model/printable.js";
import type { Flags } from "./command-line.js";
import { readSettingFlags } from "./flags.js";

/**
 * Reads the settings; flags win over the environment. Prints hints about variables that are probably mistyped settings,
 * about a variable that belongs to another program, and about settings of nothing that would restrict access.
 */
export function readSettings(
  environment: Environment,
  flags: Flags,
  printHint: (line: string) => void,
): Config {
  const given = readSettingFlags(flags);
  const foreignHost = findForeignHost(environment);
  if (foreignHost !== null && given["HOST"] === undefined) {
    printHint(
      `vnic-graph: warning: HOST is ${mayHoldSecret(foreignHost) ? "" : `${toPrintable(foreignHost)}, which is `}no address and so left out: shells and conda set it; --host takes a name to listen on`,
    );
  }
  for (const { name, nearest } of findUnknownVariables(environment)) {
    printHint(`vnic-graph: warning: ${toPrintable(name)} is no setting; did you mean ${nearest}?`);
  }
  for (const name of findBlankVariables(environment, given)) {
    printHint(`vnic-graph: warning: ${name} is empty, which counts as not set: it restricts nothing`);
  }
  return loadConfig(environment, given);
}
