import dns, { type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { BoundedMap } from "../../model/bounded-map.js";

/**
 * Creates the function that looks up the names of hosts. Node asks the system in threads, of which two look up all names of
 * this process: those of the database, of Redis and of the issuer as well. A name server that is silent holds one of them for
 * ten seconds or more, although nobody waits for it any longer. Therefore:
 * 1. One name is looked up at a time, once for all who ask for it. Names that took more than a second the last time wait behind others.
 * 2. While one is looked up, name servers are asked, without a thread, about others that wait ({@link Probe}). A name about which they
 *    answer, whatever they answer, goes before others, and is looked up beside one about which they did not, or which takes more
 *    than a second.
 * 3. If it takes more than a second all the same, no more begin beside others for three times as long as it took: the second thread is
 *    for the database most of the time.
 * 4. Who has waited for a second, or would get an error other than that there is no such name, gets the addresses that were found
 *    the last time, if there are any.
 */
export function createNameLookup(patienceMs = 1_000, probe: Probe = askNameServers): LookupFunction {
  const known = new BoundedMap<KnownName>(MOST_NAMES);
  /** What waits, by name. */
  const answered = new Map<string, Question>();
  const usual = new Map<string, Question>();
  const slow = new Map<string, Question>();
  const running = new Map<string, Running>();
  let aloneUntilMs = 0;
  let alarm: NodeJS.Timeout | undefined;

  const begin = (): void => {
    clearTimeout(alarm);
    if (running.size > 1) return;
    const [other] = running.values();
    const question =
      getFirst(answered) ?? (other === undefined ? (getFirst(usual) ?? getFirst(slow)) : undefined);
    if (question === undefined) return;
    const fromMs =
      other === undefined ? 0 : Math.max(other.isAnswered ? other.startedMs + patienceMs : 0, aloneUntilMs);
    const waitMs = fromMs - performance.now();
    if (waitMs > 0) {
      alarm = setTimeout(begin, Math.ceil(waitMs));
      return;
    }
    ask(question, other !== undefined);
    // The next one may have to begin beside it.
    begin();
  };

  const ask = ({ name, hints, answers }: Question, isBeside: boolean): void => {
    const startedMs = performance.now();
    running.set(name, { name, hints, answers, startedMs, isAnswered: answered.delete(name) });
    usual.delete(name);
    slow.delete(name);
    dns.lookup(name, { all: true, hints }, (error, found) => {
      running.delete(name);
      const nowMs = performance.now();
      const tookMs = nowMs - startedMs;
      const isSlow = tookMs > patienceMs;
      if (isSlow && isBeside) aloneUntilMs = Math.max(aloneUntilMs, nowMs + 3 * tookMs);
      // What was found before counts until a name server says that there is no such name.
      const before = error?.code === "ENOTFOUND" ? [] : (known.peek(name)?.addresses ?? []);
      const addresses = error === null ? found : before;
      known.set(name, { addresses, isSlow }, 1);
      for (const answer of answers) answer(addresses.length > 0 ? null : error, addresses);
      begin();
    });
  };

  /** Notes that name servers answer about a name, if it still waits. */
  const noteAnswered = (name: string): void => {
    const question = usual.get(name);
    if (question === undefined) return;
    usual.delete(name);
    answered.set(name, question);
    begin();
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
    const question = running.get(name) ?? answered.get(name) ?? usual.get(name) ?? slow.get(name);
    if (question !== undefined) {
      question.answers.push(answer);
      return;
    }
    const isUsual = known.peek(name)?.isSlow !== true;
    (isUsual ? usual : slow).set(name, { name, hints, answers: [answer] });
    begin();
    if (usual.has(name))
      probe(name, () => {
        noteAnswered(name);
      });
  };
}

/** Asks name servers about a name, and calls back if they answer anything. */
type Probe = (name: string, onAnswer: () => void) => void;

/** What they answer does not count: only the system knows its files and domains. The resolver is new, as servers may be. */
function askNameServers(name: string, onAnswer: () => void): void {
  new dns.Resolver({ timeout: PROBE_MS, tries: 1 }).resolve4(name, (error) => {
    if (error?.code !== dns.TIMEOUT) onAnswer();
  });
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

interface Running extends Question {
  readonly startedMs: number;
  /** Name servers had answered about it. */
  readonly isAnswered: boolean;
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

function getFirst<Value>(values: ReadonlyMap<string, Value>): Value | undefined {
  const [first] = values.values();
  return first;
}

const PROBE_MS = 2_000;
const MOST_NAMES = 100_000;
