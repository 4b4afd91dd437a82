import { isIP } from "node:net";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Removes a `HOST` that is not ours: csh, zsh and conda set it to the machine's name. Ours must be an address or
 * `localhost`. To listen on a name, use the flag, which nobody else sets.
 */
export function leaveOutForeign(environment: Variables): Variables {
  return findForeignHost(environment) === null ? environment : { ...environment, HOST: undefined };
}

/** Finds the `HOST` that is removed; `null`: there is none. */
export function findForeignHost(environment: Variables): string | null {
  const host = environment["HOST"]?.trim() ?? "";
  return host === "" || host === "localhost" || isIP(host) !== 0 ? null : host;
}
