/** Names of guest interfaces that answer nobody's question: the host's ends of links to containers. */
export const DEFAULT_GUEST_NIC_IGNORE = "veth[0-9a-f]*";

/** Compiles a regular expression that must match a whole name; throws a SyntaxError if it is not one. */
export function compileNamePattern(pattern: string): RegExp {
  // Compiled bare first: wrapped, `a)(b` would pass for a pattern.
  new RegExp(pattern, "u");
  return new RegExp(`^(?:${pattern})$`, "u");
}

/** The patterns that apply unless a setting names others. */
export const DEFAULT_IGNORED_NAMES: readonly RegExp[] =
  DEFAULT_GUEST_NIC_IGNORE.split(",").map(compileNamePattern);
