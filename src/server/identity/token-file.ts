import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { ConfigError } from "../../model/config-error.js";
import { parseBearerToken, type IdentitySource, type KnownViewer } from "./identity.js";
import { hashToken, parseTokenLines, type TokenLine } from "./token-lines.js";

/** Bearer tokens from a file, read again on demand. */
export interface TokenFile extends IdentitySource {
  /** Reads the file again; a bad one is logged in one line and the old list stays. */
  reload(): Promise<void>;
}

/** What a valid token allows, and until when. */
interface KnownToken {
  readonly expiresAtMs: number;
  readonly viewer: KnownViewer;
}

/**
 * Tokens by their hash. The time of a lookup reveals nothing of use, since nobody can choose the hash of an unknown
 * token.
 */
type KnownTokens = ReadonlyMap<string, KnownToken>;

/**
 * Reads AUTH_TOKENS_FILE: one JSON object a line, `#` begins a comment. Throws if it cannot be read, or has a wrong
 * line.
 */
export async function loadTokenFile(
  path: string,
  log: Logger,
  now: () => number = Date.now,
): Promise<TokenFile> {
  let tokens = await readTokens(path);
  warnIfEmpty(tokens, path, log);
  return {
    identify(credentials) {
      const token = parseBearerToken(credentials);
      const known = token === null ? undefined : tokens.get(hashToken(token));
      return Promise.resolve(known !== undefined && now() < known.expiresAtMs ? known.viewer : null);
    },
    async reload() {
      try {
        tokens = await readTokens(path);
        log.info({ file: path, tokens: tokens.size }, "tokens reloaded");
        warnIfEmpty(tokens, path, log);
      } catch (error) {
        log.error({ reason: formatMessage(error) }, "tokens not reloaded, the old ones stay");
      }
    },
  };
}

async function readTokens(path: string): Promise<KnownTokens> {
  const file = `AUTH_TOKENS_FILE: ${path}`;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read; check the path and its permissions`, { cause });
  }
  const lines = await parseTokenLines(text, file);
  return new Map(lines.map(({ line }) => [line.sha256, createKnownToken(line)]));
}

function createKnownToken({ name, roles, expiresAt, scope }: TokenLine): KnownToken {
  return {
    expiresAtMs: expiresAt == null ? Infinity : Date.parse(expiresAt),
    viewer: { name, roles: new Set(roles), scope: scope ?? null },
  };
}

function warnIfEmpty(tokens: KnownTokens, path: string, log: Logger): void {
  if (tokens.size > 0) return;
  log.warn({ file: path }, "AUTH_TOKENS_FILE holds no token: no bearer token of it opens anything");
}

function formatMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
