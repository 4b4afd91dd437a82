import dns, { type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { BoundedMap } from "../../model/kept/bounded-map.js";

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
 * 5. A name that waits is forgotten when the signals of all who asked for it are aborted. Nothing else keeps the process than the names
 *    that are being looked up, which cannot be stopped.
 */
export function createNameLookup(patienceMs = 1_000, probe: Probe = askNameServers): NameLookup {
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
      alarm = setTimeout(begin, Math.ceil(waitMs)).unref();
      return;
    }
    ask(question, other !== undefined);
    // The next one may have to begin beside it.
    begin();
  };

  const ask = (question: Question, isBeside: boolean): void => {
    const { name, hints, answers, over } = question;
    const startedMs = performance.now();
    running.set(name, { ...question, startedMs, isAnswered: answered.delete(name) });
    usual.delete(name);
    slow.delete(name);
    dns.lookup(name, { all: true, hints }, (error, found) => {
      running.delete(name);
      over.abort();
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

  /** Adds an asker, until whose signal is aborted the name is not forgotten. */
  const join = ({ name, askers, over }: Question, asker: AbortSignal): void => {
    if (askers.has(asker)) return;
    askers.add(asker);
    const leave = () => {
      askers.delete(asker);
      if (askers.size > 0) return;
      over.abort();
      for (const queue of [answered, usual, slow]) queue.delete(name);
    };
    asker.addEventListener("abort", leave, { signal: over.signal });
  };

  return (name, { all = false, hints = dns.ADDRCONFIG }, callback, asker = EVERYBODY) => {
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
    }, patienceMs).unref();
    const asked = running.get(name) ?? answered.get(name) ?? usual.get(name) ?? slow.get(name);
    if (asked !== undefined) {
      asked.answers.push(answer);
      join(asked, asker);
      return;
    }
    const isUsual = known.peek(name)?.isSlow !== true;
    const over = new AbortController();
    const question = { name, hints, answers: [answer], askers: new Set<AbortSignal>(), over };
    (isUsual ? usual : slow).set(name, question);
    join(question, asker);
    begin();
    if (usual.has(name))
      probe(
        name,
        () => {
          noteAnswered(name);
        },
        over.signal,
      );
  };
}

/** As `lookup` of `node:dns`, for an asker until whose signal is aborted the name is wanted. */
type NameLookup = (...given: [...Parameters<LookupFunction>, asker?: AbortSignal]) => void;

/** Asks name servers about a name, and calls back if they answer anything before the signal is aborted. */
type Probe = (name: string, onAnswer: () => void, signal: AbortSignal) => void;

/** What they answer does not count: only the system knows its files and domains. The resolver is new, as servers may be. */
function askNameServers(name: string, onAnswer: () => void, signal: AbortSignal): void {
  const resolver = new dns.Resolver({ timeout: PROBE_MS, tries: 1 });
  const cancel = () => {
    resolver.cancel();
  };
  signal.addEventListener("abort", cancel);
  resolver.resolve4(name, (error) => {
    signal.removeEventListener("abort", cancel);
    if (error?.code !== dns.TIMEOUT && error?.code !== dns.CANCELLED) onAnswer();
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
  /** Who asked, as far as their signals are not aborted. */
  readonly askers: Set<AbortSignal>;
  /** Aborted when it was looked up, or is forgotten. */
  readonly over: AbortController;
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

/** Those who come without a signal. */
const EVERYBODY = new AbortController().signal;

const PROBE_MS = 2_000;
const MOST_NAMES = 100_000;
