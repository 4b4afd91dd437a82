import { afterAll, beforeAll, expect, test } from "vitest";
import {
  isNoLoopback,
  parseWord,
  selectAllAddresses,
} from "../../../src/engine-store/conditions/address-words.js";
import { isAddressOf, isLoopbackAddress, normalizeAddress } from "../../../src/model/address/ip.js";
import { id } from "../../support/builders/ids.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-database.js";

let engine: EngineDatabase;

beforeAll(async () => {
  engine = await createEngineDatabase();
});

afterAll(() => engine.drop());

/** Words of a few pieces, so that many are nearly addresses. */
function listWords(): string[] {
  let state = 4711;
  const pick = <Item>(items: readonly Item[]): Item => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return items[Math.floor((state / 2_147_483_648) * items.length)]!;
  };
  const lengths = Array.from({ length: 17 }, (_, at) => at + 1);
  const groups = ["1", "fe80", "ABCD", "0", "12345", "g", "", ":", "ffff"];
  const octets = ["0", "1", "25", "100", "255", "256", "010", ""];
  const makeFour = () => Array.from({ length: pick([3, 4, 4, 4, 4, 5]) }, () => pick(octets)).join(".");
  const makeSix = () =>
    Array.from({ length: pick(lengths) }, () => pick(groups)).join(pick([":", ":", ":", "::"]));
  const makeShort = () => {
    const words = Array.from({ length: pick([1, 5, 6, 7, 7, 8, 8, 9]) }, () => pick(["1", "fe80", "0"]));
    words.splice(Math.floor(pick(lengths) % (words.length + 1)), 0, pick(["", "", ":", "a"]));
    return `${pick(["", "", ":"])}${words.join(":")}${pick(["", "", ":"])}`;
  };
  const makers = [
    makeFour,
    makeSix,
    makeShort,
    () => `${pick(["::", "::ffff:", "64:ff9b::", "1:2:3:4:5:6:"])}${makeFour()}`,
  ];
  return [...new Set(Array.from({ length: 6_000 }, () => pick(makers)()))];
}

test.each([4, 6, null] as const)(
  "PostgreSQL takes for an address of family %s what the gateway takes for one, and nothing else",
  async (family) => {
    const words = listWords();
    const rows: { word: string; isAddress: boolean }[] = await engine.dataSource.query(
      `SELECT w.word, ${parseWord("w.word", family)} IS NOT NULL AS "isAddress" FROM unnest($1::text[]) AS w (word)`,
      [words],
    );
    const isMeant = (word: string) =>
      family === null ? isAddressOf(4, word) || isAddressOf(6, word) : isAddressOf(family, word);
    expect(rows.filter(({ word, isAddress }) => isAddress !== isMeant(word))).toEqual([]);
    expect(rows.filter(({ isAddress }) => isAddress).length).toBeGreaterThan(30);
  },
);

const isLoopback = (word: string) => isLoopbackAddress(normalizeAddress(word) ?? "");

test("PostgreSQL takes for loopback addresses what the gateway takes for them, in whatever spelling", async () => {
  const endings = [
    "1",
    "01",
    "0001",
    "0.0.0.1",
    "127.0.0.1",
    "7f00:1",
    "7F12:abcd",
    "7f0:1",
    "10.0.0.1",
    "0.0.0.2",
  ];
  const fronts = [
    "::",
    "::ffff:",
    "::FFFF:",
    "::ffff:0:",
    "::ffff:0000:",
    "::FFFF:1:",
    "::1:",
    "0::",
    "::0:",
    "1::",
  ];
  const full = [
    "0:0:0:0:0:0:",
    "0:0:0:0:0:ffff:",
    "0000:0000:0000:0000:0000:FFFF:",
    "0:0:0:0:ffff:0:",
    "0:0:0:ffff:0:0:",
  ];
  const spelled = [...fronts, ...full, ...full.map((front) => `${front}0:`)].flatMap((front) =>
    endings.map((ending) => `${front}${ending}`),
  );
  const words = [...listWords(), ...spelled, "127.0.0.1", "127.255.0.1", "12.7.0.1"].filter(
    (word) => normalizeAddress(word) !== null,
  );
  const rows: { word: string; isOther: boolean }[] = await engine.dataSource.query(
    `SELECT w.word, ${isNoLoopback("w.word")} AS "isOther" FROM unnest($1::text[]) AS w (word)`,
    [words],
  );
  expect(rows.filter(({ word, isOther }) => isOther === isLoopback(word))).toEqual([]);
  expect(rows.filter(({ isOther }) => !isOther).length).toBeGreaterThan(30);
});

/** Says whether the texts of a guest are lists of addresses, and of one family each, as an engine writes them, and how they end. */
test.each<[which: string, isTidy: (guest: number) => boolean, end: (guest: number) => string]>([
  ["which are lists of addresses", () => true, () => ""],
  ["some of which are odd", (guest) => guest % 50 !== 0, () => ""],
  ["the last of which end with an empty word", () => true, (guest) => (guest > 400 ? "," : "")],
  ["which are odd", () => false, () => ""],
])("PostgreSQL finds the same addresses in texts of many guests, %s", async (_, isTidy, end) => {
  const words = listWords();
  const isFour = (word: string) => isAddressOf(4, word);
  const isSix = (word: string) => isAddressOf(6, word);
  const good = words.filter((word) => isFour(word) || isSix(word));
  const guests = Array.from({ length: 600 }, (__, at) => {
    const from = isTidy(at) ? good : words;
    const some = Array.from({ length: 1 + (at % 4) }, (___, n) => from[(at * 31 + n * 17) % from.length]!);
    if (isTidy(at)) {
      return { four: some.filter(isFour).join(",") + end(at), six: some.filter(isSix).join(",") + end(at) };
    }
    // Two commas, or one at an end, are around an empty word.
    const text = `${some.concat(at % 2 === 0 ? [] : good[at % good.length]!).join(at % 3 === 0 ? ",," : ",")},`;
    return { four: text, six: text };
  });
  await engine.asEngine(
    "SET session_replication_role = replica",
    "TRUNCATE vm_guest_agent_interfaces, vm_dynamic",
    ...guests.flatMap(({ four, six }, at) => [
      `INSERT INTO vm_guest_agent_interfaces VALUES ('${id(at)}', 'eth0', NULL, '${four}', '${six}')`,
      `INSERT INTO vm_dynamic (vm_guid, status, vm_ip) VALUES ('${id(at)}', 1, '${four.replaceAll(",", " ")}')`,
    ]),
  );
  const expected = guests.flatMap(({ four, six }, at) =>
    [...four.split(","), ...six.split(",")]
      .filter((word) => (isFour(word) || isSix(word)) && !isLoopback(word))
      .map((word) => `${id(at)} ${word}`),
  );
  const canonical: { text: string }[] = await engine.dataSource.query(
    "SELECT split_part(w.text, ' ', 1) || ' ' || host(split_part(w.text, ' ', 2)::inet) AS text FROM unnest($1::text[]) AS w (text)",
    [expected],
  );
  const found: { text: string }[] = await engine.dataSource.query(
    `SELECT x.vm_id || ' ' || host(x.address) AS text
     FROM (${selectAllAddresses({ family: null, reachingOnly: false })}) x WHERE x.address IS NOT NULL`,
  );
  const sort = (rows: { text: string }[]) => [...new Set(rows.map(({ text }) => text))].toSorted();
  expect(sort(found)).toEqual(sort(canonical));
  expect(found.length).toBeGreaterThan(300);
});
