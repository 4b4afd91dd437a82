import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { z } from "zod";
import { ALL_ROLES, type Role } from "../../model/roles.js";
import { parseBearerToken, type IdentitySource, type KnownViewer, type Scope } from "./identity.js";

/** One line of the token file: everything about a token but the token. */
export type TokenLine = z.infer<typeof tokenLine>;

const tokenLine = z.strictObject({
  name: z.string().min(1).max(200),
  roles: z.array(z.enum(ALL_ROLES)).min(1),
  /** SHA-256 of the token, hexadecimal. A token has 256 random bits: a slow hash would protect nothing. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  expiresAt: z.iso.datetime({ offset: true }).nullish(),
  /** Which VMs the token shows; without it, all. */
  scope: z
    .strictObject({
      namePatterns: z.array(z.string().min(1).max(255)).default([]),
      // Any UUID that PostgreSQL knows: ids of machines from elsewhere follow no RFC.
      hostIds: z.array(z.guid()).default([]),
      vmIds: z.array(z.guid()).default([]),
    })
    .nullish(),
});

/** Bearer tokens from a file, read again on demand. */
export interface TokenFile extends IdentitySource {
  /** Reads the file again; a bad one is logged in one line and the old list stays. */
  reload(): Promise<void>;
}

/** Reads AUTH_TOKENS_FILE: one JSON object a line, `#` begins a comment. Fails if it is not readable and right. */
export async function loadTokenFile(
  path: string,
  log: Logger,
  now: () => number = Date.now,
): Promise<TokenFile> {
  let tokens = await readTokens(path);
  return {
    identify(credentials) {
      const token = parseBearerToken(credentials);
      return Promise.resolve(token === null ? null : findViewer(token, tokens, now()));
    },
    async reload() {
      try {
        tokens = await readTokens(path);
        log.info({ file: path, tokens: tokens.length }, "tokens reloaded");
      } catch (error) {
        log.error({ reason: messageOf(error) }, "tokens not reloaded, the old ones stay");
      }
    },
  };
}

/** Makes a new token and the line for the file, which does not hold the token itself. */
export function createToken(about: {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly expiresAt: Date | null;
  readonly scope?: Scope | null;
}): { readonly token: string; readonly line: string } {
  const token = `vg_${randomBytes(32).toString("base64url")}`;
  const entry: TokenLine = {
    name: about.name,
    roles: [...about.roles],
    sha256: hashToken(token).toString("hex"),
    expiresAt: about.expiresAt?.toISOString() ?? null,
    scope: about.scope == null ? null : copyScope(about.scope),
  };
  return { token, line: JSON.stringify(tokenLine.parse(entry)) };
}

function copyScope(scope: Scope): NonNullable<TokenLine["scope"]> {
  const { namePatterns, hostIds, vmIds } = scope;
  return { namePatterns: [...namePatterns], hostIds: [...hostIds], vmIds: [...vmIds] };
}

interface KnownToken {
  readonly hash: Buffer;
  readonly expiresAt: number;
  readonly viewer: KnownViewer;
}

/** Compares with every known hash in constant time, so that time tells nothing about which or how much of one fits. */
function findViewer(token: string, tokens: readonly KnownToken[], now: number): KnownViewer | null {
  const hash = hashToken(token);
  let found: KnownViewer | null = null;
  for (const known of tokens) {
    if (timingSafeEqual(known.hash, hash) && now < known.expiresAt) found = known.viewer;
  }
  return found;
}

async function readTokens(path: string): Promise<KnownToken[]> {
  const file = `AUTH_TOKENS_FILE: ${path}`;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new Error(`${file} cannot be read; check the path and its permissions`, { cause });
  }
  const lines = text.split("\n").map((line, at) => ({ line: line.trim(), where: `${file}:${at + 1}` }));
  const tokens = lines.filter(({ line }) => line !== "" && !line.startsWith("#")).map(parseLine);
  const repeated = tokens.find(
    (each, at) => tokens.findIndex((other) => other.hash.equals(each.hash)) !== at,
  );
  if (repeated !== undefined) {
    throw new Error(`${file}: the token of ${repeated.viewer.name} stands there twice; remove one line`);
  }
  return tokens;
}

function parseLine({ line, where }: { line: string; where: string }): KnownToken {
  const parsed = tokenLine.safeParse(parseJson(line));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join(".") ?? "";
    throw new Error(
      `${where}: ${field === "" ? "no token line" : `${field} is not right`}; make lines with vnic-graph token add (roles: ${ALL_ROLES.join(", ")})`,
    );
  }
  const { name, roles, sha256: hash, expiresAt, scope } = parsed.data;
  if (scope != null && roles.includes("operator")) {
    throw new Error(
      `${where}: an operator manages all hosts, so this token cannot have a scope; make two tokens, one for each`,
    );
  }
  return {
    hash: Buffer.from(hash, "hex"),
    expiresAt: expiresAt == null ? Infinity : Date.parse(expiresAt),
    viewer: { name, roles: new Set(roles), scope: scope ?? null },
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
