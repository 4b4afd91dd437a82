import { isIP } from "node:net";
import { isHostName, parseList, parseUrl, SettingValueError, type Parse } from "./setting-types.js";

/** Parses origins of web pages as browsers send them, joined by commas. They are compared as they are. */
export const parseOrigins: Parse<readonly string[]> = (value) =>
  parseEach(
    value,
    isOrigin,
    "origins as browsers send them, such as https://console.example.org (lower case, no path, no default port, no *), joined by commas",
  );

/**
 * Parses names that a Host header may have, joined by commas. `*.example.org` is every name with one label more, `*` is
 * any name.
 */
export const parseHostNames: Parse<readonly string[]> = (value) =>
  parseEach(
    value,
    isHostPattern,
    "names or name:port, joined by commas, *.example.org for one label more, or *",
  );

/** Parses where to listen: an address without brackets, or a name. */
export const parseListenAddress: Parse<string> = (value) => {
  if (isIP(value) !== 0 || isHostName(value)) return value;
  throw new SettingValueError("an address or a name, without scheme, port and brackets");
};

/** Parses the name in hosts' certificates; `none` is no name. */
export const parseServerName: Parse<string> = (value) => {
  const isNone = value.toLowerCase() === "none";
  if (isNone ? value === "none" : isIP(value) !== 0 || isHostName(value)) return value;
  throw new SettingValueError("one name as in the hosts' certificates, without scheme, port and *, or none");
};

/** Parses the URL of an OpenID Connect issuer. With user, query or fragment it could not be asked, and no token would name it. */
export const parseIssuer: Parse<string> = (value) => {
  const { username, password, search, hash } = new URL(parseUrl("https", "http")(value));
  if (username + password + search + hash === "") return value;
  throw new SettingValueError("a URL without user, password, ? and #, as it stands in the tokens' iss");
};

/** Parses names of HTTP headers, joined by commas. */
export const parseHeaderNames: Parse<readonly string[]> = (value) =>
  parseList(value).length === 0
    ? []
    : parseEach(value, (each) => /^[\w!#$%&'*+.^`|~-]+$/.test(each), "names of headers, joined by commas");

/** Parses addresses and networks, joined by commas. */
export const parseNetworks: Parse<readonly string[]> = (value) =>
  parseEach(value, isNetwork, "addresses or networks such as 10.0.0.0/8, joined by commas");

/**
 * Parses a path in front of all paths. The result has no slash at its end; `/` becomes "". Browsers resolve `.` and `..` before
 * they ask, so that nothing would be found below them.
 */
export const parseBasePath: Parse<string> = (value) => {
  if (!/^(\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*\/?$/.test(value))
    throw new SettingValueError("a path such as /vnic");
  return value.replace(/\/$/, "");
};

function parseEach(value: string, isRight: (each: string) => boolean, expected: string): readonly string[] {
  const given = parseList(value);
  const wrong = given.length === 0 ? value : given.find((each) => !isRight(each));
  if (wrong !== undefined) throw new SettingValueError(expected, wrong);
  return given;
}

function isOrigin(text: string): boolean {
  if (!/^https?:/.test(text) || !URL.canParse(text)) return false;
  const { origin, hostname } = new URL(text);
  return origin === text && (hostname.startsWith("[") || isHostName(hostname));
}

function isHostPattern(text: string): boolean {
  if (text === "*") return true;
  const [, address, name = "", port = "1"] =
    /^(?:\[([^\]]+)\]|(?:\*\.)?([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isPort = Number(port) > 0 && Number(port) <= 65_535;
  return isPort && (address === undefined ? isHostName(name) : isIP(address) === 6);
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...others] = text.split("/");
  const version = isIP(address);
  if (version === 0 || others.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
