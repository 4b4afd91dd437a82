import { join, resolve } from "node:path";
import { parseVdsmTransport } from "./config/compound-settings.js";
import { refuseBlankFlags } from "./config/blank-settings.js";
import { completeDatabaseUrl, parseDatabaseSetting } from "./config/database-settings.js";
import { findDefaultDataDir } from "./config/data-dir.js";
import type { Config, IdentityConfig, SignInConfig } from "./config/config-types.js";
import { freezeDeep } from "./config/freeze-deep.js";
import { leaveOutForeign } from "./config/foreign-variables.js";
import { mayHoldSecret } from "./config/shown-value.js";
import { SECRET_SETTINGS, findSettingText } from "./config/secrets.js";
import { ConfigError } from "./model/config-error.js";
import { OWN_NAMES } from "./model/subgraph-names.js";
import { SettingValueError } from "./config/setting-types.js";
import { isLoopbackHost } from "./model/connections/host-address.js";
import { SETTINGS, formatFlag, type SettingName, type SettingValues } from "./config/settings.js";

export { ConfigError } from "./model/config-error.js";
export type { Config, IdentityConfig } from "./config/config-types.js";

/** Environment variables, or flags under the same names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks all settings; flags win over the environment. Throws {@link ConfigError}. */
export function loadConfig(environment: Environment, flags: Environment = {}): Config {
  refuseBlankFlags(flags);
  const values = parseAll(leaveOutForeign(environment), flags);
  checkCombinations(values);
  const identity: IdentityConfig = {
    tokensFile: resolvePath(values.AUTH_TOKENS_FILE),
    oidc:
      values.OIDC_ISSUER === null || values.OIDC_AUDIENCE === null
        ? null
        : { issuer: values.OIDC_ISSUER, audience: values.OIDC_AUDIENCE, rolesClaim: values.OIDC_ROLES_CLAIM },
    signIn: readSignIn(values),
    certificateRoles: values.TLS_CLIENT_CA_FILE === null ? null : values.TLS_CLIENT_ROLES,
  };
  const isOpen = !requiresIdentity(identity);
  const demo = values.DATABASE_URL === null && values.VDSM_HOSTS === null;
  const dataDir = resolvePath(values.DATA_DIR) ?? findDefaultDataDir(values.DATABASE_URL, environment);
  return freezeDeep({
    host: values.HOST,
    port: values.PORT,
    databaseUrl: readCompleteDatabaseUrl(values, environment),
    databasePoolSize: values.DATABASE_POOL_SIZE,
    source: values.SOURCE,
    vdsmHosts: values.VDSM_HOSTS,
    vdsmTransport: parseVdsmTransport(values),
    vdsmTimeoutMs: values.VDSM_TIMEOUT,
    refreshIntervalMs: values.REFRESH_INTERVAL,
    refreshConcurrency: values.REFRESH_CONCURRENCY,
    historyRetentionMs: values.HISTORY_RETENTION,
    vdsmMaxAnswerBytes: values.VDSM_MAX_ANSWER * 1_048_576,
    guestNicIgnore: values.GUEST_NIC_IGNORE,
    guestLimits: { interfaces: values.GUEST_MAX_INTERFACES, addresses: values.GUEST_MAX_ADDRESSES },
    redisUrl: values.REDIS_URL,
    dataDir: demo ? join(dataDir, "demo") : dataDir,
    demo,
    identity,
    serverTls:
      values.TLS_CERT_FILE === null || values.TLS_KEY_FILE === null
        ? null
        : {
            certFile: resolve(values.TLS_CERT_FILE),
            keyFile: resolve(values.TLS_KEY_FILE),
            clientCaFile: resolvePath(values.TLS_CLIENT_CA_FILE),
            ...(values.TLS_KEY_PASSPHRASE === null ? {} : { passphrase: values.TLS_KEY_PASSPHRASE }),
          },
    allowedHosts: values.ALLOWED_HOSTS ?? [],
    corsOrigins: values.CORS_ORIGINS ?? [],
    corsHeaders: values.CORS_HEADERS,
    basePath: values.BASE_PATH,
    trustedProxies: values.TRUST_PROXY ?? [],
    cacheMaxAgeMs: values.CACHE_MAX_AGE,
    cacheBytes: values.CACHE_MB * 1_048_576,
    trustedDocumentsFile: resolvePath(values.TRUSTED_DOCUMENTS_FILE),
    limits: values.LIMITS ?? {},
    graphiql: values.GRAPHIQL === "on" || (values.GRAPHIQL === "auto" && isOpen),
    federation: values.FEDERATION,
    federationNames: {
      prefix: values.FEDERATION_PREFIX ?? "",
      entities: values.FEDERATION_ENTITIES ?? OWN_NAMES.entities,
    },
    federationTrace: values.FEDERATION_TRACE === "on",
    logLevel: values.LOG_LEVEL,
  });
}

/** Reads the URL of the database for TypeORM's own command line. Throws {@link ConfigError}. */
export function readDatabaseUrl(environment: Environment): string | null {
  const url = parseOne("DATABASE_URL", environment, {});
  const password = parseOne("DATABASE_PASSWORD", environment, {});
  return url === null ? null : completeDatabaseUrl(url, password, environment);
}

/** Tells whether a client must identify itself. */
export function requiresIdentity(identity: IdentityConfig): boolean {
  return identity.tokensFile !== null || identity.oidc !== null || identity.certificateRoles !== null;
}

function parseAll(environment: Environment, flags: Environment): SettingValues {
  const names = Object.keys(SETTINGS) as SettingName[];
  return Object.fromEntries(
    names.map((name) => [name, parseOne(name, environment, flags)]),
  ) as unknown as SettingValues;
}

function parseOne<Name extends SettingName>(
  name: Name,
  environment: Environment,
  flags: Environment,
): SettingValues[Name] {
  const text = findSettingText(name, environment, flags) ?? SETTINGS[name].fallback;
  if (text === null) return null as SettingValues[Name];
  try {
    if (text.includes("\0")) throw new SettingValueError("text without NUL characters");
    return SETTINGS[name].parse(text) as SettingValues[Name];
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    const isSecret = (SECRET_SETTINGS as readonly SettingName[]).includes(name) || name.endsWith("_URL");
    // The message never repeats a secret, and a URL may have a password.
    const expected = isSecret ? error.message : error.checkAgainst(text);
    throw new ConfigError(
      `${name} must be ${expected}; set ${name} or --${formatFlag(name)}, or leave it out`,
    );
  }
}

function readSignIn(values: SettingValues): SignInConfig | null {
  const {
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: audience,
    OIDC_CLIENT_ID: clientId,
    OIDC_SCOPE: scope,
  } = values;
  return issuer === null || audience === null || clientId === null
    ? null
    : { issuer, audience, clientId, scope };
}

function checkCombinations(values: SettingValues): void {
  const hasIdentity =
    values.AUTH_TOKENS_FILE !== null || values.OIDC_ISSUER !== null || values.TLS_CLIENT_CA_FILE !== null;
  if (!isLoopbackHost(values.HOST) && !hasIdentity && values.INSECURE !== "on") {
    throw new ConfigError(
      `HOST is ${mayHoldSecret(values.HOST) ? "a name" : values.HOST}, which others can reach, but nothing says who may ask; set AUTH_TOKENS_FILE, OIDC_ISSUER with OIDC_AUDIENCE, or TLS_CLIENT_CA_FILE, or spell out --insecure`,
    );
  }
  if (values.INSECURE === "on" && hasIdentity) {
    throw new ConfigError(
      "INSECURE is on beside AUTH_TOKENS_FILE, OIDC_ISSUER or TLS_CLIENT_CA_FILE; choose one",
    );
  }
  requireTogether(values, ["OIDC_ISSUER", "OIDC_AUDIENCE"]);
  if (values.OIDC_CLIENT_ID !== null && values.OIDC_ISSUER === null) {
    throw new ConfigError(
      "OIDC_CLIENT_ID signs people in at OIDC_ISSUER; set OIDC_ISSUER and OIDC_AUDIENCE too",
    );
  }
  requireTogether(values, ["TLS_CERT_FILE", "TLS_KEY_FILE"]);
  if (values.TLS_CLIENT_CA_FILE !== null && values.TLS_CERT_FILE === null) {
    throw new ConfigError("TLS_CLIENT_CA_FILE needs https; set TLS_CERT_FILE and TLS_KEY_FILE too");
  }
  const isRenamed = values.FEDERATION_PREFIX !== null || values.FEDERATION_ENTITIES !== null;
  if (isRenamed && values.FEDERATION !== "contribute") {
    throw new ConfigError(
      "FEDERATION_PREFIX and FEDERATION_ENTITIES rename what FEDERATION=contribute brings; set it, or leave them out",
    );
  }
  if (values.SOURCE === "engine") {
    if (values.DATABASE_URL === null) {
      throw new ConfigError("SOURCE is engine, but no DATABASE_URL names the engine's database; set it");
    }
    if (values.VDSM_HOSTS !== null) {
      throw new ConfigError(
        "SOURCE is engine, which polls no hosts; leave VDSM_HOSTS out, or set SOURCE to hosts",
      );
    }
  }
}

/** Refuses settings of which some are missing, if they are needed together. */
function requireTogether(values: SettingValues, names: readonly SettingName[]): void {
  const missing = names.filter((name) => values[name] === null);
  if (missing.length === 0 || missing.length === names.length) return;
  const given = names.filter((name) => !missing.includes(name));
  throw new ConfigError(
    `${missing.join(" and ")} must be set where ${given.join(" and ")} is; set both or none`,
  );
}

function resolvePath(file: string | null): string | null {
  return file === null ? null : resolve(file);
}

function readCompleteDatabaseUrl(values: SettingValues, environment: Environment): string | null {
  if (values.DATABASE_URL === null) return null;
  try {
    const url = completeDatabaseUrl(values.DATABASE_URL, values.DATABASE_PASSWORD, environment);
    return parseDatabaseSetting(url);
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(
      `DATABASE_URL, with what PG* variables add, must be ${error.message}; correct them`,
    );
  }
}
