import { isIPv6 } from "node:net";
import { normalizeIPv6 } from "../model/address/ip.js";
import { formatHostAddress, VDSM_PORT, type HostAddress } from "../model/connections/host-address.js";
import { formatFound } from "./shown-value.js";

/** Turns a setting's text into its value, or throws a {@link SettingValueError} that says what was expected. */
export type Parse<T> = (text: string) => T;

/**
 * A value of a setting that is not right. The message says what was expected; the caller knows the setting's name and
 * what to do.
 */
export class SettingValueError extends Error {
  override readonly name = "SettingValueError";

  /** `found` is the part of the text that is not right; `null`: the whole text. */
  constructor(
    message: string,
    readonly found: string | null = null,
  ) {
    super(message);
  }

  /** Formats what was expected, and the text that was found instead, unless it may hold a secret. */
  checkAgainst(text: string): string {
    return `${this.message}, ${formatFound(this.found ?? text, text)}`;
  }
}

/** Parses a TCP port; 0 lets the system choose one. */
export const parsePort: Parse<number> = (text) => {
  const value = parseWholeNumber(text);
  if (value === null || value > 65_535) throw new SettingValueError("a port from 0 to 65535");
  return value;
};

/** Parses a whole number between both ends, each included. */
export function parseInteger(least: number, most: number): Parse<number> {
  return (text) => {
    const value = parseWholeNumber(text);
    if (value === null || value < least || value > most) {
      throw new SettingValueError(`a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

/** Parses a duration such as `500ms`, `15s`, `2m`, `1h` or `90d` into milliseconds. */
export function parseDuration(leastMs: number, mostMs: number): Parse<number> {
  return (text) => {
    const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
    const value = match === null ? Number.NaN : Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? Number.NaN);
    if (!(value >= leastMs && value <= mostMs)) {
      throw new SettingValueError(
        `a duration such as 15s, 500ms or 2m, from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`,
      );
    }
    return value;
  };
}

/** Parses one of a few words. */
export function parseWord<T extends string>(...words: readonly T[]): Parse<T> {
  return (text) => {
    const found = words.find((each) => each === text);
    if (found === undefined) throw new SettingValueError(words.join(" or "));
    return found;
  };
}

/** Parses `off` as `null`, and anything else by `parse`. */
export function parseOrOff<T>(parse: Parse<T>): Parse<T | null> {
  return (text) => {
    if (text === "off") return null;
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof SettingValueError)
        throw new SettingValueError(`${error.message}, or off`, error.found);
      throw error;
    }
  };
}

/** Checks a URL with one of the schemes. The value stays a text, because drivers parse it themselves. */
export function parseUrl(...schemes: readonly string[]): Parse<string> {
  return (text) => {
    // The text after an unencoded `/`, `?` or `#` in a password would be taken for the host, and be shown.
    if (/^[^:]*:\/\/[^/?#]*[/?#].*@/s.test(text)) {
      throw new SettingValueError(
        "a URL in which special characters of user and password are written as codes: @ as %40, / as %2F, ? as %3F, # as %23",
      );
    }
    const parsed = URL.canParse(text) ? new URL(text) : null;
    if (parsed === null || !schemes.includes(parsed.protocol.slice(0, -1))) {
      throw new SettingValueError(
        `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
      );
    }
    return text;
  };
}

/** Checks a URL of Redis: one that its driver can decode, with a database that is a number. */
export const parseRedisUrl: Parse<string> = (text) => {
  const url = parseUrl("redis", "rediss")(text);
  const { username, password, pathname } = new URL(url);
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
  } catch {
    throw new SettingValueError(
      "a URL in which % begins a code of two hexadecimal digits; a % itself is written as %25",
    );
  }
  if (!/^\/?\d{0,9}$/.test(pathname))
    throw new SettingValueError("a URL whose path is the number of a database, such as redis://host:6379/0");
  return url;
};

/** Accepts any text that is not blank. */
export const parseText: Parse<string> = (value) => value;

/** Accepts a path. What stands in such a file, or a URL, is refused, since messages show paths. */
export const parsePath: Parse<string> = (value) => {
  if (/[\r\n]|:\/\/|-----BEGIN|^vg_[\w-]{43}$|^[[{]/.test(value)) {
    throw new SettingValueError("a path, and not what would stand there", "something else");
  }
  return value;
};

/** Parses parts joined by commas, without the blanks around them. */
export const parseList: Parse<readonly string[]> = (value) =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Parses `name=value` pairs joined by commas, in their order. The same name twice, by its key, is an error. */
export function parseAssignments(
  value: string,
  findKey: (name: string) => string = (name) => name,
): readonly (readonly [string, string])[] {
  const pairs = parseList(value).map((part) => {
    const [, name, assigned] = /^([^=]+)=([^=]+)$/.exec(part) ?? [];
    if (name === undefined || assigned === undefined) {
      throw new SettingValueError("name=value pairs joined by commas", part);
    }
    return [name.trim(), assigned.trim()] as const;
  });
  if (pairs.length === 0) throw new SettingValueError("name=value pairs joined by commas, at least one");
  refuseRepeated(
    pairs.map(([name]) => findKey(name)),
    "name=value pairs with every name once",
  );
  return pairs;
}

/** Refuses a name that stands there twice: whoever reads the first value would believe it, though the last one counts. */
export function refuseRepeated(names: readonly string[], expected: string): void {
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new SettingValueError(expected, `${repeated} twice`);
}

/** Parses hosts as `host[:port]`, joined by commas. IPv6 with a port needs brackets. The same host twice is an error. */
export const parseHostAddresses: Parse<readonly HostAddress[]> = (value) => {
  const addresses = parseList(value).map(parseHostAddress);
  refuseRepeated(addresses.map(formatOnlyForm), "host[:port],… with every host once");
  if (addresses.length === 0) throw new SettingValueError("at least one host[:port]");
  return addresses;
};

/** Parses one host as `host[:port]` into lower case. The default port is VDSM's. */
export const parseHostAddress: Parse<HostAddress> = (value) => {
  const lower = value.trim().toLowerCase();
  if (isIPv6(lower)) return { host: lower, port: VDSM_PORT };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(.*))?$/.exec(lower);
  const [, bracketed, plain, portText] = match ?? [];
  const host = bracketed ?? plain ?? "";
  const isHost = bracketed === undefined ? isHostName(host) : isIPv6(host);
  if (!isHost) throw new SettingValueError("host[:port] (IPv6 as [2001:db8::1]:54321)", value);
  const number = portText === undefined ? VDSM_PORT : parseWholeNumber(portText);
  if (number === null || number < 1 || number > 65_535) {
    throw new SettingValueError("host[:port] with a port from 1 to 65535", value);
  }
  return { host, port: number };
};

/** Formats a host so that two spellings of one are the same: of an IPv6 address, or with the dot of a complete name. */
function formatOnlyForm({ host, port }: HostAddress): string {
  const [address = "", ...zone] = host.split("%");
  const only = isIPv6(host) ? [normalizeIPv6(address), ...zone].join("%") : host.replace(/\.$/, "");
  return formatHostAddress({ host: only, port });
}

/** Formats a duration in the largest unit that leaves no remainder. */
function formatDuration(ms: number): string {
  const [unit = "ms", size = 1] =
    Object.entries(UNIT_MS).findLast(([, each]) => ms >= each && ms % each === 0) ?? [];
  return `${ms / size}${unit}`;
}

function parseWholeNumber(value: string): number | null {
  return /^\d{1,9}$/.test(value) ? Number(value) : null;
}

/** Tells whether a text can be a host's name, or an address of IPv4. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && !text.includes("..");
}

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
