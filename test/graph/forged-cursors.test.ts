import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import { advanceAddressIndex } from "../../src/store/changes/spans/span-indexer.js";
import type { ReadStore } from "../../src/store/types.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-store/engine-database.js";
import { SMALL_ENGINE } from "../engine-store/small-engine.js";
import { addVms, changeIps, storedVm } from "../store/changes/log-fixtures.js";
import { id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { ask } from "./support/ask.js";

let database: TestDatabase;
let engine: EngineDatabase;

beforeAll(async () => {
  [database, engine] = await Promise.all([createDatabase(), createEngineDatabase()]);
  await engine.asEngine(...SMALL_ENGINE);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  const vm = storedVm(1, {
    interfaces: [toGuestInterfaceOf(1, { macAddress: mac(7) })],
    nics: [toStoredNic(1, 1)],
  });
  await addVms(database.store, [vm]);
  await changeIps(database.store, vm, "10.9.9.9");
  while ((await advanceAddressIndex(database.dataSource)) === "more");
});

afterAll(() => Promise.all([database.drop(), engine.drop()]));

const UUID = id(1);
const SECOND = "2026-01-01T00:00:00";

/** The parts of a cursor of each list as they really are, and how the list is asked for. */
const LISTS: readonly (readonly [list: string, field: string, parts: readonly unknown[]])[] = [
  ["address", "guestAddresses(AFTER) { nodes { address } }", ["10.0.0.1", UUID]],
  ["address-conflict", "addressConflicts(AFTER) { nodes { address } }", ["10.0.0.1"]],
  ["mac-conflict", "macConflicts(AFTER) { nodes { macAddress } }", [mac(1)]],
  ["drift", "drift(AFTER) { nodes { kind } }", [UUID, "1", "eth0"]],
  [
    "span",
    'addressHistory(address: "10.1.2.3", AFTER) { nodes { vmId } }',
    ["-infinity", `${SECOND}.000Z`, "1", "k"],
  ],
  ["change", `vm(id: "${UUID}") { guestHistory(AFTER) { nodes { at } } }`, [`${SECOND}.000000Z`, "1"]],
  ...(
    [
      ["NAME_ASC", "a"],
      ["ID_ASC", "a"],
      ["HOST_DESC", "a"],
      ["STATUS_ASC", "1"],
      ["LAST_CHANGE_DESC", `${SECOND}.000000Z`],
      ["PRIMARY_ADDRESS_ASC", "10.0.0.1"],
    ] as const
  ).map(
    ([order, value]) => [order, `vms(orderBy: ${order}, AFTER) { nodes { id } }`, [value, UUID]] as const,
  ),
];

/** What looks like a part of a cursor, and is not always one. */
const HOSTILE = [
  ..."::::|:|1:2:3|::|10.0.0.300|10.0.0.1/8|1.2.3|fe80::1%eth0|::ffff:1.2.3.4|1::2:3:4:5:6:7:8|infinity|-infinity".split(
    "|",
  ),
  ..."01|-1|99999999999999999999|999999999999999999|1e9|NaN|9999|x".split("|"),
  ..."0000-01-01|2026-02-30|2026-13-01|9999-12-31|0001-01-01|2026-00-00|2025-02-29"
    .split("|")
    .flatMap((day) => [`${day}T00:00:00.000Z`, `${day}T00:00:00.000000Z`]),
  ..."24:00:00.000|24:00:00.000000|23:59:60.000000|25:00:00.000|23:60:00.000000|00:00:00|00:00:00.000+99"
    .split("|")
    .map((time) => `2026-01-01T${time}Z`),
  "",
  "\u0000",
  "\ud800",
  "'; --",
  "ä".repeat(1_500),
];

const forge = (list: string, parts: readonly unknown[]) =>
  Buffer.from(JSON.stringify([1, list, ...parts])).toString("base64url");

/** Asks for the page behind a cursor; returns the errors that are not a refusal of the argument. */
async function findFaults(store: ReadStore, field: string, argument: string, cursor: string) {
  const { errors = [] } = await ask(store, `{ ${field.replace("AFTER", `${argument}: "${cursor}"`)} }`);
  return errors.filter(
    ({ message, extensions }) =>
      !(store !== database.store && extensions["code"] === "NOT_AVAILABLE") &&
      !(extensions["code"] === "BAD_USER_INPUT" && message.startsWith(`${argument}: `)),
  );
}

describe.each(["own", "engine"] as const)("from the %s source", (source) => {
  const open = () => (source === "own" ? database.store : createEngineStore(engine.dataSource));
  const hasOrder = (list: string) => source === "own" || !list.startsWith("LAST_CHANGE");

  test.each(LISTS.filter(([list]) => hasOrder(list)))(
    "a forged cursor of the list %s in %s is refused or read, and never an error of the database",
    async (list, field, parts) => {
      const store = open();
      expect(await findFaults(store, field, "after", forge(list, parts))).toEqual([]);
      for (const [at] of parts.entries()) {
        for (const hostile of HOSTILE) {
          const forged = forge(list, parts.with(at, hostile));
          expect([hostile, await findFaults(store, field, "after", forged)]).toEqual([hostile, []]);
        }
      }
      const part = fc.oneof(
        fc.constantFrom<unknown>(...HOSTILE, ...parts),
        fc.jsonValue(),
        fc.ipV4Extended(),
        fc.ipV6(),
        fc.uuid(),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString().replace(/Z$/, "000Z")),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (hostile) => {
          const forged = forge(
            list,
            parts.map((real, at) => hostile[at] ?? real),
          );
          expect(await findFaults(store, field, "after", forged)).toEqual([]);
        }),
        { numRuns: 40 },
      );
    },
    60_000,
  );

  test("a forged cursor as `before` makes a page or is refused, and is never a failure", async () => {
    const field = "vms(last: 2, AFTER) { nodes { id } }";
    for (const hostile of HOSTILE) {
      expect(await findFaults(open(), field, "before", forge("NAME_ASC", [hostile, UUID]))).toEqual([]);
      expect(await findFaults(open(), field, "before", forge("NAME_ASC", ["a", hostile]))).toEqual([]);
    }
  });
});

test.each([
  ["2026-02-30T00:00:00.000000Z", "a day that the month does not have"],
  ["0000-01-01T00:00:00.000000Z", "a year 0"],
  ["2026-01-01T24:00:00.000000Z", "an hour 24"],
])("the time %s in a cursor is refused: %s", async (at) => {
  const cursor = forge("LAST_CHANGE_ASC", [at, UUID]);
  const { errors } = await ask(
    database.store,
    `{ vms(orderBy: LAST_CHANGE_ASC, after: "${cursor}") { totalCount } }`,
  );
  expect(errors?.map(({ message, extensions }) => [extensions["code"], message])).toEqual([
    ["BAD_USER_INPUT", "after: not a cursor of this gateway; pass an endCursor as it came"],
  ]);
});

test.each(["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-12:00"])(
  "the time %s as an argument is refused",
  async (at) => {
    for (const given of [`"${at}"`, "$at"]) {
      const { errors } = await ask(
        database.store,
        `query ($at: DateTime) { a: __typename @skip(if: false) addressHistory(address: "10.1.2.3", from: $at, to: ${given}) { nodes { vmId } } }`,
        { variables: given === "$at" ? { at } : {} },
      );
      expect(errors?.map(({ message }) => message).join()).toContain(
        "must be in the years 1 to 9999, in UTC",
      );
    }
  },
);
