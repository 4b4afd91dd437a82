import { type Command, Option } from "commander";
import type { Environment } from "../../config.js";
import { SETTINGS, formatFlag } from "../../config/settings.js";

/**
 * Adds every setting as a flag to a command: `REFRESH_INTERVAL` becomes `--refresh-interval <value>`. The help does not show the
 * hidden ones.
 */
export function addSettingFlags(command: Command, hidden: readonly string[] = []): Command {
  for (const [name, { about, fallback }] of Object.entries(SETTINGS)) {
    const value = name === "INSECURE" ? "[on|off]" : "<value>";
    const shown = fallback === null ? about : `${about} (${fallback})`;
    const option = new Option(`--${formatFlag(name)} ${value}`, shown);
    command.addOption(option.hideHelp(hidden.includes(name)));
  }
  return command;
}

/** Reads the settings that were given as flags, under their environment names. */
export function readSettingFlags(options: Readonly<Record<string, unknown>>): Environment {
  const given: Record<string, string> = {};
  for (const name of Object.keys(SETTINGS)) {
    const value = options[toCamelCase(formatFlag(name))];
    // A flag without a value, such as `--insecure`, means `on`.
    if (value === true) given[name] = "on";
    else if (typeof value === "string") given[name] = value;
  }
  return given;
}

function toCamelCase(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
