import { shortenKey } from "../../model/kept/short-key.js";
import { CHANGE_KIND } from "../changes/kinds.js";
import type { VmFilter, VmPageRequest, VmScope } from "../types.js";

/** Identifies a list of VMs, and says which kinds of changes can change it. */
export interface ListKey {
  readonly key: string;
  /** Bits of {@link CHANGE_KIND}. */
  readonly kinds: number;
}

/**
 * Returns the key of a page of VMs for a scope; `null` if its members or their order depend on something that the change
 * log does not record.
 */
export function describePage(page: VmPageRequest, scope: VmScope | null): ListKey | null {
  if (!ORDERS.has(page.order)) return null;
  let kinds = CHANGE_KIND.NAME | listScopeKinds(scope);
  for (const [name, value] of Object.entries(page.filter)) {
    const known = FILTERS[name as keyof VmFilter];
    if (value === undefined) continue;
    if (known === undefined) return null;
    kinds |= known;
  }
  const { limit, after, before, fromEnd, filter, order } = page;
  const key = JSON.stringify(["page", scope, limit, after, before, fromEnd, filter, order]);
  return { key: shortenKey(key), kinds };
}

/** Returns the key of the vNICs that have one of these MACs, for a scope. */
export function describeNics(macs: readonly string[], limit: number, scope: VmScope | null): ListKey {
  return {
    key: shortenKey(JSON.stringify(["nics", scope, macs, limit])),
    kinds: CHANGE_KIND.NICS | listScopeKinds(scope),
  };
}

/** Returns the key of the absence of the VM with this id, in lower case. */
export function describeAbsence(id: string): ListKey {
  return { key: shortenKey(`absent ${id}`), kinds: CHANGE_KIND.NEW };
}

/** Lists the kinds of changes by which a list may get or lose VMs whatever its filter. A new VM may be in any list. */
function listScopeKinds(scope: VmScope | null): number {
  if (scope === null) return CHANGE_KIND.NEW;
  return CHANGE_KIND.NEW | CHANGE_KIND.NAME | (scope.hostIds.length === 0 ? 0 : CHANGE_KIND.HOST);
}

/** Orders by values that the log records. The others sort by values that rows do not have, or that change with hosts. */
const ORDERS: ReadonlySet<string> = new Set(["NAME_ASC", "NAME_DESC", "ID_ASC"]);

/** The kinds of changes on which each filter depends. A search may depend on more than the log records. */
const FILTERS: Readonly<Record<keyof VmFilter, number | undefined>> = {
  nameContains: CHANGE_KIND.NAME,
  statuses: CHANGE_KIND.STATUS,
  hostId: CHANGE_KIND.HOST,
  ids: CHANGE_KIND.NEW,
  ip: CHANGE_KIND.ADDRESSES | CHANGE_KIND.INTERFACES,
  search: undefined,
};
