import { appendFile, readFile } from "node:fs/promises";
import { ConfigError } from "../config.js";
import { parseDuration, parseList, SettingValueError } from "../config/setting-types.js";
import { formatError } from "../gateway/format-error.js";
import { createPathError } from "../model/config-error.js";
import { ALL_ROLES } from "../model/roles.js";
import { isUuid } from "../model/uuid.js";
import { createToken, parseTokenLines, type TokenLine } from "../server/identity/token-lines.js";
import { replaceFile } from "./replace-file.js";
import { formatTable } from "./table.js";

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

type Print = (line: string) => void;

/**
 * How long a token is valid unless `--expires` says otherwise. So a token that somebody forgot does not open the graph
 * for ever.
 */
export const DEFAULT_EXPIRES = "90d";

/** The longest life of a token that expires: ten years. */
const LONGEST_MS = 10 * 365 * 24 * 3_600_000;

/**
 * Adds a token's hash to the file, which is created if absent, and prints the token, which is stored nowhere. Hints say
 * what to do next.
 */
export async function addToken(
  flags: TokenFlags,
  print: Print,
  hint: Print = () => undefined,
): Promise<void> {
  const roles = parseRoles(flags.role);
  const name = parseName(flags.name);
  const expiresAt = parseExpiry(flags.expires ?? DEFAULT_EXPIRES);
  const scope = parseScope(flags);
  if (scope !== null && roles.includes("operator")) {
    throw new ConfigError(
      "--role operator manages all hosts; leave out --vms, --hosts and --vm-ids, or make two tokens",
    );
  }
  const present = await readTokens(flags.file);
  if (present.lines.some(({ line }) => line.name === name)) {
    throw new ConfigError(
      `--name ${name} has a token in ${flags.file} already; take another name, or remove that token by \`vnic-graph token remove\``,
    );
  }
  const { token, line } = createToken({ name, roles, expiresAt, scope });
  const isCutOff = /[^\n]$/.test(present.text);
  try {
    await appendFile(flags.file, `${isCutOff ? "\n" : ""}${line}\n`, { mode: 0o600 });
  } catch (cause) {
    throw createFileError(flags.file, "written", cause);
  }
  print(token);
  hint(`It is shown only now, and ends ${formatExpiry(expiresAt?.toISOString())}. Clients send it as`);
  hint(`"Authorization: Bearer <token>". Start the gateway with AUTH_TOKENS_FILE=${flags.file}; one that`);
  hint("runs with this file reads it again at SIGHUP.");
}

/** Prints the tokens of a file: their names, what they allow and when they expire. */
export async function listTokens({ file }: { readonly file: string }, print: Print): Promise<void> {
  const { lines } = await readTokens(file, "must exist");
  if (lines.length === 0) {
    print(`${file} holds no token; add one with \`vnic-graph token add\`.`);
    return;
  }
  const rows = lines.map(({ line }) => [
    line.name,
    line.roles.join(","),
    formatExpiry(line.expiresAt),
    formatScope(line.scope),
  ]);
  print(formatTable(["name", "roles", "ends", "shows"], rows));
}

/** Removes the token of a name from the file. Everything else in it stays as it is, comments too. */
export async function removeToken(
  { file, name }: { readonly file: string; readonly name: string },
  print: Print,
  hint: Print = () => undefined,
): Promise<void> {
  const { text, lines } = await readTokens(file, "must exist");
  const found = lines.find(({ line }) => line.name === name);
  if (found === undefined) {
    throw new ConfigError(
      `no token in ${file} is called ${name}; \`vnic-graph token list\` shows those that are`,
    );
  }
  const kept = text.split("\n").filter((_, at) => at + 1 !== found.number);
  try {
    await replaceFile(file, kept.join("\n"));
  } catch (cause) {
    throw createFileError(file, "written", cause);
  }
  print(`The token of ${name} is removed.`);
  hint("It counts until the gateway reads the file again: send it SIGHUP.");
}

function parseRoles(text: string) {
  const words = parseList(text);
  const roles = ALL_ROLES.filter((role) => words.includes(role));
  const wrong = words.find((word) => !ALL_ROLES.some((role) => role === word));
  if (wrong === undefined && roles.length > 0) return roles;
  throw new ConfigError(`--role must be among ${ALL_ROLES.join(", ")}, not "${wrong ?? text}"; mend it`);
}

function parseName(name: string): string {
  if (/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{1,200}$/u.test(name)) return name;
  throw new ConfigError(
    "--name must be one line of at most 200 characters that says who will use it; mend it",
  );
}

/**
 * Parses the scope of a token; `null`: no flag asks for one. A flag without a value, such as that of an unset variable,
 * is an error.
 */
function parseScope({ vms, hosts, vmIds }: TokenFlags) {
  if (vms === undefined && hosts === undefined && vmIds === undefined) return null;
  return {
    namePatterns: parsePatterns(vms),
    hostIds: parseIds("--hosts", hosts),
    vmIds: parseIds("--vm-ids", vmIds),
  };
}

function parsePatterns(text: string | undefined): readonly string[] {
  const patterns = parseNames("--vms", text);
  const wrong = patterns.find((pattern) => !/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{1,255}$/u.test(pattern));
  if (wrong === undefined) return patterns;
  throw new ConfigError("--vms must be names of at most 255 printable characters, joined by commas; mend it");
}

function parseIds(flag: string, text: string | undefined): readonly string[] {
  const ids = parseNames(flag, text);
  const wrong = ids.find((id) => !isUuid(id));
  if (wrong === undefined) return ids;
  throw new ConfigError(`${flag} must be ids (UUIDs) joined by commas, not "${wrong}"; mend or leave it out`);
}

function parseNames(flag: string, text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const names = parseList(text);
  if (names.length > 0) return names;
  throw new ConfigError(
    `${flag} names nothing, and a token without a scope shows every VM; name some, or leave ${flag} out`,
  );
}

/** Parses `never`, `90d`, or any duration that settings accept; `null`: never. */
function parseExpiry(text: string): Date | null {
  if (text === "never") return null;
  const days = /^(\d{1,4})d$/.exec(text);
  try {
    const lifeMs = parseDuration(1_000, LONGEST_MS)(days === null ? text : `${Number(days[1]) * 24}h`);
    return new Date(Date.now() + lifeMs);
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(
      `--expires must be a time such as 90d or 12h, ten years at most, not "${text}", or never; mend or leave it out`,
    );
  }
}

function formatExpiry(expiresAt: string | null | undefined): string {
  if (expiresAt == null) return "never";
  const isOver = Date.parse(expiresAt) <= Date.now();
  return isOver ? `${expiresAt} (is over)` : expiresAt;
}

function formatScope(scope: TokenLine["scope"]): string {
  if (scope == null) return "every VM";
  const { namePatterns, hostIds, vmIds } = scope;
  const parts = [
    ...namePatterns.map((pattern) => `VMs called ${pattern}`),
    ...hostIds.map((id) => `VMs on host ${id}`),
    ...vmIds.map((id) => `VM ${id}`),
  ];
  return parts.length === 0 ? "no VM" : parts.join(", ");
}

async function readTokens(file: string, presence: "may be absent" | "must exist" = "may be absent") {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isAbsent || presence === "must exist") {
      throw createFileError(file, presence === "must exist" ? "read" : "written", error);
    }
    text = "";
  }
  return { text, lines: await parseTokenLines(text, file) };
}

function createFileError(file: string, verb: "read" | "written", cause: unknown): Error {
  const problem = `--file ${file} cannot be ${verb}: ${formatError(cause)}`;
  return createPathError(problem, "mend the path or its permissions", cause);
}
