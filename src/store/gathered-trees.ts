import { memoizeByObject } from "../model/memoize-by-object.js";
import type { VmScope } from "./types.js";
import type { NicTree, TreeReads, VmTree, VmTreeParts } from "./vm-tree.js";

/**
 * Gathers reads of few VMs that requests ask for at the same time, so that one statement answers all of them.
 * 1. Questions of one turn of the event loop are sent at its end, so that a statement begins after all who asked.
 * 2. While two such statements run, further questions wait for one of them to end, but only for a few milliseconds.
 * 3. Only questions with the same scope and the same parts share a statement. Reads of many VMs and of pages are sent
 *    alone.
 */
export function gatherTreeReads(
  createReads: (scope: VmScope | null) => TreeReads,
): (scope: VmScope | null) => TreeReads {
  const gatherings = new Map<string, Gathering<never>>();
  const findGathering = <Found>(
    key: string,
    getKey: (found: Found) => string,
    read: ReadShared<Found>,
  ): Gathering<Found> => {
    const found = gatherings.get(key) as Gathering<Found> | undefined;
    if (found !== undefined) return found;
    const made = new Gathering(getKey, read, () => gatherings.delete(key));
    gatherings.set(key, made as unknown as Gathering<never>);
    return made;
  };

  return (scope) => {
    const reads = createReads(scope);
    return {
      ...reads,
      readTreesByIds: async (ids, parts) => {
        if (ids.length > MOST_OF_ONE) return reads.readTreesByIds(ids, parts);
        const key = `ids ${formatKey(parts)} ${formatKey(scope)}`;
        const gathering = findGathering<VmTree>(
          key,
          ({ vm }) => vm.id,
          (all) => reads.readTreesByIds(all, parts),
        );
        return gathering.ask(ids.map((id) => id.toLowerCase()));
      },
      readNicTrees: async (macs, limit, parts) => {
        if (macs.length > MOST_OF_ONE) return reads.readNicTrees(macs, limit, parts);
        const key = `macs ${limit} ${formatKey(parts)} ${formatKey(scope)}`;
        const gathering = findGathering<NicTree>(
          key,
          ({ nic }) => nic.macAddress ?? "",
          async (all, isShared) => {
            const found = await reads.readNicTrees(all, limit, parts);
            // One MAC has so many vNICs that those of the others may be cut off.
            return isShared && found.length >= limit ? null : found;
          },
        );
        return gathering.ask(macs);
      },
    };
  };
}

/** Reads what is found under the keys of one asker, or of several who share it; `null`: they cannot share it. */
type ReadShared<Found> = (keys: readonly string[], isShared: boolean) => Promise<readonly Found[] | null>;

/** Collects keys that several callers ask for, and reads them in one statement. */
class Gathering<Found> {
  private askers: Asker<Found>[] = [];
  private running = 0;
  private timer: NodeJS.Timeout | undefined;
  private isDue = false;

  constructor(
    private readonly getKey: (found: Found) => string,
    private readonly read: ReadShared<Found>,
    private readonly onIdle: () => void,
  ) {}

  /** Returns what is found under the keys. */
  ask(keys: readonly string[]): Promise<Found[]> {
    return new Promise((resolve, reject) => {
      this.askers.push({ keys, resolve, reject });
      if (this.isDue || this.timer !== undefined) return;
      if (this.running < MOST_RUNNING) this.sendAfterThisTurn();
      else
        this.timer = setTimeout(() => {
          this.sendAfterThisTurn();
        }, PATIENCE_MS);
    });
  }

  private sendAfterThisTurn(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      while (this.askers.length > 0) void this.send(this.askers.splice(0, MOST_ASKERS));
    });
  }

  private async send(askers: readonly Asker<Found>[]): Promise<void> {
    this.running += 1;
    await this.answer(askers);
    this.running -= 1;
    if (this.askers.length > 0) {
      if (!this.isDue) this.sendAfterThisTurn();
    } else if (this.running === 0 && !this.isDue) this.onIdle();
  }

  /** Answers by one read. If one asker's keys find too much, the halves are read alone, so that most of the others still share. */
  private async answer(askers: readonly Asker<Found>[]): Promise<void> {
    try {
      const all = await this.read([...new Set(askers.flatMap(({ keys }) => keys))], askers.length > 1);
      if (all === null) {
        const half = Math.ceil(askers.length / 2);
        await this.answer(askers.slice(0, half));
        await this.answer(askers.slice(half));
        return;
      }
      const byKey = groupBy(all, this.getKey);
      for (const { keys, resolve } of askers) {
        resolve([...new Set(keys)].flatMap((key) => byKey.get(key) ?? []));
      }
    } catch (error) {
      for (const { reject } of askers) reject(error);
    }
  }
}

interface Asker<Found> {
  readonly keys: readonly string[];
  readonly resolve: (found: Found[]) => void;
  readonly reject: (error: unknown) => void;
}

function groupBy<Found>(all: readonly Found[], getKey: (found: Found) => string): Map<string, Found[]> {
  const grouped = new Map<string, Found[]>();
  for (const each of all) {
    const key = getKey(each);
    const held = grouped.get(key);
    if (held === undefined) grouped.set(key, [each]);
    else held.push(each);
  }
  return grouped;
}

/** Formats a scope or parts. */
function formatKey(value: VmScope | VmTreeParts | null): string {
  return value === null ? "all" : formatParts(value);
}

const formatParts = memoizeByObject((value: VmScope | VmTreeParts) => JSON.stringify(value));

/** A question with more keys than this has a statement of its own. */
const MOST_OF_ONE = 4;

/** At most so many questions share a statement. They are few enough that PostgreSQL looks each VM up by its index. */
const MOST_ASKERS = 50;

/** PostgreSQL answers one statement while this process reads the rows of the other. */
const MOST_RUNNING = 2;

/** Longer than such a statement takes. A connection that hangs delays others no longer than this. */
const PATIENCE_MS = 5;
