/** The pattern of interfaces that nobody needs: the guest's own ends of links to containers. */
export const DEFAULT_GUEST_NIC_IGNORE = "veth[0-9a-f]*";

/** Compiles a regular expression that must match the complete name; throws a SyntaxError if it is not one. */
export function compileNamePattern(pattern: string): RegExp {
  // Also compiles it without the group, because `a)(b` is an error that the group would hide.
  new RegExp(pattern, "u");
  return new RegExp(`^(?:${pattern})$`, "u");
}

/** The patterns that are used unless a setting gives others. */
export const DEFAULT_IGNORED_NAMES: readonly RegExp[] =
  DEFAULT_GUEST_NIC_IGNORE.split(",").map(compileNamePattern);
