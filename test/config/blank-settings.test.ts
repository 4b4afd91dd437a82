import { expect, test } from "vitest";
import { readSettings } from "../../src/commands/program/read-settings.js";
import { ConfigError, loadConfig } from "../../src/config.js";

const RESTRICTING = {
  AUTH_TOKENS_FILE: "authTokensFile",
  OIDC_ISSUER: "oidcIssuer",
  OIDC_AUDIENCE: "oidcAudience",
  TLS_CLIENT_CA_FILE: "tlsClientCaFile",
  TLS_CLIENT_ROLES: "tlsClientRoles",
  TRUSTED_DOCUMENTS_FILE: "trustedDocumentsFile",
};

test.each(Object.entries(RESTRICTING))(
  "%s without a value, as of an unset variable, never lets more in unnoticed: the flag is an error, the variable a warning",
  (name, option) => {
    for (const blank of ["", " ", "\u00a0"]) {
      expect(() => loadConfig({}, { [name]: blank })).toThrow(ConfigError);
      expect(() => readSettings({}, { [option]: blank }, () => undefined)).toThrow(/^--\S+ has no value/);
      const hints: string[] = [];
      readSettings({ [name]: blank }, {}, (hint) => hints.push(hint));
      expect(hints).toEqual([
        `vnic-graph: warning: ${name} is empty, which counts as not set: it restricts nothing`,
      ]);
    }
  },
);

test("a flag with a value stands for a variable without one, and other settings may be empty", () => {
  const hints: string[] = [];
  const environment = { AUTH_TOKENS_FILE: "", REDIS_URL: "", LIMITS: "" };
  const config = readSettings(environment, { authTokensFile: "/tokens", redisUrl: "" }, (hint) =>
    hints.push(hint),
  );
  expect([config.identity.tokensFile, hints]).toEqual(["/tokens", []]);
});
