import dns, { type LookupAddress } from "node:dns";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createNameLookup } from "../../../src/vdsm/wire/name-lookup.js";

interface AskedName {
  readonly name: string;
  readonly options: unknown;
  readonly answer: (code: string | null, addresses?: LookupAddress[]) => void;
}

/** What the system was asked, in order. */
let asked: AskedName[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  vi.spyOn(dns, "lookup").mockImplementation((...given: unknown[]) => {
    const callback = given.at(-1) as (error: Error | null, addresses?: LookupAddress[]) => void;
    asked.push({
      name: String(given[0]),
      options: given[1],
      answer: (code, addresses) => {
        callback(code === null ? null : Object.assign(new Error(code), { code }), addresses);
      },
    });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const HERE: LookupAddress = { address: "192.0.2.1", family: 4 };

/** Asks for a name; the list that it returns holds what came back: addresses, or the code of the error. */
function look(lookUp: ReturnType<typeof createNameLookup>, name: string, asker?: AbortSignal): unknown[] {
  const answers: unknown[] = [];
  lookUp(
    name,
    { all: true },
    (error, addresses) => answers.push(error === null ? addresses : error.code),
    asker,
  );
  return answers;
}

/** Name servers answer about all names but those that begin with `silent`. */
const probe = (name: string, onAnswer: () => void): void => {
  if (!name.startsWith("silent")) onAnswer();
};

const listAsked = () => asked.map(({ name }) => name);

test("of all hosts' names one is looked up at a time, and once for all who ask: the database's name needs a thread, too", () => {
  const lookUp = createNameLookup(1_000, probe);
  const answers = ["silent0", "silent1", "silent0", "silent1"].map((name) => look(lookUp, name));
  vi.advanceTimersByTime(5_000);
  expect(listAsked()).toEqual(["silent0"]);
  asked[0]?.answer("EAI_AGAIN");
  expect(listAsked()).toEqual(["silent0", "silent1"]);
  asked[1]?.answer(null, [HERE]);
  expect(answers).toEqual([["EAI_AGAIN"], [[HERE]], ["EAI_AGAIN"], [[HERE]]]);
  expect(listAsked()).toEqual(["silent0", "silent1"]);
});

test("however many names are silent, one that name servers answer about is looked up at once, and those after it one by one", () => {
  const lookUp = createNameLookup(1_000, probe);
  for (let index = 0; index < 40; index += 1) look(lookUp, `silent${index}`);
  const healthy = look(lookUp, "healthy");
  expect(listAsked()).toEqual(["silent0", "healthy"]);
  asked[1]?.answer(null, [HERE]);
  expect(healthy).toEqual([[HERE]]);

  for (const name of ["first", "second", "silent40", "first"]) look(lookUp, name);
  expect(listAsked().slice(2)).toEqual(["first"]);
  asked[2]?.answer(null, [HERE]);
  expect(listAsked().slice(2)).toEqual(["first", "second"]);
});

test("a name goes before others as soon as name servers answer about it", () => {
  const answers = new Map<string, () => void>();
  const lookUp = createNameLookup(1_000, (name, onAnswer) => void answers.set(name, onAnswer));
  for (const name of ["silent", "other", "healthy"]) look(lookUp, name);
  expect(listAsked()).toEqual(["silent"]);
  answers.get("healthy")?.();
  expect(listAsked()).toEqual(["silent", "healthy"]);
  asked[1]?.answer(null, [HERE]);
  asked[0]?.answer("EAI_AGAIN");
  expect(listAsked()).toEqual(["silent", "healthy", "other"]);
  answers.get("other")?.();
  expect(listAsked()).toHaveLength(3);
});

test("two names that are both answered about are looked up beside each other after a second", () => {
  const lookUp = createNameLookup(1_000, probe);
  for (const name of ["first", "second", "third"]) look(lookUp, name);
  asked[0]?.answer(null, [HERE]);
  expect(listAsked()).toEqual(["first", "second"]);
  vi.advanceTimersByTime(999);
  expect(listAsked()).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(listAsked()).toEqual(["first", "second", "third"]);
});

test("name servers are asked as the system would ask them; a silent one is no answer, and any error is one", async () => {
  vi.useRealTimers();
  const queries: string[] = [];
  vi.spyOn(dns.Resolver.prototype, "resolve4").mockImplementation((...given: unknown[]) => {
    queries.push(String(given[0]));
    const callback = given.at(-1) as (error: Error | null) => void;
    const code = given[0] === "silent1" ? "ETIMEOUT" : "ENOTFOUND";
    setImmediate(() => {
      callback(Object.assign(new Error(code), { code }));
    });
  });
  const lookUp = createNameLookup();
  for (const name of ["silent0", "silent1", "healthy"]) look(lookUp, name);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(queries).toEqual(["silent1", "healthy"]);
  expect(listAsked()).toEqual(["silent0", "healthy"]);
});

test("a name that waits is forgotten when all who asked for it are gone, and name servers are asked no more about it", () => {
  const [one, other, third] = [0, 1, 2].map(() => new AbortController()) as [
    AbortController,
    AbortController,
    AbortController,
  ];
  const signals = new Map<string, AbortSignal>();
  const lookUp = createNameLookup(1_000, (name, _, signal) => void signals.set(name, signal));
  look(lookUp, "running", one.signal);
  for (const name of ["gone", "gone", "shared", "common"]) look(lookUp, name, one.signal);
  look(lookUp, "shared", other.signal);
  look(lookUp, "common");
  look(lookUp, "last", third.signal);
  one.abort();
  expect([...signals].map(([name, { aborted }]) => [name, aborted])).toEqual([
    ["gone", true],
    ["shared", false],
    ["common", false],
    ["last", false],
  ]);
  other.abort();
  asked[0]?.answer("EAI_AGAIN");
  expect(listAsked()).toEqual(["running", "common"]);
  third.abort();
  asked[1]?.answer("EAI_AGAIN");
  expect(listAsked()).toEqual(["running", "common"]);

  const again = look(lookUp, "gone", new AbortController().signal);
  asked[2]?.answer(null, [HERE]);
  expect(again).toEqual([[HERE]]);
});

test("what is asked of name servers is cancelled when the asker is gone, which is no answer of theirs", async () => {
  vi.useRealTimers();
  const callbacks: ((error: Error) => void)[] = [];
  vi.spyOn(dns.Resolver.prototype, "resolve4").mockImplementation((...given: unknown[]) => {
    callbacks.push(given.at(-1) as (error: Error) => void);
  });
  const cancel = vi.spyOn(dns.Resolver.prototype, "cancel").mockImplementation(() => {
    const callback = callbacks[0];
    setImmediate(() => callback?.(Object.assign(new Error("cancelled"), { code: "ECANCELLED" })));
  });
  const asker = new AbortController();
  const lookUp = createNameLookup();
  look(lookUp, "running");
  look(lookUp, "host", asker.signal);
  asker.abort();
  expect(cancel).toHaveBeenCalledOnce();
  // The same name is asked for again before the error comes.
  look(lookUp, "host");
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(listAsked()).toEqual(["running"]);
});

test("a name that took long the last time waits behind others", () => {
  const lookUp = createNameLookup(1_000, probe);
  look(lookUp, "silent");
  vi.advanceTimersByTime(10_000);
  asked[0]?.answer("EAI_AGAIN");
  for (const name of ["first", "silent", "second"]) look(lookUp, name);
  asked[1]?.answer(null, [HERE]);
  asked[2]?.answer(null, [HERE]);
  expect(listAsked()).toEqual(["silent", "first", "second", "silent"]);
});

test("a name that took long the last time is not looked up beside another", () => {
  const lookUp = createNameLookup(1_000, probe);
  for (const index of [0, 1]) {
    look(lookUp, `silent${index}`);
    vi.advanceTimersByTime(10_000);
    asked[index]?.answer("EAI_AGAIN");
  }
  look(lookUp, "silent0");
  look(lookUp, "silent1");
  vi.advanceTimersByTime(9_000);
  expect(listAsked().slice(2)).toEqual(["silent0"]);
  look(lookUp, "healthy");
  expect(listAsked().slice(2)).toEqual(["silent0", "healthy"]);
  asked[3]?.answer(null, [HERE]);
  vi.advanceTimersByTime(1_000);
  expect(asked).toHaveLength(4);
  asked[2]?.answer("EAI_AGAIN");
  expect(listAsked().slice(4)).toEqual(["silent1"]);
});

test("after a look-up beside another that was slow itself, none begins beside another for three times as long", () => {
  const lookUp = createNameLookup(1_000, probe);
  look(lookUp, "silent");
  look(lookUp, "beside");
  vi.advanceTimersByTime(3_000);
  asked[1]?.answer("EAI_AGAIN");
  const healthy = look(lookUp, "healthy");
  vi.advanceTimersByTime(8_999);
  expect(listAsked()).toEqual(["silent", "beside"]);
  vi.advanceTimersByTime(1);
  expect(listAsked()).toEqual(["silent", "beside", "healthy"]);
  asked[2]?.answer(null, [HERE]);
  expect(healthy).toEqual([[HERE]]);
});

test("while one waits for its turn beside another, it is looked up at once when the other one ends", () => {
  const lookUp = createNameLookup(1_000, probe);
  look(lookUp, "silent");
  look(lookUp, "beside");
  vi.advanceTimersByTime(10_000);
  asked[1]?.answer("EAI_AGAIN");
  look(lookUp, "healthy");
  asked[0]?.answer("EAI_AGAIN");
  expect(listAsked()).toEqual(["silent", "beside", "healthy"]);
  asked[2]?.answer(null, [HERE]);
  expect(vi.getTimerCount()).toBe(0);
});

test("however many names are silent though name servers answer about them, they take both threads for less than half of the time", () => {
  const lookUp = createNameLookup(1_000, probe);
  for (let index = 0; index < 40; index += 1) look(lookUp, `answered${index}`);
  let [planned, answered, timeMs, bothMs] = [0, 0, 0, 0];
  for (; answered < 40; timeMs += 100) {
    for (const { answer } of asked.slice(planned)) {
      setTimeout(() => {
        answered += 1;
        answer("EAI_AGAIN");
      }, 10_000);
    }
    planned = asked.length;
    vi.advanceTimersByTime(100);
    expect(asked.length - answered).toBeLessThanOrEqual(2);
    if (asked.length - answered === 2) bothMs += 100;
  }
  // Again and again, not only when somebody asks.
  expect(bothMs).toBeGreaterThan(timeMs / 10);
  expect(bothMs).toBeLessThan(timeMs / 2);
});

test("behind a silent name server a host is dialled at the address that it had", () => {
  const lookUp = createNameLookup(1_000, () => undefined);
  look(lookUp, "host");
  asked[0]?.answer(null, [HERE]);
  look(lookUp, "silent");
  const [again, unknown] = [look(lookUp, "host"), look(lookUp, "unknown")];
  vi.advanceTimersByTime(999);
  expect(again).toEqual([]);
  vi.advanceTimersByTime(1);
  expect([again, unknown]).toEqual([[[HERE]], []]);
  asked[1]?.answer("EAI_AGAIN");
  asked[2]?.answer("EAI_AGAIN");
  expect(again).toEqual([[HERE]]);

  look(lookUp, "silent");
  const later = look(lookUp, "host");
  vi.advanceTimersByTime(1_000);
  expect(later).toEqual([[HERE]]);
});

test.each(["EAI_AGAIN", "EAI_FAIL", "EMFILE"])(
  "a host is dialled at the address that it had when its look-up fails: %s",
  (code) => {
    const lookUp = createNameLookup(1_000, probe);
    look(lookUp, "host");
    asked[0]?.answer(null, [HERE]);
    const [first, joined] = [look(lookUp, "host"), look(lookUp, "host")];
    asked[1]?.answer(code);
    const second = look(lookUp, "host");
    asked[2]?.answer(code);
    expect([first, joined, second]).toEqual([[[HERE]], [[HERE]], [[HERE]]]);

    const unknown = look(lookUp, "unknown");
    asked[3]?.answer(code);
    expect(unknown).toEqual([code]);
  },
);

test("a name that is gone has no address any more", () => {
  const lookUp = createNameLookup(1_000, probe);
  look(lookUp, "host");
  asked[0]?.answer(null, [HERE]);
  const gone = look(lookUp, "host");
  asked[1]?.answer("ENOTFOUND");
  expect(gone).toEqual(["ENOTFOUND"]);
  const later = look(lookUp, "host");
  vi.advanceTimersByTime(5_000);
  expect(later).toEqual([]);
  asked[2]?.answer("EAI_AGAIN");
  expect(later).toEqual(["EAI_AGAIN"]);
});

test("the system is asked with a connection's hints, by default for families of which this machine has addresses", async () => {
  const lookUp = createNameLookup(1_000, probe);
  look(lookUp, "host");
  lookUp("other", { all: true, hints: dns.V4MAPPED }, () => undefined);
  asked[0]?.answer("ENOTFOUND");
  asked[1]?.answer("ENOTFOUND");
  const socket = connect({ host: "third", port: 1, lookup: lookUp, hints: dns.ALL });
  const failed = once(socket, "error");
  asked[2]?.answer("ENOTFOUND");
  await failed;
  expect(asked.map(({ options }) => options)).toEqual([
    { all: true, hints: dns.ADDRCONFIG },
    { all: true, hints: dns.V4MAPPED },
    { all: true, hints: dns.ALL },
  ]);
});
