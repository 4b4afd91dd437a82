import type { ResultOf } from "../api/graphql.js";
import type { HostFields } from "../api/queries.js";

/** A host, as the server sends it. */
export type Host = ResultOf<typeof HostFields>;

/**
 * Merges the hosts that were read with the hosts in events; `null`: the host is gone.
 * 1. Events win: what was read in between may be a state that ended before the next event, and no event would correct
 *    it.
 * 2. The later time of the last answer wins, because there is no event when a host answers again.
 */
export function mergeHosts(read: readonly Host[], told: ReadonlyMap<string, Host | null>): readonly Host[] {
  const readById = new Map(read.map((host) => [host.id, host]));
  const ids = new Set([...readById.keys(), ...told.keys()]);
  return [...ids]
    .flatMap((id) => {
      const [first, last] = [readById.get(id), told.get(id)];
      if (last === undefined) return first ?? [];
      if (last === null) return [];
      const times = [first?.lastSuccessAt ?? null, last.lastSuccessAt].filter((time) => time !== null);
      return { ...last, lastSuccessAt: times.toSorted().at(-1) ?? null };
    })
    .toSorted((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}
