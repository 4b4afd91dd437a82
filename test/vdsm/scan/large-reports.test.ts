import { describe, expect, test } from "vitest";
import { MAX_ENTRIES } from "../../../src/vdsm/records/host-report.js";
import { hasUnreadableGuest } from "../../../src/vdsm/records/vm-stats.js";
import { parseHostReport } from "../../../src/vdsm/scan/scan.js";
import { uuid } from "../../support/builders/ids.js";
import { resultText } from "../fixtures/wire.js";
import { KeptAnswers } from "./kept-answers.js";

/** As much as a single guest may report by default. */
const GUEST = 60_000;

function formatVm(at: number, entries: number, name = "eth0") {
  const inet = Array.from({ length: entries - 1 }, () => "10.0.0.1");
  return { vmId: uuid(7, at), status: "Up", netIfaces: [{ name, inet, inet6: [] }] };
}

function formatAnswer(...vms: readonly unknown[]): Buffer {
  return Buffer.from(resultText(uuid(9, 1), JSON.stringify(vms)));
}

/** Nine guests, each within its bounds, and a small one at each end. */
const first = formatVm(0, 3);
const large = Array.from({ length: 9 }, (_, at) => formatVm(at + 1, GUEST));
const small = formatVm(10, 2_000);

describe("an answer in which guests have more than is read at once", () => {
  test("leaves out one of the largest by its name, and has all others", () => {
    const { vms, rejected } = parseHostReport(formatAnswer(first, ...large, small));
    expect(rejected).toEqual([]);
    expect(vms).toHaveLength(11);
    const leftOut = vms.filter(hasUnreadableGuest);
    expect(leftOut).toHaveLength(1);
    expect(leftOut).toMatchObject([
      {
        status: "Up",
        netIfaces: null,
        problems: [{ field: "netIfaces", reason: expect.stringContaining(`${MAX_ENTRIES}`) as string }],
      },
    ]);
    for (const { vmId } of [first, small]) expect(leftOut.map((vm) => vm.vmId)).not.toContain(vmId);
  });

  test("is read completely by the next poll, also if nothing has changed", () => {
    const body = formatAnswer(first, ...large, small);
    const memory = new KeptAnswers();
    const before = memory.read(body);
    memory.keep(before);
    const [leftOut] = before.vms.filter(hasUnreadableGuest);
    const after = memory.read(body);
    expect(after).toMatchObject({
      vms: [{ vmId: leftOut?.vmId, problems: [] }],
      removed: [],
      unchanged: 10,
    });
    memory.keep(after);
    expect(memory.read(body)).toMatchObject({ vms: [], unchanged: 11 });
  });

  test("gives each of them its turn where all others change with every poll", () => {
    const memory = new KeptAnswers();
    for (let poll = 0; poll < 60; poll += 1) {
      const others = large.slice(1).map((_, at) => formatVm(at + 2, GUEST, `eth${poll}`));
      const scanned = memory.read(formatAnswer(...others, large[0]));
      memory.keep(scanned);
      if (!scanned.vms.some((vm) => vm.vmId === large[0]?.vmId && hasUnreadableGuest(vm))) return;
    }
    expect.unreachable();
  });

  test("has a single guest that alone reports more", () => {
    const most = formatVm(1, MAX_ENTRIES + 1_000);
    const { vms } = parseHostReport(formatAnswer(first, most, small));
    expect(vms.map(({ netIfaces }) => netIfaces?.[0]?.inet?.length)).toEqual([2, MAX_ENTRIES + 999, 1_999]);
  });

  test("leaves out one of two records of a VM as well", () => {
    const { vms } = parseHostReport(formatAnswer(first, first, ...large, small));
    expect(vms).toHaveLength(11);
    expect(vms.filter(hasUnreadableGuest)).toHaveLength(1);
  });
});
