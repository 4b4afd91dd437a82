import { DEFAULT_GUEST_LIMITS } from "../model/guest/guest-limits.js";
import { DEFAULT_GUEST_NIC_IGNORE } from "../model/guest/name-patterns.js";
import { parseDatabaseSetting } from "./database-settings.js";
import {
  parseBasePath,
  parseHeaderNames,
  parseHostNames,
  parseIssuer,
  parseListenAddress,
  parseNetworks,
  parseOrigins,
  parseServerName,
} from "./http-types.js";
import { parseCertificateRoles, parseLimits, parseNamePatterns } from "./list-types.js";
import { parseEntityNames, parseTypePrefix } from "./federation-types.js";
import {
  parseDuration,
  parseHostAddresses,
  parseInteger,
  parseOrOff,
  parsePort,
  parseRedisUrl,
  parsePath,
  parseText,
  parseWord,
} from "./setting-types.js";
import type { Parse } from "./setting-types.js";

/** Headers in which Apollo Client and urql send a client's name, and headers of traces. */
const DEFAULT_CORS_HEADERS =
  "apollographql-client-name,apollographql-client-version,x-apollo-operation-name,x-apollo-operation-id," +
  "x-apollo-operation-type,graphql-client-name,graphql-client-version,x-graphql-client-name," +
  "x-graphql-client-version,traceparent,tracestate,baggage";

/** One setting: an environment variable that is also a flag. */
export interface Setting<T> {
  /** The text that is used if none is given; `null`: there is none. */
  readonly fallback: string | null;
  readonly parse: Parse<T>;
  /** One line for `--help` and for the README. */
  readonly about: string;
}

/** All settings by their environment variables. The flag has the same name: `REFRESH_INTERVAL` is `--refresh-interval`. */
export const SETTINGS = {
  HOST: defineSetting(
    "127.0.0.1",
    parseListenAddress,
    "address to listen on, or in `--host` a name; other than loopback needs identity",
  ),
  PORT: defineSetting("4000", parsePort, "port to listen on; 0 takes a free one"),
  DATABASE_URL: defineSetting(
    null,
    parseDatabaseSetting,
    "PostgreSQL 13 or later (docs/database.md); without it an embedded one runs",
  ),
  DATABASE_URL_FILE: defineSetting(null, parsePath, "file that holds `DATABASE_URL`"),
  DATABASE_PASSWORD: defineSetting(null, parseText, "password for `DATABASE_URL`, as it is, without codes"),
  DATABASE_PASSWORD_FILE: defineSetting(null, parsePath, "file that holds `DATABASE_PASSWORD`"),
  DATABASE_POOL_SIZE: defineSetting(
    "10",
    parseInteger(3, 1_000),
    "connections to the database, at most: shared out to queries, polling and health",
  ),
  SOURCE: defineSetting(
    "hosts",
    parseWord("hosts", "engine"),
    "`hosts` polls VDSM; `engine` reads an oVirt engine's own database, and only reads",
  ),
  VDSM_HOSTS: defineSetting(
    null,
    parseHostAddresses,
    "hosts to poll, `host[:port],…`; without it a demo cluster runs",
  ),
  VDSM_TLS: defineSetting("on", parseWord("on", "off"), "`off` only for labs with `ssl=false` in vdsm.conf"),
  VDSM_CA_FILE: defineSetting(null, parsePath, "PEM file of the CA that signed the hosts' certificates"),
  VDSM_CERT_FILE: defineSetting(null, parsePath, "PEM file of our client certificate, signed by that CA"),
  VDSM_KEY_FILE: defineSetting(null, parsePath, "PEM file of its key"),
  VDSM_KEY_PASSPHRASE: defineSetting(null, parseText, "what that key is encrypted with"),
  VDSM_KEY_PASSPHRASE_FILE: defineSetting(null, parsePath, "file that holds `VDSM_KEY_PASSPHRASE`"),
  VDSM_SERVER_NAME: defineSetting(
    null,
    parseServerName,
    "name to verify in every host's certificate instead of its address; `none`: chain only",
  ),
  REFRESH_INTERVAL: defineSetting(
    "15s",
    parseOrOff(parseDuration(1_000, 24 * 3_600_000)),
    "time between two polls of a host; `off` polls none",
  ),
  REFRESH_CONCURRENCY: defineSetting("32", parseInteger(1, 1_000), "hosts polled at the same time, at most"),
  VDSM_TIMEOUT: defineSetting("30s", parseDuration(100, 600_000), "deadline of one question to a host"),
  VDSM_MAX_ANSWER: defineSetting("64", parseInteger(1, 1_024), "largest answer of a host, in MiB"),
  GUEST_NIC_IGNORE: defineSetting(
    DEFAULT_GUEST_NIC_IGNORE,
    parseNamePatterns,
    "guest interfaces to leave out: patterns that match the whole name; `none` leaves out none",
  ),
  GUEST_MAX_INTERFACES: defineSetting(
    String(DEFAULT_GUEST_LIMITS.interfaces),
    parseInteger(1, 100_000),
    "interfaces kept of one guest, ignored ones not counted",
  ),
  GUEST_MAX_ADDRESSES: defineSetting(
    String(DEFAULT_GUEST_LIMITS.addresses),
    parseInteger(1, 1_000_000),
    "addresses kept of one guest",
  ),
  HISTORY_RETENTION: defineSetting(
    "90d",
    parseOrOff(parseDuration(3_600_000, 315_360_000_000)),
    "how long changes are kept (docs/history.md); `off` keeps what subscribers need to resume, an hour",
  ),
  REDIS_URL: defineSetting(
    null,
    parseRedisUrl,
    "lets replicas share the polling through Redis, and inform each other of changes at once",
  ),
  REDIS_URL_FILE: defineSetting(null, parsePath, "file that holds `REDIS_URL`"),
  DATA_DIR: defineSetting(
    null,
    parsePath,
    "where the embedded PostgreSQL keeps its data; unless set `vnic-graph` in `$XDG_DATA_HOME` or `~/.local/share`, for root below `/var/lib/vnic-graph`",
  ),
  AUTH_TOKENS_FILE: defineSetting(
    null,
    parsePath,
    "file of hashed bearer tokens (`vnic-graph token add` makes them)",
  ),
  OIDC_ISSUER: defineSetting(null, parseIssuer, "OpenID Connect issuer whose tokens are accepted"),
  OIDC_AUDIENCE: defineSetting(null, parseText, "audience that those tokens must name"),
  OIDC_ROLES_CLAIM: defineSetting("roles", parseText, "claim of those tokens that lists roles"),
  OIDC_CLIENT_ID: defineSetting(null, parseText, "public client as which the portal signs people in there"),
  OIDC_SCOPE: defineSetting("openid", parseText, "scope that the portal asks for"),
  TLS_CERT_FILE: defineSetting(null, parsePath, "PEM file of the server's own certificate: serves https"),
  TLS_KEY_FILE: defineSetting(null, parsePath, "PEM file of its key"),
  TLS_KEY_PASSPHRASE: defineSetting(null, parseText, "what that key is encrypted with"),
  TLS_KEY_PASSPHRASE_FILE: defineSetting(null, parsePath, "file that holds `TLS_KEY_PASSPHRASE`"),
  TLS_CLIENT_CA_FILE: defineSetting(
    null,
    parsePath,
    "PEM file of the CA whose client certificates are an identity",
  ),
  TLS_CLIENT_ROLES: defineSetting(
    "*=reader",
    parseCertificateRoles,
    "roles of client certificates by CN or SAN, `name=role+role,…`; `*` is every one that the CA signed",
  ),
  INSECURE: defineSetting(
    "off",
    parseWord("on", "off"),
    "`on` serves everybody who can reach the address, without identity",
  ),
  BASE_PATH: defineSetting(
    "/",
    parseBasePath,
    "path below which a proxy serves us, such as `/vnic`: for links and redirects, and accepted in front of every path",
  ),
  TRUST_PROXY: defineSetting(
    null,
    parseNetworks,
    "proxies whose `X-Forwarded-For`, `-Host`, `-Proto` and `-Prefix` count: addresses or networks, `10.0.0.0/8,…`",
  ),
  ALLOWED_HOSTS: defineSetting(
    null,
    parseHostNames,
    "further names that clients may call this server by, `name,…`; `*.example.org` is one label more",
  ),
  CORS_ORIGINS: defineSetting(null, parseOrigins, "web origins that may read answers, `https://…,…`"),
  CORS_HEADERS: defineSetting(
    DEFAULT_CORS_HEADERS,
    parseHeaderNames,
    "request headers that pages of those origins may send, beside `content-type`, `authorization` and `apollo-require-preflight`",
  ),
  CACHE_MAX_AGE: defineSetting(
    "0s",
    parseDuration(0, 3_600_000),
    "how long clients and proxies may keep an answer without asking again",
  ),
  CACHE_MB: defineSetting(
    "64",
    parseInteger(0, 4_096),
    "memory for VMs that were read, and for answers of the last second: what is known to hold is not read again; `0` keeps none",
  ),
  TRUSTED_DOCUMENTS_FILE: defineSetting(null, parsePath, "JSON file of the only operations that may run"),
  LIMITS: defineSetting(
    null,
    parseLimits,
    "other bounds for requests, `name=number,…`; docs/security.md names them all",
  ),
  GRAPHIQL: defineSetting(
    "auto",
    parseWord("auto", "on", "off"),
    "`auto` serves GraphiQL only while no identity is asked for",
  ),
  FEDERATION: defineSetting(
    "whole",
    parseWord("whole", "contribute", "off"),
    "subgraph of the whole graph, of guest data alone (`contribute`), or none",
  ),
  FEDERATION_PREFIX: defineSetting(
    null,
    parseTypePrefix,
    "what the types of `FEDERATION=contribute` begin with, where the owner's graph has taken their names",
  ),
  FEDERATION_ENTITIES: defineSetting(
    null,
    parseEntityNames,
    "what the owner's graph calls VMs and vNICs, and their keys: `Vm=VirtualMachine.uuid,VmNic=Nic.id`",
  ),
  FEDERATION_TRACE: defineSetting(
    "off",
    parseWord("on", "off"),
    "`on` answers Apollo's inline traces (ftv1) to gateways that ask for them",
  ),
  LOG_LEVEL: defineSetting(
    "info",
    parseWord("fatal", "error", "warn", "info", "debug", "trace", "silent"),
    "least level of log lines",
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The parsed values; `null` if neither a value nor a fallback is given. */
export type SettingValues = {
  readonly [Name in SettingName]:
    | ReturnType<(typeof SETTINGS)[Name]["parse"]>
    | ((typeof SETTINGS)[Name]["fallback"] extends null ? null : never);
};

/** Formats the flag of a setting, without its dashes. */
export function formatFlag(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

function defineSetting<T, Fallback extends string | null>(
  fallback: Fallback,
  parse: Parse<T>,
  about: string,
) {
  return { fallback, parse, about };
}
