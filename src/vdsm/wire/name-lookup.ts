import dns, { type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { BoundedMap } from "../../model/bounded-map.js";

/**
 * Creates the function that looks up the names of hosts. Node asks the system in threads, of which two look up all names of
 * this process: those of the database, of Redis and of the issuer as well. A name server that is silent holds one of them for
 * ten seconds or more, although nobody waits for it any longer. Therefore:
 * 1. One name is looked up at a time, once for all who ask for it.
 * 2. Names that took more than a second the last time wait behind others.
 * 3. Who has waited for a second, or would get an error other than that there is no such name, gets the addresses that were found
 *    the last time, if there are any.
 */
export function createNameLookup(patienceMs = 1_000): LookupFunction {
  const known = new BoundedMap<KnownName>(MOST_NAMES);
  const waiting = new Map<string, Question>();
  let running: Question | null = null;

  const begin = (): void => {
    if (running !== null) return;
    const names = [...waiting.keys()];
    const next = names.find((each) => known.peek(each)?.isSlow !== true) ?? names[0];
    const question = next === undefined ? undefined : waiting.get(next);
    if (question === undefined) return;
    const { name, hints, answers } = question;
    waiting.delete(name);
    running = question;
    const startedMs = performance.now();
    dns.lookup(name, { all: true, hints }, (error, found) => {
      running = null;
      // What was found before counts until a name server says that there is no such name.
      const before = error?.code === "ENOTFOUND" ? [] : (known.peek(name)?.addresses ?? []);
      const addresses = error === null ? found : before;
      known.set(name, { addresses, isSlow: performance.now() - startedMs > patienceMs }, 1);
      for (const answer of answers) answer(addresses.length > 0 ? null : error, addresses);
      begin();
    });
  };

  return (name, { all = false, hints = dns.ADDRCONFIG }, callback) => {
    const answer = answerOnce((error, addresses) => {
      clearTimeout(timer);
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error, []);
      else if (all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
    const timer = setTimeout(() => {
      const addresses = known.use(name)?.addresses ?? [];
      if (addresses.length > 0) answer(null, addresses);
    }, patienceMs);
    const question = running?.name === name ? running : waiting.get(name);
    if (question === undefined) waiting.set(name, { name, hints, answers: [answer] });
    else question.answers.push(answer);
    begin();
  };
}

/** What is known of a name since it was looked up the last time. */
interface KnownName {
  /** Empty if none was found. */
  readonly addresses: LookupAddress[];
  readonly isSlow: boolean;
}

/** A name, and all who wait for its addresses. */
interface Question {
  readonly name: string;
  /** Those of who asked first. All connections have the same. */
  readonly hints: number;
  readonly answers: Answer[];
}

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

function answerOnce(answer: Answer): Answer {
  let isAnswered = false;
  return (...given) => {
    if (isAnswered) return;
    isAnswered = true;
    answer(...given);
  };
}

const MOST_NAMES = 100_000;
