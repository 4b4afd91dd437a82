import { readFile, stat } from "node:fs/promises";
import { ConfigError } from "../../model/config-error.js";

/** Whose password is looked up. A Unix socket counts as `localhost`. */
export interface PasswordOwner {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * Reads a password from a file in libpq's format: lines of `host:port:database:user:password`. `*` stands for any value,
 * and a backslash escapes `:` and `\`. The first line that matches counts. `null`: no line matches, or there is no file.
 */
export async function readPasswordFile(path: string, owner: PasswordOwner): Promise<string | null> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new ConfigError(`others may read the password file ${path}: chmod 600`);
    }
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    // A home such as /dev/null is no folder.
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new ConfigError(
      `the password file ${path} cannot be read (${code}); correct its path or its permissions`,
      { cause: error },
    );
  }
  const wanted = [owner.host, String(owner.port), owner.database, owner.user];
  for (const line of text.split(/\r?\n/)) {
    const [, ...fields] = LINE.exec(line) ?? [];
    const password = fields.pop();
    if (password === undefined || password === "") continue;
    if (fields.every((field, at) => field === "*" || unescape(field) === wanted[at]))
      return unescape(password);
  }
  return null;
}

/** The password is the rest of the line. A line that begins with `#` is a comment. */
const LINE = new RegExp(`^(?!#)${String.raw`((?:\\.|[^:\\])*):`.repeat(4)}(.*)$`);

function unescape(field: string): string {
  return field.replaceAll(/\\(.)/g, "$1");
}
