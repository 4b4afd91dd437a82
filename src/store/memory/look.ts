import type { DataSource } from "typeorm";
import type { HostFreshness } from "../../model/guest/freshness.js";
import type { LogCursor } from "../changes/cursor.js";
import { SELECT_EDITS } from "../changes/edits.js";
import { findEndOfLog } from "../changes/end-of-log.js";
import { LostCursorError } from "../changes/log-errors.js";
import { LogReader, type LogMark } from "../changes/log-reader.js";
import { queryRows, type Queryable } from "../postgres/sql.js";
import { readHostFreshness } from "../read/host-reads.js";
import { createSnapshot } from "../read/snapshot.js";
import { createTreeReads } from "../read/vms/vm-trees.js";
import { joinParts, NO_PARTS, type VmTree, type VmTreeParts } from "../vm-tree.js";

/** A change of a VM that readers see. */
export interface VmChangeMark {
  readonly vmId: string;
  /** Bits of {@link CHANGE_KIND}. */
  readonly kinds: number;
}

/** What changed between two looks, all of one state of the database. */
export interface Look {
  /** `null`: it is not known what changed, so all may have. */
  readonly changes: readonly VmChangeMark[] | null;
  /** The states of all hosts; `null`: not asked for. */
  readonly hosts: ReadonlyMap<string, HostFreshness> | null;
  /** VMs of the changes that were wanted, as they are now. */
  readonly trees: readonly VmTree[];
  /** The parts that were read of them. */
  readonly parts: VmTreeParts;
}

/** What to read besides the changes. */
export interface LookWishes {
  readonly hosts: boolean;
  /** Which parts of a changed VM are wanted; `null`: none of it. */
  readonly findParts: (vmId: string) => VmTreeParts | null;
}

/** Looks at what changed since the look before. Two looks must not run at the same time. */
export type LookAtChanges = (wishes: LookWishes) => Promise<Look>;

/** Where the next look begins. */
interface LookStart {
  readonly cursor: LogCursor;
  readonly mark: LogMark | null;
  /** What {@link readEdits} returned then; `null`: not known. */
  readonly edits: string | null;
}

/**
 * Creates the function with which a process looks at the change log. Each look is one transaction, which sees one state of
 * the database. It reads
 * 1. what was committed since the last look;
 * 2. the states of hosts and the changed VMs, as far as they are wanted;
 * 3. whether others than passes have written VMs. Then any VM may have changed.
 *
 * After a look that fails, the next one begins where that one began.
 */
export function createLooks(dataSource: DataSource, mostChanges = MOST_CHANGES): LookAtChanges {
  let start: LookStart | null = null;
  const readOn = async (from: LookStart, wishes: LookWishes): Promise<Look | null> => {
    const snapshot = createSnapshot(dataSource);
    try {
      const reader = new LogReader(snapshot, from.cursor, { mark: from.mark });
      const [changes, hosts, edits] = await Promise.all([
        readChanges(reader, mostChanges),
        wishes.hosts ? readHostFreshness(snapshot) : null,
        readEdits(snapshot),
      ]);
      if (changes === null) return null;
      const isEdited = edits !== from.edits;
      const wanted = isEdited ? NOTHING : await readWanted(snapshot, changes, wishes.findParts);
      start = { cursor: reader.cursor, mark: reader.mark, edits };
      return { changes: isEdited ? null : changes, hosts, ...wanted };
    } finally {
      await snapshot.close();
    }
  };
  return async (wishes) => {
    const from = start;
    start = null;
    const look =
      from === null
        ? null
        : await readOn(from, wishes).catch((error: unknown) => {
            if (error instanceof LostCursorError) return null;
            start = from;
            throw error;
          });
    if (look !== null) return look;
    const end = await findEndOfLog(dataSource);
    const anew = await readOn({ cursor: end, mark: null, edits: null }, wishes);
    return { changes: null, hosts: anew?.hosts ?? null, ...NOTHING };
  };
}

const NOTHING: Pick<Look, "trees" | "parts"> = { trees: [], parts: NO_PARTS };

/** Reads the text of {@link SELECT_EDITS}. */
export async function readEdits(snapshot: Queryable): Promise<string> {
  const [row] = await queryRows<{ readonly edits: string }>(snapshot, SELECT_EDITS);
  return row?.edits ?? "";
}

/** Reads all changes that there are; `null`: there are too many. */
async function readChanges(reader: LogReader, most: number): Promise<VmChangeMark[] | null> {
  const changes: VmChangeMark[] = [];
  for (let hasMore = true; hasMore;) {
    const page = await reader.read(PAGE);
    for (const { vmId, kinds } of page.changes) changes.push({ vmId, kinds });
    if (changes.length > most) return null;
    ({ hasMore } = page);
  }
  return changes;
}

async function readWanted(
  snapshot: Queryable,
  changes: readonly VmChangeMark[],
  findParts: LookWishes["findParts"],
): Promise<Pick<Look, "trees" | "parts">> {
  const ids = [...new Set(changes.map(({ vmId }) => vmId))];
  const wanted = ids.flatMap((id) => {
    const parts = findParts(id);
    return parts === null ? [] : [{ id, parts }];
  });
  const parts = wanted.reduce((joined, each) => joinParts(joined, each.parts), NO_PARTS);
  if (wanted.length === 0 || wanted.length > MOST_WANTED) return NOTHING;
  const reads = createTreeReads(snapshot, null);
  return {
    trees: await reads.readTreesByIds(
      wanted.map(({ id }) => id),
      parts,
    ),
    parts,
  };
}

/** The number of changes that one statement reads. */
const PAGE = 2_000;

/** With more changes than this, it is cheaper to read VMs again when they are asked for. */
const MOST_CHANGES = 4_000;

/** This many VMs are read in some ten milliseconds. If there are more, only those are read again that are asked for. */
const MOST_WANTED = 500;
