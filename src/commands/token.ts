import { appendFile, readFile } from "node:fs/promises";
import { ConfigError } from "../config.js";
import { formatError } from "../gateway/format-error.js";
import { isUuid } from "../model/uuid.js";
import { ALL_ROLES } from "../model/roles.js";
import { createToken } from "../server/identity/token-file.js";
import { SettingValueError, parseDuration, parseList } from "../config/setting-types.js";

/** The flags of `vnic-graph token add`, as given. */
export interface TokenFlags {
  readonly file: string;
  readonly name: string;
  readonly role: string;
  readonly expires?: string;
  readonly vms?: string;
  readonly hosts?: string;
  readonly vmIds?: string;
}

/** Longest life of a token: ten years. */
const LONGEST_MS = 10 * 365 * 24 * 3_600_000;

/** Adds a token's hash to the file, made if absent, and prints the token, which is kept nowhere. */
export async function addToken(flags: TokenFlags, print: (line: string) => void): Promise<void> {
  const roles = parseRoles(flags.role);
  if (!/^.{1,200}$/.test(flags.name)) {
    throw new ConfigError(
      "--name must be one line of at most 200 characters that says who will use it; mend it",
    );
  }
  const expiresAt = flags.expires === undefined ? null : new Date(Date.now() + parseLifetime(flags.expires));
  const scope = {
    namePatterns: parseList(flags.vms ?? ""),
    hostIds: parseIds("--hosts", flags.hosts ?? ""),
    vmIds: parseIds("--vm-ids", flags.vmIds ?? ""),
  };
  const isScoped = Object.values(scope).some((names) => names.length > 0);
  if (isScoped && roles.includes("operator")) {
    throw new ConfigError(
      "--role operator manages all hosts; leave out --vms, --hosts and --vm-ids, or make two tokens",
    );
  }
  const { token, line } = createToken({ name: flags.name, roles, expiresAt, scope: isScoped ? scope : null });
  try {
    const isCutOff = /[^\n]$/.test(await readIfPresent(flags.file));
    await appendFile(flags.file, `${isCutOff ? "\n" : ""}${line}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new Error(
      `--file ${flags.file} cannot be written: ${formatError(cause)}; mend the path or its permissions`,
      { cause },
    );
  }
  print(token);
}

function parseRoles(text: string) {
  const words = parseList(text);
  const roles = ALL_ROLES.filter((role) => words.includes(role));
  const wrong = words.find((word) => !ALL_ROLES.some((role) => role === word));
  if (wrong === undefined && roles.length > 0) return roles;
  throw new ConfigError(`--role must be among ${ALL_ROLES.join(", ")}, not "${wrong ?? text}"; mend it`);
}

function parseIds(flag: string, text: string): readonly string[] {
  const ids = parseList(text);
  const wrong = ids.find((id) => !isUuid(id));
  if (wrong === undefined) return ids;
  throw new ConfigError(`${flag} must be ids (UUIDs) joined by commas, not "${wrong}"; mend or leave it out`);
}

async function readIfPresent(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** `90d`, or any duration that settings know. */
function parseLifetime(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text);
  try {
    return parseDuration(1_000, LONGEST_MS)(days === null ? text : `${Number(days[1]) * 24}h`);
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(
      `--expires must be a time such as 90d or 12h, ten years at most, not "${text}"; mend or leave it out`,
    );
  }
}
