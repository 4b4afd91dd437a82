import type { VmScope } from "../../types.js";

/** The values of a VM on which scopes depend. */
export interface ScopedVm {
  readonly id: string;
  readonly name: string;
  readonly hostId: string | null;
}

/**
 * Returns `true` if the VM is in the scope. {@link createVmScopeSql} builds the same condition for VMs that are stored.
 */
export function isInScope(scope: VmScope | null, { id, name, hostId }: ScopedVm): boolean {
  return (
    scope === null ||
    scope.vmIds.some((vmId) => vmId.toLowerCase() === id) ||
    scope.hostIds.some((each) => each.toLowerCase() === hostId) ||
    scope.namePatterns.some((pattern) => matchesPattern(pattern, name))
  );
}

/**
 * Returns `true` if a text matches a pattern; `*` stands for any characters, `?` for one. It goes back to the last `*`
 * only, so that it stays quick.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [wanted, given] = [Array.from(pattern), Array.from(text)];
  let [patternAt, textAt] = [0, 0];
  let star: { readonly patternAt: number; textAt: number } | null = null;
  while (textAt < given.length) {
    if (wanted[patternAt] === "*") {
      star = { patternAt, textAt };
      patternAt += 1;
    } else if (
      patternAt < wanted.length &&
      (wanted[patternAt] === "?" || wanted[patternAt] === given[textAt])
    ) {
      patternAt += 1;
      textAt += 1;
    } else if (star !== null) {
      star.textAt += 1;
      [patternAt, textAt] = [star.patternAt + 1, star.textAt];
    } else {
      return false;
    }
  }
  return wanted.slice(patternAt).every((each) => each === "*");
}
