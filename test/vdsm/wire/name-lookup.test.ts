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
function look(lookUp: ReturnType<typeof createNameLookup>, name: string): unknown[] {
  const answers: unknown[] = [];
  lookUp(name, { all: true }, (error, addresses) => answers.push(error === null ? addresses : error.code));
  return answers;
}

const listAsked = () => asked.map(({ name }) => name);

test("of all hosts' names one is looked up at a time, and once for all who ask: the database's name needs a thread, too", () => {
  const lookUp = createNameLookup();
  const answers = ["silent", "other", "silent", "other"].map((name) => look(lookUp, name));
  expect(listAsked()).toEqual(["silent"]);
  asked[0]?.answer("EAI_AGAIN");
  expect(listAsked()).toEqual(["silent", "other"]);
  asked[1]?.answer(null, [HERE]);
  expect(answers).toEqual([["EAI_AGAIN"], [[HERE]], ["EAI_AGAIN"], [[HERE]]]);
  expect(listAsked()).toEqual(["silent", "other"]);
});

test("a name that took long the last time waits behind others", () => {
  const lookUp = createNameLookup();
  look(lookUp, "silent");
  vi.advanceTimersByTime(10_000);
  asked[0]?.answer("EAI_AGAIN");
  for (const name of ["first", "silent", "second"]) look(lookUp, name);
  asked[1]?.answer(null, [HERE]);
  asked[2]?.answer(null, [HERE]);
  expect(listAsked()).toEqual(["silent", "first", "second", "silent"]);
});

test("behind a silent name server a host is dialled at the address that it had", () => {
  const lookUp = createNameLookup();
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
    const lookUp = createNameLookup();
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
  const lookUp = createNameLookup();
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
  const lookUp = createNameLookup();
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
