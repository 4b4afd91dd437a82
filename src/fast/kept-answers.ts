import { BoundedMap } from "../model/kept/bounded-map.js";
import { AskedBefore } from "./asked-before.js";

/** Keeps answers, and returns them again while they are known to be young enough. */
export interface KeptAnswers<Answer> {
  /** Finds the answer to the same question, if it is young enough; `null`: read the database. */
  find(key: string): Answer | null;
  /**
   * Begins an answer. Call it before anything is read, because the answer's age counts from here. Returns the function that
   * keeps the answer; it does nothing if all answers were dropped meanwhile. `null`: nobody asked the same a moment ago, so
   * that keeping it is not worth the cost.
   */
  begin(key: string): ((answer: Answer, bytes: number) => void) | null;
  /**
   * Keeps an answer whose maker can tell at any time whether it still holds: for as long as it does, whoever asked before. The
   * check must be cheap. Once it fails, the answer is forgotten.
   */
  keepWhile(key: string, kept: CheckedAnswer<Answer>): void;
  /**
   * Drops all answers without a check, because something changed or may have changed: they are not given any more, and make
   * room as others come. Checks are told by `onDrop`.
   */
  drop(): void;
  readonly figures: KeptAnswerFigures;
}

/** An answer, its size, and the check whether it still holds. */
export interface CheckedAnswer<Answer> {
  readonly answer: Answer;
  readonly bytes: number;
  readonly stillHolds: () => boolean;
}

/** What the kept answers did since the start of the process, and hold now. */
export interface KeptAnswerFigures {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  readonly answers: number;
  readonly bytes: number;
}

/** How much is kept, and by which clock: milliseconds that never step. */
export interface KeptAnswersOptions {
  readonly maxBytes: number;
  /** Finds how much of these bytes something else holds now. Answers have the rest. */
  readonly findTakenBytes?: () => number;
  readonly now?: () => number;
  /** Finds the time as of which the data of answers are known to hold; `null`: they are read for each answer. */
  readonly findAsOfMs?: () => number | null;
  /** Called whenever all answers are dropped. */
  readonly onDrop?: () => void;
}

interface Kept<Answer> {
  readonly answer: Answer;
  readonly stillHolds: () => boolean;
}

/**
 * Keeps complete answers for a moment, so that a hundred people who look at one page cost as much as one.
 * 1. An answer is returned again only while its data were read less than a second ago. So nobody sees data that are more
 *    than a second older than the store, even if this process does not hear of a change: after a lost wake-up, by another
 *    gateway, or because time alone changes something.
 * 2. All answers are dropped as soon as this process knows of a change: by its own passes, by mutations, and by pages of
 *    the change log before subscribers get them.
 * 3. An answer that began before such a change is not kept, however late it ends.
 * 4. The first answer to a question is not kept, only a second one within a second. If everybody asks something different,
 *    kept answers are never used, and keeping and dropping one costs a third of a small answer.
 * 5. An answer that is made of kept VMs alone is kept at once, and given again while the memory of VMs says that each of them is
 *    still the same and may be used (`keepWhile`). It has no time of its own, and needs no dropping.
 */
export function createKeptAnswers<Answer>({
  maxBytes,
  findTakenBytes = () => 0,
  now = () => performance.now(),
  findAsOfMs = () => null,
  onDrop = () => undefined,
}: KeptAnswersOptions): KeptAnswers<Answer> {
  const kept = new BoundedMap<Kept<Answer>>(maxBytes, KEPT_ONE_OF);
  const asked = new AskedBefore(LONGEST_MS);
  let [hits, misses, drops] = [0, 0, 0];

  return {
    get figures() {
      const { evictions, size, weight } = kept;
      return { hits, misses, evictions, answers: size, bytes: weight };
    },
    find(key) {
      kept.bound(maxBytes - findTakenBytes());
      const found = kept.use(key);
      if (found === undefined || !found.stillHolds()) {
        kept.delete(key);
        misses += 1;
        return null;
      }
      hits += 1;
      asked.note(key, now());
      return found.answer;
    },
    begin(key) {
      if (!asked.note(key, now())) return null;
      const [asOfMs, dropsBefore] = [findAsOfMs() ?? now(), drops];
      return (answer, bytes) => {
        const stillHolds = (): boolean => drops === dropsBefore && now() - asOfMs < LONGEST_MS;
        if (stillHolds()) kept.set(key, { answer, stillHolds }, bytes + key.length + ENTRY_BYTES);
      };
    },
    keepWhile(key, { answer, bytes, stillHolds }) {
      kept.set(key, { answer, stillHolds }, bytes + key.length + CHECKED_BYTES);
    },
    drop() {
      drops += 1;
      onDrop();
    },
  };
}

/** A second, less what an answer may take on its way to the client. */
const LONGEST_MS = 900;

/** The bytes of an entry beside its key and the answer's body: its headers. */
const ENTRY_BYTES = 500;

/** The same with a check. `test/store/memory/memory-size.test.ts` compares it with the heap. */
const CHECKED_BYTES = 850;

/**
 * When the memory is full, one of so many new answers is kept. Otherwise askers of a little more than fits, always in the same
 * order, would find none.
 */
const KEPT_ONE_OF = 2;
