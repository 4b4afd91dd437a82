import { afterEach, beforeEach, expect, test } from "vitest";
import { createHostLink } from "../../src/refresher/host-link.js";
import { askForData } from "../graph/support/ask.js";
import { HOST_A, id } from "../support/builders/ids.js";
import { configuredHost, INTERVAL_MS } from "../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../support/builders/reported.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { runPass } from "../support/passes/run-pass.js";
import { FakeHost } from "./fake-host.js";

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
  await database.store.registerHosts([configuredHost(HOST_A)], INTERVAL_MS);
});
afterEach(() => database.drop());

/** Letters in an order that does not compress, which take the given bytes each. */
function writeLongText(first: number, count: number): string {
  let state = 7;
  return Array.from({ length: 1_024 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCodePoint(first + ((state >>> 8) % count));
  }).join("");
}

test.each([
  ["one byte", 0x61, 26],
  ["two bytes, more of them in lower case", 0x23a, 1],
  ["two bytes", 0x400, 0x50],
  ["three bytes", 0x4e00, 20_000],
  ["four bytes", 0x20000, 40_000],
])(
  "a VM whose guest and vNIC have names as long as can be, in letters of %s, holds up no other VM, in any table or index",
  async (_, first, count) => {
    const long = writeLongText(first, count);
    const host = new FakeHost();
    // A domain's XML may have any length of text.
    const network = long.repeat(9);
    host.nics = () => [reportedNic({ macAddr: "52:54:00:00:00:77", name: network, network })];
    const report = (text: string) => ({
      vms: [
        reportedVm({
          vmId: id(1),
          guestFQDN: text,
          netIfaces: [reportedInterface({ name: text, hw: "52:54:00:00:00:01" })],
        }),
        reportedVm({ vmId: id(2), vmName: "neighbour" }),
      ],
      rejected: [],
    });
    const link = createHostLink(configuredHost(HOST_A), host);
    for (const text of [long, `x${long}`]) {
      host.report = report(text);
      const { outcome, failure } = await runPass(database.store, link);
      expect([outcome, failure]).toEqual(["done", null]);
    }
    const answer = await askForData(
      database.store,
      `{ vm(id: "${id(1)}") { nics { network } guestInfo { networkDevices { name } } } neighbour: vm(id: "${id(2)}") { name } }`,
    );
    const [device] = (answer as { vm: { guestInfo: { networkDevices: { name: string }[] } } }).vm.guestInfo
      .networkDevices;
    expect(`x${long}`.startsWith(device!.name)).toBe(true);
    expect(device!.name.length).toBeGreaterThan(300);
    expect(answer).toMatchObject({ neighbour: { name: "neighbour" } });
  },
);
