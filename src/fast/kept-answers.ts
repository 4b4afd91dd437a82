import { BoundedMap } from "../model/bounded-map.js";
import { AskedBefore } from "./asked-before.js";

/** Answers that are given again while it is known that they are not too old. */
export interface KeptAnswers<Answer> {
  /** Finds the answer to the same question, if it is young enough; `null`: read the database. */
  find(key: string): Answer | null;
  /**
   * Begins an answer. Call it before anything is read: the answer is as old as that. Returns the function that keeps it, which
   * does nothing if all was dropped meanwhile; `null` if nobody asked the same a moment ago, so that it is not worth keeping.
   */
  begin(key: string): ((answer: Answer, bytes: number) => void) | null;
  /** Drops all: something changed, or it is not known whether something did. */
  drop(): void;
  readonly figures: KeptAnswerFigures;
}

/** What the kept answers did since the start of the process, and hold now. */
export interface KeptAnswerFigures {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  readonly answers: number;
  readonly bytes: number;
}

/** How much is kept, and by which clock; milliseconds that never step. */
export interface KeptAnswersOptions {
  readonly maxBytes: number;
  readonly now?: () => number;
  /** Finds since when what answers are made of is known, where that is not read for each; `null`: it is read now. */
  readonly findAsOfMs?: () => number | null;
  /** Called whenever all is dropped. */
  readonly onDrop?: () => void;
}

interface Kept<Answer> {
  readonly answer: Answer;
  readonly asOfMs: number;
}

/**
 * Keeps whole answers for a moment, so that a hundred people who look at one page cost what one does.
 * 1. An answer is given again only while what it shows was read less than a second ago. So nobody sees data that are more than a
 *    second older than the store, even if no word of a change comes: by a lost wake-up, another gateway, or time alone.
 * 2. What this process knows to have changed, it drops at once: its own passes, mutations, and the change log's pages before
 *    subscribers are told of them.
 * 3. An answer that began before such a change is not kept, however late it ends.
 * 4. The first answer to a question is not kept, the second within a second is: where everybody asks something else, what is
 *    kept is never asked for, and to keep it and to drop it again costs a third of a small answer.
 */
export function createKeptAnswers<Answer>({
  maxBytes,
  now = () => performance.now(),
  findAsOfMs = () => null,
  onDrop = () => undefined,
}: KeptAnswersOptions): KeptAnswers<Answer> {
  const kept = new BoundedMap<Kept<Answer>>(maxBytes);
  const asked = new AskedBefore(LONGEST_MS);
  let [hits, misses, drops] = [0, 0, 0];

  return {
    get figures() {
      const { evictions, size, weight } = kept;
      return { hits, misses, evictions, answers: size, bytes: weight };
    },
    find(key) {
      const [found, nowMs] = [kept.use(key), now()];
      if (found === undefined || nowMs - found.asOfMs >= LONGEST_MS) {
        kept.delete(key);
        misses += 1;
        return null;
      }
      hits += 1;
      asked.note(key, nowMs);
      return found.answer;
    },
    begin(key) {
      if (!asked.note(key, now())) return null;
      const [asOfMs, dropsBefore] = [findAsOfMs() ?? now(), drops];
      return (answer, bytes) => {
        if (drops !== dropsBefore || now() - asOfMs >= LONGEST_MS) return;
        kept.set(key, { answer, asOfMs }, bytes + ENTRY_BYTES);
      };
    },
    drop() {
      drops += 1;
      kept.clear();
      onDrop();
    },
  };
}

/** A second, less what an answer may take on its way to the client. */
const LONGEST_MS = 900;

/** What an answer takes beside its body: its key, its headers and its place. */
const ENTRY_BYTES = 500;
