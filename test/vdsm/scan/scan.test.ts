import { WorkMeter } from "../../../src/vdsm/scan/work-meter.js";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHostReport, scanAnswer, type ScannedReport } from "../../../src/vdsm/scan/scan.js";
import type { HostReport, ReportedVm } from "../../../src/vdsm/records/types.js";
import { dropLargeMembers } from "../../../src/vdsm/scan/scan-record.js";
import { KeptAnswers } from "./kept-answers.js";
import { answer, anyBody, formatVmIdAt, vmRecord } from "./scan-bodies.js";

/** What a reader of differences knows after these. */
function accumulated(scans: readonly ScannedReport[]): HostReport {
  const vms = new Map<string, ReportedVm>();
  for (const scanned of scans) {
    if (scanned.listsAllVms) vms.clear();
    for (const id of scanned.removed) vms.delete(id);
    for (const { vmId } of scanned.rejected) vms.delete(vmId ?? "");
    for (const vm of scanned.vms) vms.set(vm.vmId, vm);
  }
  return byId({ vms: [...vms.values()], rejected: scans.at(-1)?.rejected ?? [] });
}

function byId({ vms, rejected }: HostReport): HostReport {
  return { vms: vms.toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1)), rejected };
}

function readOutcome<T>(attempt: () => T): { value: T } | { error: string } {
  try {
    return { value: attempt() };
  } catch (error) {
    return { error: String(error) };
  }
}

/** What came of some work, and how many turns of the event loop others had meanwhile. */
async function turnsDuring<T>(work: () => Promise<T>): Promise<{ value: T; turns: number }> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    if (isOver) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  const value = await work();
  isOver = true;
  return { value, turns };
}

describe("scanning the answers of a host", () => {
  test("says after any sequence of answers what parsing the last one says, errors included", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyBody, fc.boolean()), { minLength: 1, maxLength: 6 }), (bodies) => {
        const memory = new KeptAnswers();
        const kept: ScannedReport[] = [];
        for (const [body, isApplied] of bodies) {
          const parsed = readOutcome(() => byId(parseHostReport(body)));
          const scanned = readOutcome(() => memory.read(body));
          if ("error" in scanned) {
            expect(scanned).toEqual(parsed);
            continue;
          }
          expect({ value: accumulated([...kept, scanned.value]) }).toEqual(parsed);
          if (!isApplied) continue;
          memory.keep(scanned.value);
          kept.push(scanned.value);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("says in turns what it says at once, errors included", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyBody,
        anyBody,
        fc.integer({ min: 1, max: 2_000 }),
        async (first, second, sliceBytes) => {
          const atOnce = new KeptAnswers();
          const inTurns = new KeptAnswers();
          for (const body of [first, second]) {
            const expected = readOutcome(() => atOnce.read(body));
            const found = await inTurns.readInTurns(body, sliceBytes).then(
              (value) => ({ value }),
              (error: unknown) => ({ error: String(error) }),
            );
            expect(found).toEqual(expected);
            if ("value" in expected) atOnce.keep(expected.value);
            if ("value" in found) inTurns.keep(found.value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("F20: gives others a turn after every slice of an answer, be it new, changed, as before or of one VM twice", async () => {
    const records = Array.from({ length: 60 }, (_, at) => vmRecord(at));
    const changed = [...records.slice(1), vmRecord(0, { status: "Paused" })];
    const memory = new KeptAnswers();
    for (const body of [records, records, changed, [...records, ...records]].map(answer)) {
      const scanned = await turnsDuring(() => memory.readInTurns(body, 1_000));
      expect(scanned.turns).toBeGreaterThanOrEqual(Math.floor(body.length / 2_000));
      expect(accumulated([{ ...memory.read(body) }])).toEqual(accumulated([scanned.value]));
      memory.keep(scanned.value);
    }
  });

  test("F20: scans a small answer in one go and a large one in turns", async () => {
    const small = answer([vmRecord(1)]);
    const large = Buffer.concat([small, Buffer.alloc(4_194_304, " ")]);
    expect(scanAnswer(small, null, new WorkMeter())).toMatchObject({ vms: [{ vmId: formatVmIdAt(1) }] });
    const scanned = scanAnswer(large, null, new WorkMeter());
    expect(scanned).toBeInstanceOf(Promise);
    expect((await scanned).vms).toMatchObject([{ vmId: formatVmIdAt(1) }]);
  });

  test("F20: mixes up no answers that are read in turns at the same time", async () => {
    const bodies = [1, 2, 3].map((host) =>
      answer(Array.from({ length: 20 }, (_, at) => vmRecord(100 * host + at))),
    );
    const read = await Promise.all(bodies.map((body) => new KeptAnswers().readInTurns(body, 500)));
    expect(read).toEqual(bodies.map((body) => new KeptAnswers().read(body)));
  });

  test("reads an answer that VDSM would not write, however large", () => {
    const letter = Buffer.from(
      `{"id": "1", "result": ["é", {"vmId": "${formatVmIdAt(1)}", "status": "Up", "vmName": "é"}]}`,
    );
    const large = Buffer.concat([letter, Buffer.alloc(8_388_609 - letter.length, " ")]);
    for (const body of [letter, large]) {
      const { vms, rejected } = new KeptAnswers().read(body);
      expect(rejected).toHaveLength(1);
      expect(vms).toMatchObject([{ vmId: formatVmIdAt(1), vmName: "é" }]);
    }
  });

  test("refuses a record with more members than anybody reads, and reads the others", () => {
    const text = answer([vmRecord(1), vmRecord(2), vmRecord(3)]).toString();
    const many = '"hash": 0, '.repeat(1_100_000);
    const at = text.indexOf('"vmId"', text.indexOf(formatVmIdAt(1)) + 36);
    const { vms, rejected } = new KeptAnswers().read(Buffer.from(text.slice(0, at) + many + text.slice(at)));
    expect(vms.map(({ vmId }) => vmId)).toEqual([formatVmIdAt(1), formatVmIdAt(3)]);
    expect(rejected).toEqual([{ vmId: null, reason: "the record has more members than are read of one" }]);
  });

  test("drops the members of a record that are too large, whichever they are, and nothing else", () => {
    const member = fc.tuple(fc.constantFrom("hash", "vmName", "netIfaces", "x"), fc.constantFrom(1, 40, 400));
    fc.assert(
      fc.property(fc.array(member, { maxLength: 12 }), (members) => {
        const all = members.map(([key, length]) => `"${key}":"${"v".repeat(length)}"`);
        const { part, dropped } = dropLargeMembers(Buffer.from(`{${all.join(",")}}`), 60)!;
        expect(part.toString()).toBe(`{${all.filter(({ length }) => length <= 60).join(",")}}`);
        const large = members.filter(([key, length]) => length === 400 && key !== "x").map(([key]) => key);
        expect(dropped).toEqual(large.slice(0, 8));
      }),
    );
  });

  test("reads what it can of a VM whose guest says more than anybody could use, and names the field", () => {
    const hw = "00:1a:4a:16:17:08";
    const netIfaces = [{ name: "x".repeat(9_000_000), hw, inet: [], inet6: [] }];
    const body = answer([vmRecord(1), vmRecord(2, { netIfaces }), vmRecord(3)]);
    const { vms, rejected } = new KeptAnswers().read(body);
    expect(rejected).toEqual([]);
    expect(vms).toMatchObject([
      { vmId: formatVmIdAt(1), problems: [] },
      {
        vmId: formatVmIdAt(2),
        vmName: "vm-2",
        problems: [{ field: "netIfaces", reason: "is too large to be read" }],
      },
      { vmId: formatVmIdAt(3), problems: [] },
    ]);
  });

  test("refuses more records than any host has VMs, in whatever form", () => {
    const many = `[${Array.from({ length: 65_537 }, () => "{}").join(",")}]`;
    for (const body of [`{"jsonrpc": "2.0", "id": "1", "result": ${many}}`, `{"result": ${many}}`]) {
      expect(() => new KeptAnswers().read(Buffer.from(body))).toThrow("more than 65536 records");
    }
  });

  test("reads the other VMs as ever, whatever byte of one record is another one", () => {
    const good = answer([vmRecord(1), vmRecord(2), vmRecord(3)]);
    const [start, end] = [good.indexOf('}, {"status') + 4, good.lastIndexOf('}, {"status')];
    const others = new KeptAnswers().read(good).vms.filter(({ vmId }) => vmId !== formatVmIdAt(2));
    for (let at = start; at < end; at += 1) {
      for (const byte of [
        '"',
        "\\",
        "\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "0",
        "e",
        "-",
        ".",
        "\x00",
        "\xff",
      ]) {
        const bad = Buffer.from(good);
        bad.write(byte, at, "latin1");
        const { vms } = new KeptAnswers().read(bad);
        const found = vms.filter(({ vmId }) => vmId === formatVmIdAt(1) || vmId === formatVmIdAt(3));
        if (!isDeepStrictEqual(found, others)) expect.fail(`${byte} at ${at}: ${bad.toString()}`);
      }
    }
  });

  test("counts no VM as gone, and keeps what can be read, of an answer with damaged records", () => {
    const memory = new KeptAnswers();
    memory.keep(memory.read(answer([vmRecord(1), vmRecord(2), vmRecord(3)])));
    const text = answer([vmRecord(1), vmRecord(2), vmRecord(3)]).toString();
    const damaged = memory.read(Buffer.from(text.replace('"guestFQDN": "vm-2', '"guestFQDN" "vm-2')));
    expect(damaged.rejected).toMatchObject([
      { vmId: null, reason: expect.stringContaining("not JSON near its byte") },
    ]);
    expect(damaged.vms).toMatchObject([
      {
        vmId: formatVmIdAt(2),
        vmName: "vm-2",
        problems: [{ field: "record", reason: expect.stringMatching(/^is not JSON from its byte \d+ on$/) }],
      },
    ]);
    expect(damaged).toMatchObject({ removed: [], unchanged: 2 });
  });

  test("accepts no answer that is cut short", () => {
    const good = answer([vmRecord(1), vmRecord(2)]);
    const memory = new KeptAnswers();
    memory.keep(memory.read(good));
    for (let length = 0; length < good.length; length += 1) {
      expect(() => memory.read(good.subarray(0, length))).toThrow("is not JSON");
    }
  });

  test("finds nothing changed where only counters moved", () => {
    const memory = new KeptAnswers();
    memory.keep(memory.read(answer([vmRecord(1), vmRecord(2)])));
    const moved = answer([vmRecord(1, { cpuUser: "99.00" }), vmRecord(2, { memUsage: "71" })]);
    expect(memory.read(moved)).toMatchObject({ listsAllVms: false, vms: [], removed: [], unchanged: 2 });
  });

  test("parses only VMs that changed, and names those that are gone", () => {
    const memory = new KeptAnswers();
    memory.keep(memory.read(answer([vmRecord(1), vmRecord(2), vmRecord(3)])));
    const scanned = memory.read(answer([vmRecord(3), vmRecord(2, { status: "Paused" })]));
    expect(scanned).toMatchObject({ listsAllVms: false, removed: [formatVmIdAt(1)], unchanged: 1 });
    expect(scanned.vms).toMatchObject([{ vmId: formatVmIdAt(2), status: "Paused" }]);
  });

  test("compares with the last answer that was kept, not with the last one read", () => {
    const memory = new KeptAnswers();
    memory.keep(memory.read(answer([vmRecord(1)])));
    memory.read(answer([vmRecord(1, { status: "Paused" })]));
    expect(memory.read(answer([vmRecord(1)]))).toMatchObject({ vms: [], unchanged: 1 });
    expect(memory.read(answer([vmRecord(1, { status: "Paused" })])).vms).toHaveLength(1);
  });

  test("tells everything anew once it was told to forget", () => {
    const memory = new KeptAnswers();
    memory.keep(memory.read(answer([vmRecord(1)])));
    memory.forget();
    expect(memory.read(answer([vmRecord(1)]))).toMatchObject({ listsAllVms: true, unchanged: 0 });
  });

  test("tells a field that cannot be read once, and what it says once it can be", () => {
    const memory = new KeptAnswers();
    const bad = answer([vmRecord(1), vmRecord(2, { netIfaces: "none" })]);
    memory.keep(memory.read(answer([vmRecord(1), vmRecord(2)])));
    const first = memory.read(bad);
    expect(first.vms).toMatchObject([
      { vmId: formatVmIdAt(2), problems: [{ field: "netIfaces", reason: "is no list" }] },
    ]);
    memory.keep(first);
    expect(memory.read(bad)).toMatchObject({ vms: [], unchanged: 2 });
    expect(memory.read(answer([vmRecord(1), vmRecord(2)])).vms).toMatchObject([
      { vmId: formatVmIdAt(2), problems: [] },
    ]);
  });

  test("tells a record that does not say whose it is at every answer", () => {
    const memory = new KeptAnswers();
    const bad = answer([vmRecord(1), vmRecord(2, { vmId: "none" })]);
    memory.keep(memory.read(bad));
    expect(memory.read(bad).rejected).toEqual([{ vmId: null, reason: 'vmId is no UUID; vmName is "vm-2"' }]);
  });

  test("says of guests with thousands of interfaces what parsing says, and of the small host after them too", () => {
    const netIfaces = Array.from({ length: 2_000 }, (_, at) => ({
      name: `veth${at}`,
      hw: "00:1a:4a:16:17:08",
      inet: [`10.0.${at >> 8}.${at & 255}`],
      inet6: [],
    }));
    const large = answer(Array.from({ length: 40 }, (_, at) => vmRecord(at, { netIfaces })));
    const small = answer([vmRecord(1)]);
    for (const body of [large, small]) {
      expect(new KeptAnswers().read(body)).toMatchObject(parseHostReport(body));
    }
  });

  test("takes a guest's text for text, whatever it imitates", () => {
    const memory = new KeptAnswers();
    const hostile = vmRecord(1, {
      vmName: `"}, {"vmId": "${formatVmIdAt(7)}", "status": "Up", "netIfaces": [`,
    });
    const other = vmRecord(2, {
      guestContainers: [{ status: "Down", netIfaces: [], vmId: formatVmIdAt(8) }],
    });
    const { vms } = memory.read(answer([hostile, other]));
    expect(vms.map(({ vmId, status }) => [vmId, status])).toEqual([
      [formatVmIdAt(1), "Up"],
      [formatVmIdAt(2), "Up"],
    ]);
  });
});

const RUNS = 1_500;
