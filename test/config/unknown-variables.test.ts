import { expect, test } from "vitest";
import { findUnknownVariables } from "../../src/config/unknown-variables.js";
import { SETTINGS } from "../../src/config/settings.js";

test.each([
  ["VDSM_HOST", "VDSM_HOSTS"],
  ["PROT", "PORT"],
  ["DATABSE_URL", "DATABASE_URL"],
  ["DATABASE_URI", "DATABASE_URL"],
  ["VDSM_CERTIFICATE", "VDSM_CERT_FILE"],
  ["REFRESH_INTERVALL", "REFRESH_INTERVAL"],
  ["AUTH_TOKEN_FILE", "AUTH_TOKENS_FILE"],
  ["OIDC_ROLES", "OIDC_ROLES_CLAIM"],
  ["LIMIT", "LIMITS"],
  ["AUTH_TOKENS", "AUTH_TOKENS_FILE"],
  ["TLS_CERT", "TLS_CERT_FILE"],
  ["TRUSTED_DOCUMENTS", "TRUSTED_DOCUMENTS_FILE"],
  ["vdsm_hosts", "VDSM_HOSTS"],
])("%s looks like %s", (name, nearest) => {
  expect(findUnknownVariables({ [name]: "x" })).toEqual([{ name, nearest }]);
});

test("settings, empty variables and those of others look like nothing", () => {
  const others = [
    "PATH",
    "HOME",
    "PWD",
    "TERM",
    "SHELL",
    "USER",
    "LANG",
    "HOSTNAME",
    "LS_COLORS",
    "MAIL",
    "SHLVL",
  ];
  const more = [
    "NODE_ENV",
    "NODE_OPTIONS",
    "PGHOST",
    "PGPORT",
    "REDIS_HOST",
    "TZ",
    "CI",
    "DEBUG",
    "npm_config_cache",
  ];
  const tools = [
    "KUBERNETES_PORT",
    "KUBERNETES_SERVICE_HOST",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "XDG_DATA_HOME",
    "SSL_CERT_FILE",
  ];
  const names = [...others, ...more, ...tools, ...Object.keys(SETTINGS)];
  expect(findUnknownVariables(Object.fromEntries(names.map((name) => [name, "x"])))).toEqual([]);
  expect(findUnknownVariables({ VDSM_HOST: "" })).toEqual([]);
});
