import { afterAll, beforeAll, expect, test } from "vitest";
import { parseWord } from "../../../src/engine-store/conditions/address-words.js";
import { isAddressOf } from "../../../src/model/address/ip.js";
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
