/**
 * The URL of a PostgreSQL database, as libpq reads it: several servers, socket folders, and parameters after `?`. Only this
 * file parses it, because other libraries' parsers repeat parts of a wrong URL in their messages, which may be parts of a
 * password.
 */

/** The URL is wrong. The message completes "must be …" and repeats nothing of the URL. */
export class DatabaseUrlError extends Error {
  override readonly name = "DatabaseUrlError";
}

/** Which TLS a connection uses; docs/database.md explains each mode. */
export type SslMode = (typeof SSL_MODES)[number];

/** Which of several servers are accepted. */
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

/** A server to which to connect. `null`: as PGHOST and PGPORT say, or localhost and 5432. */
export interface DatabaseServer {
  /** A name, an address, or the folder of a Unix socket (it begins with `/`). */
  readonly host: string | null;
  readonly port: number | null;
}

/** A database and how to connect to it; `null`: the URL does not say. */
export interface DatabaseTarget {
  /** In the order in which they are tried; at least one. */
  readonly servers: readonly DatabaseServer[];
  readonly user: string | null;
  readonly password: string | null;
  /** The file in which to look for a password if the URL has none. */
  readonly passwordFile: string | null;
  readonly database: string | null;
  readonly sslMode: SslMode | null;
  readonly sslNegotiation: "postgres" | "direct";
  /** Only a login that is bound to the TLS of the server will do. */
  readonly bindsChannel: boolean;
  readonly sslRootCert: string | null;
  readonly sslCert: string | null;
  readonly sslKey: string | null;
  readonly sslPassword: string | null;
  readonly sessionAttributes: SessionAttributes;
  readonly loadBalanceHosts: boolean;
  readonly connectTimeoutMs: number | null;
  readonly applicationName: string | null;
  /** Settings for the server, as in `-c name=value`. */
  readonly options: string | null;
}

export const SSL_MODES = [
  "disable",
  "allow",
  "prefer",
  "require",
  "no-verify",
  "verify-ca",
  "verify-full",
] as const;

export const SESSION_ATTRIBUTES = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby",
] as const;

/** Parses a URL. Throws {@link DatabaseUrlError}. */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(url) ?? [];
  if (rest === undefined) {
    throw new DatabaseUrlError("a URL that begins with postgres:// or postgresql://");
  }
  const { authority, path, query } = splitUrl(rest);
  const at = authority.lastIndexOf("@");
  const { user, password } = parseUserInfo(at < 0 ? "" : authority.slice(0, at));
  const parameters = parseQuery(query);
  const take = (name: string): string | null => parameters.get(name) ?? null;
  const target: DatabaseTarget = {
    servers: parseServers(authority.slice(at + 1), take("host"), take("port")),
    user: take("user") ?? user,
    password: take("password") ?? password,
    database: take("dbname") ?? emptyToNull(decode(path)),
    sslMode: parseSslMode(take("sslmode"), take("ssl")),
    sslNegotiation: pick("sslnegotiation", ["postgres", "direct"], take("sslnegotiation")) ?? "postgres",
    bindsChannel:
      pick("channel_binding", ["disable", "prefer", "require"], take("channel_binding")) === "require",
    passwordFile: take("passfile"),
    sslRootCert: take("sslrootcert"),
    sslCert: take("sslcert"),
    sslKey: take("sslkey"),
    sslPassword: take("sslpassword"),
    sessionAttributes:
      pick("target_session_attrs", SESSION_ATTRIBUTES, take("target_session_attrs")) ?? "any",
    loadBalanceHosts:
      pick("load_balance_hosts", ["disable", "random"], take("load_balance_hosts")) === "random",
    connectTimeoutMs: parseSeconds(take("connect_timeout")),
    applicationName: take("application_name"),
    // Some clients write a blank as `+` here, although libpq does not accept it.
    options: take("options")?.replaceAll("+", " ") ?? null,
  };
  pick("gssencmode", ["disable", "prefer"], take("gssencmode"));
  if (target.sslRootCert === "system" && target.sslMode !== "verify-full") {
    throw new DatabaseUrlError("a URL whose sslmode is verify-full where sslrootcert is system");
  }
  return target;
}

/** Returns the URL with a parameter added, unless the URL has it already. */
export function addDatabaseParameter(url: string, name: string, value: string): string {
  const [, query = ""] = url.split("?", 2);
  if (query.split("&").some((part) => part.split("=", 1)[0] === name)) return url;
  const separator = url.includes("?") ? "&" : "?";
  return `${url}${separator}${name}=${encodeURIComponent(value)}`;
}

/** Splits a URL. The password ends at the last `@`, so no `@` may come behind the authority. */
function splitUrl(rest: string): {
  readonly authority: string;
  readonly path: string;
  readonly query: string;
} {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const tail = end < 0 ? "" : rest.slice(end);
  if (tail.includes("@") || tail.includes("#")) {
    throw new DatabaseUrlError(
      "a URL in which special characters of user and password are written as codes: @ as %40, / as %2F, ? as %3F, # as %23",
    );
  }
  const queryAt = tail.indexOf("?");
  const path = queryAt < 0 ? tail : tail.slice(0, queryAt);
  return { authority, path: path.slice(1), query: queryAt < 0 ? "" : tail.slice(queryAt + 1) };
}

function parseUserInfo(userInfo: string): {
  readonly user: string | null;
  readonly password: string | null;
} {
  const colon = userInfo.indexOf(":");
  if (colon < 0) return { user: emptyToNull(decode(userInfo)), password: null };
  return {
    user: emptyToNull(decode(userInfo.slice(0, colon))),
    password: emptyToNull(decode(userInfo.slice(colon + 1))),
  };
}

function parseQuery(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!KNOWN_PARAMETERS.has(name)) {
      // The name is not repeated: it may be a piece of a password.
      throw new DatabaseUrlError("a URL with no parameters but those that docs/database.md lists");
    }
    if (equals >= 0) parameters.set(name, decode(part.slice(equals + 1)));
  }
  return parameters;
}

/** Parses the servers of the authority, or those of `host=` and `port=`, which are lists as well. */
function parseServers(authority: string, hosts: string | null, ports: string | null): DatabaseServer[] {
  const named = authority.split(",").map(parseServer);
  if (hosts === null && ports === null) return named;
  const names = hosts === null ? named.map(({ host }) => host) : hosts.split(",").map(emptyToNull);
  const numbers = ports === null ? named.map(({ port }) => port) : ports.split(",").map(parsePort);
  if (numbers.length !== 1 && numbers.length !== names.length) {
    throw new DatabaseUrlError("a URL with one port for all hosts, or one for each");
  }
  return names.map((host, index) => ({
    host,
    port: (numbers.length === 1 ? numbers[0] : numbers[index]) ?? null,
  }));
}

function parseServer(text: string): DatabaseServer {
  const parts = /^(?:\[([0-9a-f:.]+(?:%[^\]]*)?)\]|([^:[\]]*))(?::(\d*))?$/i.exec(text);
  if (parts === null)
    throw new DatabaseUrlError("a URL whose host is name:port, address:port or [IPv6]:port");
  const [, bracketed, plain = "", port = ""] = parts;
  return { host: emptyToNull(decode(bracketed ?? plain)), port: parsePort(port) };
}

function parsePort(text: string): number | null {
  if (text === "") return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new DatabaseUrlError("a URL with ports from 1 to 65535");
  return port;
}

/** Reads `sslmode`, or `ssl`: other clients for Node.js write `ssl=true` for `sslmode=verify-full`. */
function parseSslMode(sslMode: string | null, ssl: string | null): SslMode | null {
  if (sslMode !== null) return pick("sslmode", SSL_MODES, sslMode);
  if (ssl === null) return null;
  const word = pick("ssl", ["true", "1", "false", "0", "no-verify"], ssl);
  if (word === "no-verify") return word;
  return word === "true" || word === "1" ? "verify-full" : "disable";
}

function parseSeconds(text: string | null): number | null {
  if (text === null) return null;
  if (!/^\d{1,4}$/.test(text)) throw new DatabaseUrlError("a URL whose connect_timeout is whole seconds");
  return text === "0" ? null : Number(text) * 1_000;
}

function pick<Word extends string>(name: string, words: readonly Word[], text: string | null): Word | null {
  if (text === null) return null;
  const found = words.find((word) => word === text);
  if (found === undefined) throw new DatabaseUrlError(`a URL whose ${name} is ${words.join(", ")}`);
  return found;
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError(
      "a URL in which % begins a code of two hexadecimal digits; a % itself is written as %25",
    );
  }
  if (decoded.includes("\0")) throw new DatabaseUrlError("a URL without NUL characters");
  return decoded;
}

function emptyToNull(text: string): string | null {
  return text === "" ? null : text;
}

/** The parameters that have an effect here, and those of libpq and other clients that have none. */
const KNOWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...["host", "port", "user", "password", "dbname", "sslmode", "ssl", "sslnegotiation", "sslrootcert"],
  ...["sslcert", "sslkey", "sslpassword", "target_session_attrs", "load_balance_hosts", "connect_timeout"],
  ...[
    "application_name",
    "options",
    "passfile",
    "uselibpqcompat",
    "fallback_application_name",
    "client_encoding",
  ],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
  ...["gssencmode", "channel_binding", "sslcompression", "sslsni", "pgbouncer"],
]);
