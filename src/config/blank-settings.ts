import { ConfigError } from "../model/config-error.js";
import type { Values } from "./secrets.js";
import { formatFlag, type SettingName } from "./settings.js";

/** Settings without which more is allowed, or more people are. */
const RESTRICTING = [
  "AUTH_TOKENS_FILE",
  "OIDC_ISSUER",
  "OIDC_AUDIENCE",
  "TLS_CLIENT_CA_FILE",
  "TLS_CLIENT_ROLES",
  "TRUSTED_DOCUMENTS_FILE",
] as const satisfies readonly SettingName[];

/**
 * Refuses a flag that restricts access and has no value, such as `--auth-tokens-file "$UNSET"`: it would let everybody in. Throws
 * {@link ConfigError}.
 */
export function refuseBlankFlags(flags: Values): void {
  const [name] = findBlank(flags);
  if (name === undefined) return;
  throw new ConfigError(
    `--${formatFlag(name)} has no value, and without that setting more is allowed; give it one, or leave it out`,
  );
}

/** Finds the variables that are set to nothing although they would restrict access. They count as not set, as in unit files. */
export function findBlankVariables(environment: Values, flags: Values): readonly SettingName[] {
  return findBlank(environment).filter((name) => flags[name] === undefined);
}

function findBlank(values: Values): SettingName[] {
  return RESTRICTING.filter((name) => values[name]?.trim() === "");
}
