import { readFileSync } from "node:fs";
import { ConfigError } from "../model/config-error.js";
import type { SettingName } from "./settings.js";

/** Settings that hold a secret. A file can give each of them: `DATABASE_URL_FILE` names a file with `DATABASE_URL`. */
export const SECRET_SETTINGS = [
  "DATABASE_URL",
  "DATABASE_PASSWORD",
  "REDIS_URL",
  "VDSM_KEY_PASSPHRASE",
  "TLS_KEY_PASSPHRASE",
] as const satisfies readonly SettingName[];

/** Values by name, such as environment variables. Blank values count as absent. */
export type Values = Readonly<Record<string, string | undefined>>;

/**
 * Finds the text of a setting: in a flag, a variable or, for a secret, a file. A flag wins over the environment.
 * `null`: it is not set. Throws {@link ConfigError} if a secret is given twice, or its file cannot be read.
 */
export function findSettingText(name: SettingName, environment: Values, flags: Values): string | null {
  const isSecret = (SECRET_SETTINGS as readonly SettingName[]).includes(name);
  for (const values of [flags, environment]) {
    const value = readValue(values, name);
    const file = isSecret ? readValue(values, `${name}_FILE`) : null;
    if (value !== null && file !== null) {
      throw new ConfigError(`${name} and ${name}_FILE are both set; set one of them`);
    }
    if (file !== null) return readSecret(`${name}_FILE`, file);
    if (value !== null) return value;
  }
  return null;
}

/** Reads a value. An empty variable counts as unset, as in shells and unit files. */
function readValue(values: Values, name: string): string | null {
  const value = values[name]?.trim();
  return value === undefined || value === "" ? null : value;
}

/**
 * Reads a secret from its file, without what editors and `echo` add: line breaks at the end, and the mark of UTF-8 at the
 * beginning.
 */
function readSecret(setting: string, path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new ConfigError(`${setting} must name a file that can be read (${code}); correct it`, { cause });
  }
  const text = decodeUtf8(bytes)?.replace(/[\r\n]+$/, "");
  if (text === undefined)
    throw new ConfigError(`${setting} must name a file in UTF-8; save it again in that encoding`);
  if (text === "") throw new ConfigError(`${setting} must name a file that is not empty; correct it`);
  return text;
}

/** Decodes UTF-8 without its mark; `undefined` if the bytes are something else, such as UTF-16. */
function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
