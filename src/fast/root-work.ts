import { isObjectType } from "graphql";
import { wrapReads } from "../loaders/batches/wrap-reads.js";
import { createLoaders, type Loaders } from "../loaders/loaders.js";
import type { ReadSnapshot, TreeReads } from "../loaders/rows.js";
import { shortenKey } from "../model/kept/short-key.js";
import type { TextPieces } from "../model/text-pieces.js";
import { checkTrees, type RunRead } from "./checked-reads.js";
import { listFields, type PlannedDocument, type SelectedField } from "./selections.js";
import { countObject, planObject, type ObjectCount, type ObjectWriter, type Write } from "./write-fields.js";

/** What the answer of a root field needs. */
export interface RootWork {
  readonly reads: TreeReads;
  /** Opens reads that all see one state, which {@link readInOneState} closes; `null`: there is no database. */
  readonly openState: () => ReadSnapshot | null;
  /**
   * Notes that a read of one state failed on which all of the root field depends: nothing is read again. Of other reads execution may
   * still answer a part.
   */
  readonly noteFailure: (error: unknown) => void;
  /** Throws when the request is over. */
  readonly check: () => void;
  /** Returns the signal that aborts when the request is over. */
  readonly getSignal: () => AbortSignal;
  /** The values of the operation's variables, coerced by the schema. */
  readonly variables: Arguments;
  readonly count: ObjectCount;
  /** Gives other requests the event loop, if this answer has used it for long. Throws when the request is over. */
  readonly pause: () => Promise<void> | undefined;
}

/** The values of arguments, coerced by the schema. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Answers a root field with one read, as JSON; `null`: it has to be executed. */
export type AnswerRoot = (args: Arguments, work: RootWork) => Promise<TextPieces | null>;

/** Reads of one state of the database. */
export interface StateReads {
  readonly loaders: Loaders;
  readonly trees: TreeReads;
}

/**
 * Answers with several statements that all see one state; `null`: it has to be executed. `onFirstFailure` is told if the first of them
 * fails.
 */
export async function readInOneState<Answer>(
  { openState, check, getSignal }: Pick<RootWork, "openState" | "check" | "getSignal">,
  answer: (reads: StateReads) => Promise<Answer>,
  onFirstFailure: (error: unknown) => void = () => undefined,
): Promise<Answer | null> {
  const snapshot = openState();
  if (snapshot === null) return null;
  const signal = getSignal();
  const close = (): void => void snapshot.close();
  // A read that waits for its turn then does not begin.
  signal.addEventListener("abort", close, { once: true });
  try {
    check();
    let isFirst = true;
    const run: RunRead = async (read) => {
      check();
      if (!isFirst) return read();
      isFirst = false;
      try {
        return await read();
      } catch (error) {
        onFirstFailure(error);
        throw error;
      }
    };
    const loaders = createLoaders(wrapReads(snapshot.reads, run));
    const trees = checkTrees(snapshot.createTreeReads(), run);
    return await answer({ loaders, trees });
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Plans how objects of a type are written with a field's selections; `null` if one is not known here. */
export function planObjectsOf(
  typeName: "Vm" | "VmNic",
  { selections }: SelectedField,
  document: PlannedDocument,
): ObjectWriter | null {
  const type = document.schema.getType(typeName);
  const planned = isObjectType(type) ? planObject(selections, type, document) : null;
  return planned === null || typeName !== "Vm" ? planned : { ...planned, write: writeOnce(planned) };
}

/** Creates a writer that writes each VM once. As long as the VM is kept, it returns the same text again. */
function writeOnce({ write, shape }: ObjectWriter): Write {
  // A shape may have long arguments, and what is kept counts as its text alone.
  const key = shortenKey(shape, LONGEST_SHAPE);
  return (value, tree, count) => {
    const { texts, lists } = tree;
    const known = texts?.find(key);
    if (known !== undefined) {
      countObject(count, known.objects);
      return known.text;
    }
    const before = count.objects;
    const text = write(value, tree, count);
    // Makes V8 join the pieces of the text now. Otherwise it would keep them apart until somebody reads the text.
    text.charCodeAt(0);
    lists.putAway();
    texts?.keep(key, { text, objects: count.objects - before });
    return text;
  };
}

/** Lists the fields that a field selects of a type; `null` if one is not known here. */
export function listFieldsOf(
  typeName: string,
  { selections }: Pick<SelectedField, "selections">,
  document: PlannedDocument,
): readonly SelectedField[] | null {
  const type = document.schema.getType(typeName);
  return isObjectType(type) ? listFields(selections, type, document) : null;
}

/** Writes a list, with a piece for each value. After every few objects other requests may have their turn. */
export async function writeAll<Value>(
  values: readonly Value[],
  write: (value: Value) => string,
  { count, pause }: Pick<RootWork, "count" | "pause">,
): Promise<TextPieces> {
  const pieces: string[] = [];
  let looked = count.work;
  for (const [at, value] of values.entries()) {
    pieces.push(at === 0 ? "[" : ",", write(value));
    if (count.work - looked < WORK_BETWEEN_LOOKS && at % VALUES_BETWEEN_LOOKS > 0) continue;
    looked = count.work;
    const paused = pause();
    if (paused !== undefined) await paused;
  }
  if (pieces.length === 0) return ["[]"];
  pieces.push("]");
  return pieces;
}

/** The work between two pauses: less than a millisecond, as a rule. */
const WORK_BETWEEN_LOOKS = 200;

/** The values between two pauses: a guest may have hundreds of addresses. */
const VALUES_BETWEEN_LOOKS = 16;

const LONGEST_SHAPE = 200;
