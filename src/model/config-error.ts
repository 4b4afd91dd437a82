/**
 * A setting, or a file that it names, that cannot be used. The message is one line: the setting's name, what was expected,
 * what to do. The command line ends with exit code 2.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Creates the error of a file or folder that a setting or flag names and that cannot be used. Where the path or its permissions
 * are wrong it is a {@link ConfigError}; a disk that is full is not cured by another value.
 */
export function createPathError(problem: string, remedy: string, cause: unknown): Error {
  const isWrongPath = cause instanceof Error && "code" in cause && PATH_CODES.has(String(cause.code));
  return isWrongPath ? new ConfigError(`${problem}; ${remedy}`, { cause }) : new Error(problem, { cause });
}

const PATH_CODES: ReadonlySet<string> = new Set(
  "ENOENT ENOTDIR EACCES EPERM EISDIR EEXIST EROFS ELOOP ENAMETOOLONG".split(" "),
);
