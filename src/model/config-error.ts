/**
 * A setting, or a file that it names, that cannot be used. The message is one line: the setting's name, what was expected,
 * what to do. The command line ends with exit code 2.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
