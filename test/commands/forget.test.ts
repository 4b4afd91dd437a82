import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readForgetTask, runForgetCommand, type ForgetTask } from "../../src/commands/forget.js";
import { loadConfig } from "../../src/config.js";
import { createChangeLog } from "../../src/store/changes/change-log.js";
import { LostCursorError } from "../../src/store/changes/log-errors.js";
import { HOST_A, id } from "../support/builders/ids.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { runSeries, VM_IDS, type Step } from "../support/passes/pass-series.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ poolSize: 4 });
});
afterAll(() => database.drop());

const [FIRST = "", SECOND = ""] = VM_IDS;
const pass = (vmId: string, address: string, vmName: string) =>
  ({
    hostId: HOST_A,
    vmId,
    change: { vmName, netIfaces: [{ name: "eth0", hw: "52:54:00:00:00:01", inet: [address], inet6: null }] },
    nics: null,
  }) as unknown as Step;

async function run(task: ForgetTask): Promise<string> {
  const lines: string[] = [];
  await runForgetCommand(task, loadConfig({ DATABASE_URL: database.url }), (line) => lines.push(line));
  return lines.join("\n");
}

async function advance(): Promise<void> {
  const log = createChangeLog(database.dataSource);
  while ((await log.advanceAddressIndex()) === "more");
}

const readSpans = async (address: string) =>
  (
    await database.store.readAddressSpans({
      address,
      macAddress: null,
      from: null,
      to: null,
      after: null,
      limit: 9,
    })
  )?.map(({ vmId, until }) => [vmId, until !== null]);
const readChanges = async (vmId: string) =>
  (await database.store.readVmChanges([vmId], { from: null, to: null, after: null, limit: 9 })).length;

describe("vnic-graph forget", () => {
  let instants: readonly { readonly at: Date }[];

  beforeEach(async () => {
    await database.dataSource.query("TRUNCATE vm_static, vnic_graph_change, vnic_graph_address_span CASCADE");
    await database.dataSource.query("UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false");
    await advance();
    const steps = [
      pass(FIRST, "10.0.0.1", "web"),
      pass(SECOND, "10.0.0.1", "db"),
      pass(FIRST, "10.0.0.2", "web"),
    ];
    instants = await runSeries(database, steps, () => Promise.resolve(null));
  });

  test.each([
    ["that the index follows later", false],
    ["that the index has followed", true],
  ])("erases a past %s, leaves the present and the others, and says what it did", async (_, isFollowed) => {
    if (isFollowed) await advance();
    expect(await readChanges(FIRST)).toBe(2);
    expect(await run({ vm: "web" })).toBe(
      `web: changes erased: 2, spans of addresses erased: ${isFollowed ? 2 : 0}; what is stored of it now stays`,
    );
    const at = instants[1]!.at;
    expect((await database.store.readVmVersionsAt([FIRST, SECOND], at)).map((vm) => vm.id)).toEqual([SECOND]);
    expect([await readChanges(FIRST), await readChanges(SECOND)]).toEqual([0, 1]);
    for (const repeat of [false, true]) {
      if (repeat) await advance();
      expect(await readSpans("10.0.0.1")).toEqual([[SECOND, false]]);
      expect(await readSpans("10.0.0.2")).toEqual([[FIRST, false]]);
    }
    expect((await database.store.readVmsByIds([FIRST]))[0]?.ips).toEqual(["10.0.0.2"]);
  });

  test("erases a past that goes on: later changes are kept again", async () => {
    await run({ vm: FIRST });
    await runSeriesOn(pass(FIRST, "10.0.0.3", "web"));
    expect(await readChanges(FIRST)).toBe(1);
    expect(await readSpans("10.0.0.2")).toEqual([[FIRST, true]]);
  });

  test("erases all, and who followed from before is told so", async () => {
    const log = createChangeLog(database.dataSource);
    const { cursor } = await log.openTail();
    await runSeriesOn(pass(SECOND, "10.0.0.4", "db"));
    expect(await run({ all: true })).toMatch(/^the past of all VMs is erased/);
    await expect(log.openReader(cursor).read(1)).rejects.toThrow(LostCursorError);
    expect((await database.store.readHistoryBounds())!.keptFrom.getTime()).toBeGreaterThan(
      instants[2]!.at.getTime(),
    );
    expect(await readSpans("10.0.0.4")).toBeUndefined();
    await advance();
    expect(await readSpans("10.0.0.4")).toEqual([[SECOND, false]]);
  });

  describe("with --ended", () => {
    const end = {
      hostId: HOST_A,
      vmId: FIRST,
      change: { status: "Down", exitReason: 1 },
      nics: null,
    } as unknown as Step;
    const ended = (endedForMs: number) => run({ endedForMs, ended: "so long" });

    beforeEach(async () => {
      await advance();
      await runSeriesOn(end);
      await advance();
    });

    test("erases VMs that no host has reported for so long, with their past, and no others", async () => {
      expect(await ended(1)).toMatch(
        /^VMs erased that no host has reported for so long: 1; changes are known since \d{4}-/,
      );
      expect((await database.store.readVmsByIds([FIRST, SECOND])).map((vm) => vm.id)).toEqual([SECOND]);
      expect([await readChanges(FIRST), await readChanges(SECOND)]).toEqual([0, 2]);
      await advance();
      expect(await readSpans("10.0.0.2")).toEqual([]);
      const columns = await database.dataSource.query<{ table: string; column: string }[]>(
        `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
         WHERE table_schema = current_schema() AND column_name IN ('vm_id', 'vm_guid')`,
      );
      expect(columns.length).toBeGreaterThan(6);
      for (const { table, column } of columns) {
        const found: unknown[] = await database.dataSource.query(
          `SELECT FROM ${table} WHERE ${column} = $1`,
          [FIRST],
        );
        expect([table, found.length]).toEqual([table, 0]);
      }
      expect(await ended(1)).toMatch(/so long: 0;/);
    });

    test("leaves those that ended later, or before changes are known", async () => {
      expect(await ended(3_600_000)).toMatch(/so long: 0;/);
      await database.dataSource.query(
        "UPDATE vnic_graph_change_log SET kept_from = kept_from - interval '2 hours'",
      );
      expect(await ended(3_600_000)).toMatch(/so long: 0;/);
      expect((await database.store.readVmsByIds([FIRST])).map((vm) => vm.status)).toEqual([0]);
    });

    test("takes a VM that is reported again for a new one", async () => {
      await ended(1);
      await runSeriesOn(pass(FIRST, "10.0.0.7", "web"));
      await advance();
      expect((await database.store.readVmsByIds([FIRST]))[0]?.ips).toEqual(["10.0.0.7"]);
      expect(await readChanges(FIRST)).toBe(1);
      expect(await readSpans("10.0.0.7")).toEqual([[FIRST, false]]);
    });
  });

  test("knows what is not there, or is not named", async () => {
    await expect(run({ vm: "nobody" })).rejects.toThrow(/no VM is called nobody/);
    expect(await run({ vm: id(77) })).toMatch(/erased: 0, .* erased: 0; it is not stored any more$/);
    expect(() => readForgetTask(undefined, false)).toThrow(/name a VM/);
    expect(() => readForgetTask("web", true)).toThrow(/name a VM/);
    expect(readForgetTask(undefined, true)).toEqual({ all: true });
    expect(readForgetTask(undefined, false, "90d")).toEqual({ endedForMs: 7_776_000_000, ended: "90d" });
    expect(() => readForgetTask(undefined, false, "soon")).toThrow(/--ended must be a time such as 90d/);
    expect(() => readForgetTask(undefined, true, "90d")).toThrow(/name a VM/);
  });
});

async function runSeriesOn(step: Step): Promise<void> {
  await runSeries(database, [step], () => Promise.resolve(null), { isContinued: true });
}
