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
  let [place, at] = [0, 0];
  let star: { readonly place: number; at: number } | null = null;
  while (at < given.length) {
    if (wanted[place] === "*") {
      star = { place, at };
      place += 1;
    } else if (place < wanted.length && (wanted[place] === "?" || wanted[place] === given[at])) {
      place += 1;
      at += 1;
    } else if (star !== null) {
      star.at += 1;
      [place, at] = [star.place + 1, star.at];
    } else {
      return false;
    }
  }
  return wanted.slice(place).every((each) => each === "*");
}
