import { setTimeout as wait } from "node:timers/promises";
import type { ChangeLog, LoggedChange, ResolvedChange } from "../store/changes/change-log.js";
import { formatCursor } from "../store/changes/cursor.js";
import type { FollowQuestion, GuestEvent } from "../store/changes/live/guest-event.js";
import { viewChange } from "../store/changes/live/interest.js";

/** What a subscriber asks for, with a text that is the same for all who ask for the same. */
export interface KeyedQuestion extends Pick<FollowQuestion, "interest" | "scope"> {
  readonly key: string;
}

/** Turns changes of the log into the events of those who ask. */
export interface EventPages {
  /** The events that these changes are to a subscriber. Who asks the same of the same list gets the same events. */
  view(changes: readonly LoggedChange[], question: KeyedQuestion): Promise<readonly GuestEvent[]>;
}

/** Creates the event pages of a process: each change is read once, and compared once with each question. */
export function createEventPages(log: Pick<ChangeLog, "resolveChanges">): EventPages {
  const pages = new WeakMap<readonly LoggedChange[], Page>();
  return {
    async view(changes, question) {
      let page = pages.get(changes);
      if (page === undefined) {
        page = { resolved: indexByVm(resolveWithPatience(log, changes)), views: new Map() };
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

/** Writes a question as a text. */
export function formatQuestionKey({ interest, scope }: Pick<FollowQuestion, "interest" | "scope">): string {
  return JSON.stringify([interest, scope], (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
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

/** A database that restarts is away for seconds; who waits for these changes would otherwise have to subscribe again. */
async function resolveWithPatience(
  log: Pick<ChangeLog, "resolveChanges">,
  changes: readonly LoggedChange[],
): Promise<readonly ResolvedChange[]> {
  for (const waitMs of WAITS_MS) {
    try {
      return await log.resolveChanges(changes);
    } catch {
      await wait(waitMs, undefined, { ref: false });
    }
  }
  return log.resolveChanges(changes);
}

const WAITS_MS = [100, 200, 400, 800, 1_600, 3_200];

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

/** By `seq`, which is the order of a list of changes that one reading gave. */
function compare(left: LoggedChange, right: LoggedChange): number {
  return left.seq < right.seq ? -1 : left.seq > right.seq ? 1 : 0;
}
