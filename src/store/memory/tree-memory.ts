import { isInScope } from "../read/conditions/scope-match.js";
import type { VmScope } from "../types.js";
import type { NicTree, StillHolds, TreeReads, VmTree, VmTreeParts } from "../vm-tree.js";
import { KnownVms, type KnownVmsOptions, type Reading } from "./known-vms.js";
import { describeAbsence, describeNics, describePage, type ListKey } from "./list-keys.js";
import { isSame, listNicStates, listStates } from "./tree-states.js";

/** Keeps VMs that were read, and answers from them while the change log says that they have not changed. */
export interface TreeMemory {
  /** Wraps the reads of a viewer with this scope. Kept VMs need no statement; others are read and then kept. Hosts are always read. */
  wrap(reads: TreeReads, scope: VmScope | null): TreeReads;
  /** Notes that something changed that may not be known yet. Kept VMs are not used until the next look at the log. */
  doubt(): void;
  /** The earliest time as of which later answers are known to hold, by `now`; `null`: they are read from the database. */
  readonly earliestMs: number | null;
  readonly figures: TreeMemoryFigures;
  /** The memory of all that is kept. */
  readonly bytes: number;
  /** Ends the looks at the log; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** What the memory did since the start of the process, and holds now. */
export interface TreeMemoryFigures {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  readonly vms: number;
  readonly bytes: number;
  /** The age of the last look as of which everything that is kept is valid; `null`: nothing may be used at the moment. */
  readonly ageMs: number | null;
}

/** How much is kept, how the log is looked at, and by which clocks. */
export type TreeMemoryOptions = Pick<KnownVmsOptions, "maxBytes" | "look"> & Partial<KnownVmsOptions>;

/** Creates the memory of a process. Without one all answers are the same, only slower. */
export function createTreeMemory({
  maxBytes,
  look,
  onLook = () => undefined,
  now = () => performance.now(),
  wallNow = Date.now,
}: TreeMemoryOptions): TreeMemory {
  const known = new KnownVms({ maxBytes, look, onLook, now, wallNow });
  const counts = { hits: 0, misses: 0 };
  const giveOrRead = async <Answer>(
    parts: VmTreeParts,
    { find, identify, read, keep }: Question<Answer>,
    note: (check: StillHolds) => void,
  ): Promise<Answer> => {
    const asked = known.ask(parts);
    const found = (typeof asked === "boolean" ? asked : await asked) ? find(known) : null;
    if (found !== null) {
      counts.hits += 1;
      note(createCheck(known, parts, { find, identify, identity: identify(found) }));
      return found;
    }
    counts.misses += 1;
    const reading = known.begin(parts);
    try {
      const answer = await read(reading.parts);
      keep(answer, reading);
      return answer;
    } finally {
      reading.end();
    }
  };
  return {
    wrap: (reads, scope) => {
      let check: StillHolds | null = null;
      const answer = <Answer>(parts: VmTreeParts, question: Question<Answer>): Promise<Answer> => {
        check = null;
        if (parts.ignored === true) return question.read(parts);
        return giveOrRead(parts, question, (made) => (check = made));
      };
      return {
        ...reads,
        readTreesByIds: (ids, parts) => answer(parts, askByIds(reads, scope, { ids, parts })),
        readTreesPage: (page, parts) => answer(parts, askPage(reads, scope, { page, parts })),
        readNicTrees: (macs, limit, parts) => answer(parts, askNics(reads, scope, { macs, limit, parts })),
        findCheck: () => check,
      };
    },
    doubt: () => {
      known.belief.doubt();
    },
    get earliestMs() {
      return known.belief.earliestMs;
    },
    get bytes() {
      return known.bytes;
    },
    get figures() {
      const { asOfMs } = known.belief;
      return { ...counts, ...known.figures, ageMs: asOfMs === null ? null : now() - asOfMs };
    },
    stop: () => known.stop(),
  };
}

/**
 * Creates the check whether memory would give the same answer again. It lives as long as an answer is kept, so it must hold
 * on to nothing else.
 */
function createCheck<Answer>(
  known: KnownVms,
  parts: VmTreeParts,
  {
    find,
    identify,
    identity,
  }: Pick<Question<Answer>, "find" | "identify"> & { readonly identity: readonly unknown[] },
): StillHolds {
  return () => {
    if (known.ask(parts) !== true) return false;
    const found = find(known);
    return found !== null && isSame(identify(found), identity);
  };
}

/** How one kind of question is answered from kept VMs, how it is read, and what is kept of the answer. */
interface Question<Answer> {
  readonly find: (known: KnownVms) => Answer | null;
  /** Lists what an answer from memory consists of. Two answers with equal lists are equal. */
  readonly identify: (answer: Answer) => readonly unknown[];
  readonly read: (parts: VmTreeParts) => Promise<Answer>;
  readonly keep: (answer: Answer, reading: Reading) => void;
}

function askByIds(
  reads: TreeReads,
  scope: VmScope | null,
  { ids, parts }: { readonly ids: readonly string[]; readonly parts: VmTreeParts },
): Question<VmTree[]> {
  return {
    find: createFindByIds(ids, scope, parts),
    identify: listStates,
    read: (wider) => reads.readTreesByIds(ids, wider),
    keep: (trees, reading) => {
      trees.forEach(reading.keepVm);
      if (scope !== null) return;
      const found = new Set(trees.map(({ vm }) => vm.id));
      for (const id of ids) {
        if (!found.has(id.toLowerCase())) reading.keepList(describeAbsence(id), { vmIds: [], nics: null });
      }
    },
  };
}

function createFindByIds(
  ids: readonly string[],
  scope: VmScope | null,
  parts: VmTreeParts,
): Question<VmTree[]>["find"] {
  return (known) => {
    const found: VmTree[] = [];
    for (const id of ids) {
      const tree = known.find(id, parts, ids.length === 1);
      if (tree !== null) {
        if (isInScope(scope, tree.vm)) found.push(tree);
      } else if (!known.isAbsent(id)) return null;
    }
    return found;
  };
}

function askPage(
  reads: TreeReads,
  scope: VmScope | null,
  { page, parts }: { readonly page: Parameters<TreeReads["readTreesPage"]>[0]; readonly parts: VmTreeParts },
): Question<VmTree[]> {
  const key = describePage(page, scope);
  return {
    find: createFindPage(key, parts),
    identify: listStates,
    read: (wider) => reads.readTreesPage(page, wider),
    keep: (trees, reading) => {
      trees.forEach(reading.keepVm);
      if (key !== null) reading.keepList(key, { vmIds: trees.map(({ vm }) => vm.id), nics: null });
    },
  };
}

function createFindPage(key: ListKey | null, parts: VmTreeParts): Question<VmTree[]>["find"] {
  return (known) => {
    const list = key && known.findList(key);
    return list && findAll(known, list.vmIds, parts);
  };
}

function askNics(
  reads: TreeReads,
  scope: VmScope | null,
  {
    macs,
    limit,
    parts,
  }: { readonly macs: readonly string[]; readonly limit: number; readonly parts: VmTreeParts },
): Question<NicTree[]> {
  const key = describeNics(macs, limit, scope);
  return {
    find: createFindNics(key, parts),
    identify: listNicStates,
    read: (wider) => reads.readNicTrees(macs, limit, wider),
    keep: (found, reading) => {
      for (const { tree } of found) reading.keepVm(tree);
      // The limit may have cut something off, so that the list is not complete.
      if (found.length >= limit) return;
      reading.keepList(key, {
        vmIds: found.map(({ tree }) => tree.vm.id),
        nics: found.map(({ nic }) => nic),
      });
    },
  };
}

function createFindNics(key: ListKey, parts: VmTreeParts): Question<NicTree[]>["find"] {
  return (known) => {
    const list = known.findList(key);
    const trees = list && findAll(known, list.vmIds, parts);
    if (trees === null) return null;
    const found: NicTree[] = [];
    for (const [at, nic] of (list?.nics ?? []).entries()) {
      const tree = trees[at];
      if (tree !== undefined) found.push({ nic, tree });
    }
    return found;
  };
}

/** Finds all of the VMs, in the order of their ids; `null` if one of them has to be read. */
function findAll(known: KnownVms, ids: readonly string[], parts: VmTreeParts): VmTree[] | null {
  const trees: VmTree[] = [];
  for (const id of ids) {
    const tree = known.find(id, parts, false);
    if (tree === null) return null;
    trees.push(tree);
  }
  return trees;
}
