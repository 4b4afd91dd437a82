import { appendFile } from "node:fs/promises";
import { ConfigError } from "../config.js";
import { ALL_ROLES } from "../server/identity/identity.js";
import { createToken } from "../server/identity/token-file.js";
import { Expected, duration, list } from "../config/setting-types.js";

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
  const roles = list(flags.role).map((word) => {
    const role = ALL_ROLES.find((each) => each === word);
    if (role !== undefined) return role;
    throw new ConfigError(`--role must be among ${ALL_ROLES.join(", ")}, not "${word}"; mend it`);
  });
  const expiresAt = flags.expires === undefined ? null : new Date(Date.now() + lifeMs(flags.expires));
  const scope = {
    namePatterns: list(flags.vms ?? ""),
    hostIds: list(flags.hosts ?? ""),
    vmIds: list(flags.vmIds ?? ""),
  };
  const isScoped = Object.values(scope).some((names) => names.length > 0);
  if (isScoped && roles.includes("operator")) {
    throw new ConfigError(
      "--role operator manages all hosts; leave out --vms, --hosts and --vm-ids, or make two tokens",
    );
  }
  const { token, line } = createToken({ name: flags.name, roles, expiresAt, scope: isScoped ? scope : null });
  await appendFile(flags.file, `${line}\n`, { mode: 0o600 });
  print(token);
}

/** `90d`, or any duration that settings know. */
function lifeMs(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text);
  if (days !== null && Number(days[1]) > 0) return Number(days[1]) * 24 * 3_600_000;
  try {
    return duration(1_000, LONGEST_MS)(text);
  } catch (error) {
    if (!(error instanceof Expected)) throw error;
    throw new ConfigError(`--expires must be a time such as 90d or 12h, not "${text}"; mend or leave it out`);
  }
}
