import { shortenKey } from "../model/kept/short-key.js";
import type { ChangeLog, LoggedChange, ResolvedChange } from "../store/changes/change-log.js";
import { formatCursor } from "../store/changes/cursor.js";
import type { FollowQuestion, GuestEvent } from "../store/changes/live/guest-event.js";
import { viewChange } from "../store/changes/live/interest.js";
import { createSharedResolving } from "./shared-resolving.js";

/** What a subscriber asks for, with a key that is equal for equal questions. */
export interface KeyedQuestion extends Pick<FollowQuestion, "interest" | "scope"> {
  readonly key: string;
}

/** Converts changes of the log into the events of subscribers. */
export interface EventPages {
  /** Returns `true` if one of the changes may be of a VM that the subscriber asks for. It reads nothing. */
  mayConcern(changes: readonly LoggedChange[], question: KeyedQuestion): boolean;
  /**
   * Returns the subscriber's events of these changes. Subscribers with equal questions get the same list of events for the
   * same list of changes.
   */
  view(changes: readonly LoggedChange[], question: KeyedQuestion): Promise<readonly GuestEvent[]>;
}

/** Creates the event pages of a process. Each change is read once, and compared once with each question. */
export function createEventPages(log: Pick<ChangeLog, "resolveChanges">): EventPages {
  const resolve = createSharedResolving(log);
  const pages = new WeakMap<readonly LoggedChange[], Page>();
  const vmIdsOf = new WeakMap<readonly LoggedChange[], ReadonlySet<string>>();
  return {
    mayConcern(changes, { interest: { vmIds } }) {
      if (vmIds === null) return true;
      const changed = vmIdsOf.get(changes) ?? new Set(changes.map(({ vmId }) => vmId));
      vmIdsOf.set(changes, changed);
      return vmIds.some((id) => changed.has(id));
    },
    async view(changes, question) {
      let page = pages.get(changes);
      if (page === undefined) {
        page = { resolved: indexByVm(resolve(changes)), views: new Map() };
        pages.set(changes, page);
      }
      const { all, byVm } = await page.resolved;
      let events = page.views.get(question.key);
      if (events === undefined) {
        events = listEvents(all, byVm, question);
        page.views.set(question.key, events);
      }
      return events;
    },
  };
}

/** Formats a question as a key. */
export function formatQuestionKey({ interest, scope }: Pick<FollowQuestion, "interest" | "scope">): string {
  return shortenKey(
    JSON.stringify([interest, scope], (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  );
}

interface Page {
  readonly resolved: Promise<Indexed>;
  readonly views: Map<string, readonly GuestEvent[]>;
}

interface Indexed {
  readonly all: readonly ResolvedChange[];
  readonly byVm: ReadonlyMap<string, readonly ResolvedChange[]>;
}

async function indexByVm(resolving: Promise<readonly ResolvedChange[]>): Promise<Indexed> {
  const all = await resolving;
  const byVm = new Map<string, ResolvedChange[]>();
  for (const each of all) {
    const held = byVm.get(each.change.vmId);
    if (held === undefined) byVm.set(each.change.vmId, [each]);
    else held.push(each);
  }
  return { all, byVm };
}

function listEvents(
  all: Indexed["all"],
  byVm: Indexed["byVm"],
  { interest, scope }: KeyedQuestion,
): GuestEvent[] {
  const { vmIds } = interest;
  const wanted =
    vmIds === null
      ? all
      : vmIds.flatMap((id) => byVm.get(id) ?? []).sort((left, right) => compare(left.change, right.change));
  return wanted.flatMap((each): GuestEvent[] => {
    const sides = viewChange(each, interest, scope);
    if (sides === null) return [];
    const { cursor, at, vmId } = each.change;
    return [{ kind: "CHANGE", cursor: formatCursor(cursor), at, vmId, ...sides }];
  });
}

/** Compares by `seq`, the order of the changes that one read returned. */
function compare(left: LoggedChange, right: LoggedChange): number {
  return left.seq < right.seq ? -1 : left.seq > right.seq ? 1 : 0;
}
