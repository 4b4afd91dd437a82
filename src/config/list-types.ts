import { compileNamePattern } from "../model/guest/name-patterns.js";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.js";
import { ALL_ROLES, type CertificateRoles } from "../model/roles.js";
import { parseAssignments, parseList, SettingValueError, type Parse } from "./setting-types.js";

/** Parses roles of client certificates: `name=role+role,…`. */
export const parseCertificateRoles: Parse<CertificateRoles> = (text) =>
  Object.fromEntries(
    parseAssignments(text, (name) => name.toLowerCase()).map(([name, words]) => [
      name,
      words.split("+").map((word) => {
        const role = ALL_ROLES.find((each) => each === word.trim());
        if (role !== undefined) return role;
        throw new SettingValueError(`name=role+role,… with roles among ${ALL_ROLES.join(", ")}`, word);
      }),
    ]),
  );

/** Parses the limits that differ from their defaults: `name=number,…`. */
export const parseLimits: Parse<Partial<Limits>> = (text) =>
  Object.fromEntries(
    parseAssignments(text).map(([name, value]) => {
      if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
        throw new SettingValueError(`limits among ${Object.keys(DEFAULT_LIMITS).join(", ")}`, name);
      }
      const most = name.endsWith("Ms") ? LONGEST_TIMER_MS : MOST;
      if (!/^[1-9]\d{0,11}$/.test(value) || Number(value) > most) {
        throw new SettingValueError(
          `name=number,… with a whole number from 1 to ${most} for ${name}`,
          `${name}=${value}`,
        );
      }
      return [name, Number(value)];
    }),
  );

const MOST = 999_999_999_999;

/** The longest that a timer of Node can wait. One that should wait longer ends at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Parses patterns that must match a name from start to end. `none` alone is no pattern. */
export const parseNamePatterns: Parse<readonly RegExp[]> = (text) => {
  const patterns = parseList(text);
  return patterns.length === 1 && patterns[0] === "none" ? [] : patterns.map(parseNamePattern);
};

function parseNamePattern(pattern: string): RegExp {
  try {
    return compileNamePattern(pattern);
  } catch {
    throw new SettingValueError("regular expressions joined by commas", pattern);
  }
}
