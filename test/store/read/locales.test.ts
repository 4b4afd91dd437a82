import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../../src/store/postgres/migrate.js";
import type { VmFilter, VmTextKey } from "../../../src/store/vm-search.js";
import { HOST_A } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../support/builders/passes.js";
import { toGuestInterfaceOf, vmState } from "../../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";

const NAMES = ["WIN-ISTANBUL", "dağ", "Straße", "ΟΔΟΣ", "λόγος", "ЖУК", "éCOLE", "i-i", "a_b%c"];

const contains = (text: string): VmFilter => ({ nameContains: text });
const text = (key: VmTextKey, ...parts: string[]): VmFilter => ({
  search: { kind: "text", key, match: { parts, ignoreCase: true } },
});
const interfaceName = (...parts: string[]): VmFilter => ({
  search: { kind: "interfaceName", match: { parts, ignoreCase: true } },
});

/** Upper and lower case are the same in a search, whatever the database takes for a language. */
describe.each([
  ["C", "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"],
  ["Turkish", "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LC_COLLATE 'C' LC_CTYPE 'C'"],
  ["Lithuanian", "LOCALE_PROVIDER icu ICU_LOCALE 'lt-LT' LC_COLLATE 'C' LC_CTYPE 'C'"],
  ["English", "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LC_COLLATE 'C' LC_CTYPE 'C'"],
])("in a database of the locale %s", (_, locale) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase({ locale: `ENCODING 'UTF8' ${locale}` });
    await migrate(database.dataSource);
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
    await writePass(database.store, HOST_A, {
      newVms: NAMES.map((name, at) => vmState(at + 1, { name, fqdn: `VM${at}.ISTANBUL.example` })),
      insertedInterfaces: [toGuestInterfaceOf(1, { name: "ETH-INTERN", macAddress: "56:6F:00:00:00:01" })],
    });
  });

  afterAll(() => database.drop());

  test.each<[string, VmFilter, string[]]>([
    ["ASCII, lower", contains("win-istanbul"), ["WIN-ISTANBUL"]],
    ["ASCII, upper", contains("I-I"), ["i-i"]],
    ["a letter of Turkish", contains("DAĞ"), ["dağ"]],
    ["a letter of French", contains("École"), ["éCOLE"]],
    ["a letter that two upper ones stand for", contains("STRASSE"), []],
    ["the letter itself", contains("STRAßE"), ["Straße"]],
    ["Greek, whose last letter has a form of its own", contains("οδος"), ["ΟΔΟΣ"]],
    ["Greek, in another form", contains("οδοσ"), ["ΟΔΟΣ"]],
    ["the last letter of a Greek word by its capital", contains("ΛΌΓΟΣ"), ["λόγος"]],
    ["Cyrillic", contains("жук"), ["ЖУК"]],
    ["what LIKE has a meaning for", contains("A_B%C"), ["a_b%c"]],
    ["what LIKE would find", contains("a_bxc"), []],
    ["an interface", interfaceName("eth-", ""), ["WIN-ISTANBUL"]],
    ["a guest's name", text("fqdn", "vm1.istanbul.example"), ["dağ"]],
  ])("finds %s", async (_what, filter, names) => {
    const rows = await database.store.readVmsPage({ limit: 20, after: null, filter, order: "NAME_ASC" });
    expect(rows.map(({ name }) => name)).toEqual(names);
    expect(await database.store.countVms(filter)).toBe(names.length);
  });

  test("pages go by code points, so that no locale loses a VM between two of them", async () => {
    const seen: string[] = [];
    for (let after = null, done = false; !done;) {
      const [row] = await database.store.readVmsPage({ limit: 1, after, filter: {}, order: "NAME_ASC" });
      if (row === undefined) done = true;
      else seen.push(row.name);
      after = (row ?? null) as never;
    }
    expect(seen).toEqual([...NAMES].toSorted((left, right) => (left < right ? -1 : 1)));
  });
});
