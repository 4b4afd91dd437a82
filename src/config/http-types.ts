import { isIP } from "node:net";
import { parseHostHeader } from "../model/connections/host-address.js";
import { parseList, SettingValueError, type Parse } from "./setting-types.js";

/** Parses origins of web pages as browsers send them, joined by commas. */
export const parseOrigins: Parse<readonly string[]> = (value) =>
  parseEach(value, isOrigin, "origins such as https://console.example.org, joined by commas");

/**
 * Parses names that a Host header may have, joined by commas. `*.example.org` is every name with one label more, `*` is
 * any name.
 */
export const parseHostNames: Parse<readonly string[]> = (value) =>
  parseEach(
    value,
    (each) => each === "*" || parseHostHeader(each.replace(/^\*\./, "")) !== null,
    "names or name:port, joined by commas, or *",
  );

/** Parses names of HTTP headers, joined by commas. */
export const parseHeaderNames: Parse<readonly string[]> = (value) =>
  parseEach(value, (each) => /^[\w!#$%&'*+.^`|~-]+$/.test(each), "names of headers, joined by commas");

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
  const wrong = given.find((each) => !isRight(each));
  if (wrong !== undefined) throw new SettingValueError(expected, wrong);
  return given;
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...others] = text.split("/");
  const version = isIP(address);
  if (version === 0 || others.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
