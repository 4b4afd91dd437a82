import { createHash, randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as z from "zod";
import { ConfigError } from "../../model/config-error.js";
import { toPrintable } from "../../model/printable.js";
import { ALL_ROLES, type Role } from "../../model/roles.js";
import type { Scope } from "./identity.js";
import { findRepeatedKey } from "./repeated-key.js";

/** One line of a token file: everything about a token except the token itself. */
export type TokenLine = z.infer<typeof tokenLine>;

/** A line with its number in the file, counted from 1. */
export interface NumberedLine {
  readonly line: TokenLine;
  readonly number: number;
}

/** Text that PostgreSQL can hold and a log can show. */
const plainText = z.string().regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+$/u);

const tokenLine = z.strictObject({
  name: plainText.max(200),
  roles: z.array(z.enum(ALL_ROLES)).min(1),
  /** SHA-256 of the token, hexadecimal. A token has 256 random bits: a slow hash would protect nothing. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  expiresAt: z.iso.datetime({ offset: true }).nullish(),
  /** Which VMs the token shows; without it, all. */
  scope: z
    .strictObject({
      namePatterns: z.array(plainText.max(255)).default([]),
      // Any UUID that PostgreSQL knows: ids of machines from elsewhere follow no RFC.
      hostIds: z.array(z.guid()).default([]),
      vmIds: z.array(z.guid()).default([]),
    })
    .nullish(),
});

/**
 * Parses a token file: one JSON object a line; blank lines and those that begin with `#` are skipped. Throws an error
 * with the line's number if a line is wrong, or if a key, a name or a token is repeated. Other work has its turns meanwhile.
 */
export async function parseTokenLines(text: string, file: string): Promise<NumberedLine[]> {
  const lines: NumberedLine[] = [];
  for (const [at, given] of text.split("\n").entries()) {
    const [line, number] = [given.trim(), at + 1];
    if (line === "" || line.startsWith("#")) continue;
    lines.push({ line: parseLine(line, `${file}:${number}`), number });
    if (lines.length % LINES_OF_A_TURN === 0) await nextTurn();
  }
  refuseRepeated(lines, file, (line) => line.sha256, "the token of");
  refuseRepeated(lines, file, (line) => line.name, "the name");
  return lines;
}

/** A few milliseconds of work. A gateway reads the file again while it answers. */
const LINES_OF_A_TURN = 200;

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
    sha256: hashToken(token),
    expiresAt: about.expiresAt?.toISOString() ?? null,
    scope: about.scope == null ? null : copyScope(about.scope),
  };
  return { token, line: JSON.stringify(tokenLine.parse(entry)) };
}

/** Computes the hash under which a token stands in the file. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function copyScope({ namePatterns, hostIds, vmIds }: Scope): NonNullable<TokenLine["scope"]> {
  return { namePatterns: [...namePatterns], hostIds: [...hostIds], vmIds: [...vmIds] };
}

function parseLine(text: string, where: string): TokenLine {
  const parsed = tokenLine.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = toPrintable(issue?.path.join(".") ?? "");
    throw new ConfigError(
      `${where}: ${field === "" ? "no token line" : `${field} is not right`}; make lines with vnic-graph token add (roles: ${ALL_ROLES.join(", ")})`,
    );
  }
  // A person who reads the line may believe the first value, while JSON.parse takes the last.
  const repeated = findRepeatedKey(text);
  if (repeated !== null) {
    throw new ConfigError(`${where}: the key ${toPrintable(repeated)} stands there twice; remove one`);
  }
  const { roles, scope } = parsed.data;
  if (scope != null && roles.includes("operator")) {
    throw new ConfigError(
      `${where}: an operator manages all hosts, so this token cannot have a scope; make two tokens, one for each`,
    );
  }
  return parsed.data;
}

function refuseRepeated(
  lines: readonly NumberedLine[],
  file: string,
  findKey: (line: TokenLine) => string,
  what: string,
): void {
  const seen = new Map<string, number>();
  for (const { line, number } of lines) {
    const key = findKey(line);
    const first = seen.get(key);
    if (first !== undefined) {
      throw new ConfigError(
        `${file}: ${what} ${line.name} stands there twice, in lines ${first} and ${number}; remove or rename one`,
      );
    }
    seen.set(key, number);
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
