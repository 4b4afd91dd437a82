import { readFileSync } from "node:fs";
import { ConfigError, type Environment } from "../../config.js";

/** The address of a running gateway, and the credentials for it. */
export interface GatewayAccess {
  /** The gateway's base URL, which ends with a slash. */
  readonly url: URL;
  /**
   * Reads the bearer token. It is called for each connection, since a file may have got another token. `null`: none is
   * sent.
   */
  readonly readToken: () => string | null;
  /** The CAs to trust, as PEM text; `null`: those of the system. */
  readonly ca: string | null;
}

/**
 * Parses the access to a running gateway; `null`: none is named, so the database is asked. A flag wins over its
 * variable. Throws {@link ConfigError}.
 */
export function readGatewayAccess(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Environment,
): GatewayAccess | null {
  const find = (flag: string, variable: string) => clean(flags[flag]) ?? clean(environment[variable]);
  const url = find("url", "GATEWAY_URL");
  if (url === null) {
    const rest = ["token", "tokenFile", "caFile"].find((flag) => clean(flags[flag]) !== null);
    if (rest === undefined) return null;
    throw new ConfigError("--token, --token-file and --ca-file are for a gateway; name it by --url");
  }
  if (clean(flags["databaseUrl"]) !== null)
    throw new ConfigError("--url and --database-url are both given; give one of them");
  const caFile = find("caFile", "GATEWAY_CA_FILE");
  return {
    url: parseUrl(url),
    readToken: createTokenReader(flags, environment),
    ca: caFile === null ? null : readText("GATEWAY_CA_FILE", caFile),
  };
}

function createTokenReader(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Environment,
): () => string | null {
  const pairs = [
    { token: flags["token"], file: flags["tokenFile"] },
    { token: environment["GATEWAY_TOKEN"], file: environment["GATEWAY_TOKEN_FILE"] },
  ].map(({ token, file }) => ({ token: clean(token), file: clean(file) }));
  for (const { token, file } of pairs) {
    if (token !== null && file !== null)
      throw new ConfigError("GATEWAY_TOKEN and GATEWAY_TOKEN_FILE are both set; set one of them");
    if (token !== null) return () => checkToken(token);
    if (file !== null) return () => checkToken(readText("GATEWAY_TOKEN_FILE", file).trim());
  }
  return () => null;
}

/** Refuses a token with characters other than visible ASCII, since a header cannot have them. */
function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigError("GATEWAY_TOKEN has characters that no token has; correct it");
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new ConfigError("GATEWAY_URL must be like https://gateway.example.org or with a path behind it");
  if (url.username !== "" || url.password !== "")
    throw new ConfigError("GATEWAY_URL must hold no name and password; give a token by GATEWAY_TOKEN_FILE");
  url.pathname = url.pathname.replace(/\/(?:graphql\/?)?$/, "/").replace(/(?<!\/)$/, "/");
  return url;
}

function readText(variable: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new ConfigError(`${variable} must name a file that can be read (${code}); correct it`, { cause });
  }
}

function clean(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}
