import { resolve } from "node:path";
import type { TlsFiles } from "../model/connections/tls-files.js";
import type { CertificateRoles } from "../model/roles.js";
import { ALL_ROLES } from "../model/roles.js";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.js";
import { compileNamePattern } from "../model/guest/name-patterns.js";
import type { SettingValues } from "./settings.js";

/** A setting that cannot be used. The message is one line: the setting's name, what was expected, what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Parses the settings of the connection to hosts; `null`: no files are named, so hosts cannot be polled. */
export function parseVdsmTransport(values: SettingValues): TlsFiles | "plain" | null {
  if (values.VDSM_TLS === "off") return "plain";
  const { VDSM_CA_FILE: caFile, VDSM_CERT_FILE: certFile, VDSM_KEY_FILE: keyFile } = values;
  if (caFile !== null && certFile !== null && keyFile !== null) {
    return {
      caFile: resolve(caFile),
      certFile: resolve(certFile),
      keyFile: resolve(keyFile),
      serverName: values.VDSM_SERVER_NAME,
      ...(values.VDSM_KEY_PASSPHRASE === null ? {} : { passphrase: values.VDSM_KEY_PASSPHRASE }),
    };
  }
  const missing = (["VDSM_CA_FILE", "VDSM_CERT_FILE", "VDSM_KEY_FILE"] as const).filter(
    (name) => values[name] === null,
  );
  // Without hosts and without files there is nothing to poll. If only some files are named, that is a mistake in any
  // case.
  if (values.VDSM_HOSTS === null && missing.length === 3) return null;
  throw new ConfigError(
    `${missing.join(", ")} must name a PEM file${missing.length > 1 ? " each" : ""}, because hosts ask for a client certificate; set what is missing, or VDSM_TLS=off for hosts without TLS`,
  );
}

/** Roles of client certificates. */
export function parseCertificateRoles(pairs: SettingValues["TLS_CLIENT_ROLES"]): CertificateRoles {
  return Object.fromEntries(
    pairs.map(([name, words]) => {
      const roles = words.split("+").map((word) => {
        const role = ALL_ROLES.find((each) => each === word);
        if (role !== undefined) return role;
        throw new ConfigError(
          `TLS_CLIENT_ROLES must give roles among ${ALL_ROLES.join(", ")}, but "${word}" is none; mend or remove it`,
        );
      });
      return [name, roles];
    }),
  );
}

/** Parses the limits that differ from their defaults. */
export function parseLimits(pairs: readonly (readonly [string, string])[]): Partial<Limits> {
  const names = Object.keys(DEFAULT_LIMITS);
  return Object.fromEntries(
    pairs.map(([name, value]) => {
      if (!names.includes(name) || !/^[1-9]\d{0,11}$/.test(value)) {
        throw new ConfigError(
          `LIMITS must give whole numbers to ${names.join(", ")}, but "${name}=${value}" does not; mend or remove it`,
        );
      }
      return [name, Number(value)];
    }),
  );
}

/** Parses the patterns of GUEST_NIC_IGNORE. `none` alone ignores no interface. */
export function parseIgnoredNames(patterns: readonly string[]): RegExp[] {
  return patterns.length === 1 && patterns[0] === "none" ? [] : patterns.map(parseNamePattern);
}

/** Parses a pattern that must match a name from start to end. */
function parseNamePattern(pattern: string): RegExp {
  try {
    return compileNamePattern(pattern);
  } catch {
    throw new ConfigError(
      `GUEST_NIC_IGNORE must be regular expressions joined by commas, but "${pattern.slice(0, 200)}" is none; mend or remove it`,
    );
  }
}
