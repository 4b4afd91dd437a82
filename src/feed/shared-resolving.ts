import { setTimeout as wait } from "node:timers/promises";
import { BoundedMap } from "../model/kept/bounded-map.js";
import type { ChangeLog, LoggedChange, ResolvedChange } from "../store/changes/change-log.js";
import type { ChangeSides } from "../store/changes/live/interest.js";
import type { VmVersion } from "../store/changes/versions/version-types.js";

/**
 * Finds the versions before and after each change. The changes must be in the order of the log. Changes without a kind are
 * left out.
 */
export type ResolveChanges = (changes: readonly LoggedChange[]) => Promise<readonly ResolvedChange[]>;

/**
 * Creates the function that resolves the changes of all subscribers of a process. Subscribers that come back at the same
 * time, as after a restart, ask for the same changes, each from its own cursor on. So results are kept for the others. A
 * kept result is always right, because a change never alters, and the caller has just read its row.
 */
export function createSharedResolving(log: Pick<ChangeLog, "resolveChanges">): ResolveChanges {
  const kept = new BoundedMap<Outcome>(KEPT_BYTES);
  const underWay = new Map<string, Promise<Outcomes>>();

  const start = (changes: readonly LoggedChange[]): Promise<Outcomes> => {
    const run = resolveOutcomes(log, changes);
    const keys = changes.map(formatKey);
    const forget = () => {
      for (const key of keys) if (underWay.get(key) === run) underWay.delete(key);
    };
    for (const key of keys) underWay.set(key, run);
    run.then((outcomes) => {
      for (const [key, outcome] of outcomes) kept.set(key, outcome, estimateBytes(outcome));
      forget();
    }, forget);
    return run;
  };

  return async (changes) => {
    const found = changes.map((change) => {
      const key = formatKey(change);
      return { change, key, held: kept.use(key) ?? underWay.get(key) };
    });
    // Either all or none of a VM's changes are resolved here, because they are resolved from the last one backwards.
    const unknown = new Set(found.flatMap(({ change, held }) => (held === undefined ? [change.vmId] : [])));
    const run = unknown.size === 0 ? null : start(changes.filter(({ vmId }) => unknown.has(vmId)));
    const resolved: ResolvedChange[] = [];
    for (const { change, key, held } of found) {
      const source = run !== null && unknown.has(change.vmId) ? run : held;
      const sides = (source instanceof Promise ? (await source).get(key) : source)?.sides;
      // The cursor stays the caller's own, because it says how far that caller's reader has read.
      if (sides != null) resolved.push({ change, ...sides });
    }
    return resolved;
  };
}

/** The result of a change; `null`: nobody sees anything of it. */
interface Outcome {
  readonly sides: ChangeSides | null;
}

type Outcomes = ReadonlyMap<string, Outcome>;

async function resolveOutcomes(
  log: Pick<ChangeLog, "resolveChanges">,
  changes: readonly LoggedChange[],
): Promise<Outcomes> {
  const resolved = await resolveWithPatience(log, changes);
  const outcomes = new Map<string, Outcome>(changes.map((change) => [formatKey(change), NOTHING]));
  for (const { change, before, after } of resolved)
    outcomes.set(formatKey(change), { sides: { before, after } });
  return outcomes;
}

const NOTHING: Outcome = { sides: null };

/** Formats a key of a change. It has the log's id, because a copy of the database that took over has another log. */
function formatKey({ cursor, tx, seq }: LoggedChange): string {
  return `${cursor.logId} ${tx} ${seq}`;
}

/**
 * Retries for some seconds, as long as a restart of the database takes. Otherwise all who wait for these changes would have
 * to subscribe again.
 */
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

/** Estimates the bytes of a result. Two successive changes of a VM share a version, which is counted twice. */
function estimateBytes({ sides }: Outcome): number {
  return SMALLEST_BYTES + estimateVersionBytes(sides?.before) + estimateVersionBytes(sides?.after);
}

function estimateVersionBytes(version: VmVersion | null | undefined): number {
  if (version == null) return 0;
  const { ips, staleDetail, interfaces, nics } = version;
  const texts = (ips?.length ?? 0) + (staleDetail?.length ?? 0);
  return SMALLEST_BYTES + texts + (interfaces.length + (nics?.length ?? 0)) * INTERFACE_BYTES;
}

const SMALLEST_BYTES = 400;
const INTERFACE_BYTES = 600;

/** Enough for a thousand changes of usual VMs. Subscribers that come back together ask for the same within a moment. */
const KEPT_BYTES = 4 * 1024 * 1024;
