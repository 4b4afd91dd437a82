import { isIP } from "node:net";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Leaves out what others set under a name of ours: csh, zsh and conda call the machine by `HOST`. Ours is an address or
 * `localhost`; a name to listen on is given by the flag, which nobody else sets.
 */
export function leaveOutForeign(environment: Variables): Variables {
  return findForeignHost(environment) === null ? environment : { ...environment, HOST: undefined };
}

/** Finds the `HOST` that is left out; `null`: there is none. */
export function findForeignHost(environment: Variables): string | null {
  const host = environment["HOST"]?.trim() ?? "";
  return host === "" || host === "localhost" || isIP(host) !== 0 ? null : host;
}
