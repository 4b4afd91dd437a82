import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { forgetAll, forgetVm } from "../../../src/store/changes/forget.js";
import { createLooks, type LookAtChanges } from "../../../src/store/memory/look.js";
import { createTreeMemory } from "../../../src/store/memory/tree-memory.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import { runInTransaction } from "../../../src/store/postgres/sql.js";
import type { StoredVm, VmScope } from "../../../src/store/types.js";
import { NO_PARTS, type TreeReads, type VmTree } from "../../../src/store/vm-tree.js";
import { addVms, changeIps, storedVm } from "../changes/log-fixtures.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { claimHost, HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { asAdmin, createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { eventually } from "../../support/eventually.js";

let database: TestDatabase;
let vms: readonly StoredVm[];

beforeEach(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  vms = [1, 2, 3].map((number) => storedVm(number));
  await addVms(database.store, vms);
});
afterEach(() => database.drop());

const WHOLE = { row: true, interfaces: true, nics: true };
const PAGE = { limit: 10, after: null, filter: {}, order: "NAME_ASC" } as const;

/** Starts a memory whose clock the test moves, and reads of it that count as statements what they cost. */
function start(changed: Partial<{ look: LookAtChanges; maxBytes: number }> = {}) {
  const clock = { ms: 0, wallMs: 0 };
  const looks = { fail: false, count: 0, ended: [] as unknown[] };
  const look = changed.look ?? createLooks(database.dataSource);
  const memory = createTreeMemory({
    maxBytes: changed.maxBytes ?? 1_000_000,
    look: (wishes) => {
      looks.count += 1;
      return looks.fail ? Promise.reject(new Error("the log cannot be read")) : look(wishes);
    },
    onLook: (error) => looks.ended.push(error),
    now: () => clock.ms,
    wallNow: () => clock.wallMs,
  });
  const wait = (ms: number) => {
    clock.ms += ms;
    clock.wallMs += ms;
  };
  const readsFor = (scope: VmScope | null = null) =>
    memory.wrap(createTreeReads(database.dataSource, scope), scope);
  const reads = readsFor();
  /** Asks until nothing has to be read any more. */
  const settle = (ask: (reads: TreeReads) => Promise<unknown> = (from) => from.readTreesPage(PAGE, WHOLE)) =>
    eventually(async () => {
      wait(60);
      const { misses } = memory.figures;
      await ask(reads);
      expect(memory.figures.misses).toBe(misses);
    });
  const isHit = async (ask: () => Promise<unknown>) => {
    const { hits } = memory.figures;
    await ask();
    return memory.figures.hits > hits;
  };
  return { memory, reads, readsFor, clock, looks, wait, settle, isHit };
}

const showWhole = ({ vm, row, lists: { interfaces, nics } }: VmTree) => ({ vm, row, interfaces, nics });
const showIps = (trees: readonly VmTree[]) => trees.map(({ row }) => row?.ips?.join(" "));

describe("what is kept of VMs", () => {
  test("is given for less than a second after the log was read, also if the process stood still or the machine slept", async () => {
    const { reads, clock, looks, settle, isHit } = start();
    await settle();
    const page = () => reads.readTreesPage(PAGE, WHOLE);
    expect(await isHit(page)).toBe(true);
    looks.fail = true;
    await changeIps(database.store, vms[0]!, "10.9.9.9");
    for (const sleep of ["ms", "wallMs"] as const) {
      clock[sleep] += 1_000;
      expect(showIps(await page())).toEqual(["10.9.9.9", "10.1.2.3", "10.1.2.3"]);
      clock[sleep] -= 1_000;
    }
  });

  test("is not given while the log cannot be read, and again when it can", async () => {
    const { reads, looks, wait, settle, isHit, memory } = start();
    await settle();
    const page = () => reads.readTreesPage(PAGE, WHOLE);
    looks.fail = true;
    memory.doubt();
    for (let time = 0; time < 5; time += 1) {
      wait(400);
      expect(await isHit(page)).toBe(false);
    }
    expect(looks.ended.at(-1)).toEqual(new Error("the log cannot be read"));
    looks.fail = false;
    wait(1_000);
    await settle();
    expect(await isHit(page)).toBe(true);
    expect(looks.ended.at(-1)).toBeNull();
  });

  test("costs no look while nobody asks, and one each half second while somebody does", async () => {
    const { reads, looks, wait, settle } = start();
    await settle();
    const before = looks.count;
    wait(3_600_000);
    expect(looks.count).toBe(before);
    await settle();
    const settled = looks.count;
    for (let time = 0; time < 100; time += 1) {
      wait(50);
      await reads.readTreesPage(PAGE, WHOLE);
      await new Promise(setImmediate);
    }
    expect(looks.count - settled).toBeLessThanOrEqual(12);
  });

  test("shows what this process was told of at once", async () => {
    const { reads, wait, settle, memory } = start();
    await settle();
    wait(60);
    await changeIps(database.store, vms[1]!, "10.9.9.9");
    memory.doubt();
    expect(showIps(await reads.readTreesPage(PAGE, WHOLE))).toEqual(["10.1.2.3", "10.9.9.9", "10.1.2.3"]);
  });

  test("joins the host's state of the last look: a failure, a removed host, and what time alone makes stale", async () => {
    const { reads, wait, settle } = start();
    await settle();
    const reasonAfterALook = async () => {
      wait(880);
      await settle();
      wait(60);
      return (await reads.readTreesByIds([id(1)], WHOLE))[0]!.row!.staleReason;
    };
    expect(await reasonAfterALook()).toBeNull();
    const failure = { kind: "unreachable", message: "no reply" } as const;
    await database.store.fail(await claimHost(database.store, HOST_A), failure, 1);
    await eventually(async () => {
      expect(await reasonAfterALook()).toBe("HOST_UNREACHABLE");
    });
    await database.dataSource.query(
      "UPDATE vnic_graph_host SET last_error_kind = NULL, last_error = NULL, failing_since = NULL",
    );
    await eventually(async () => {
      expect(await reasonAfterALook()).toBeNull();
    });
    // As if three intervals had passed without a pass.
    await database.dataSource.query(
      "UPDATE vnic_graph_host SET last_success_at = now() - 3 * interval '1 hour'",
    );
    await eventually(async () => {
      expect(await reasonAfterALook()).toBe("REFRESH_OVERDUE");
    });
    await database.dataSource.query("UPDATE vnic_graph_host SET last_success_at = now()");
    await database.store.removeHost(HOST_A);
    await eventually(async () => {
      expect(await reasonAfterALook()).toBe("REFRESH_OVERDUE");
    });
  });

  test("a VM's absence is kept until it is found", async () => {
    const { reads, wait, settle, memory } = start();
    const ask = (from: TreeReads) => from.readTreesByIds([id(1), id(4)], NO_PARTS);
    await settle(ask);
    expect(await ask(reads)).toHaveLength(1);
    await addVms(database.store, [storedVm(4)]);
    wait(60);
    memory.doubt();
    expect(await ask(reads)).toHaveLength(2);
    expect(await reads.readTreesPage(PAGE, NO_PARTS)).toHaveLength(4);
  });

  test("holds when a VM's past is erased, and when all of it is", async () => {
    const { reads, wait, settle } = start();
    await settle();
    await changeIps(database.store, vms[0]!, "10.9.9.9");
    await forgetVm(database.dataSource, id(1));
    await changeIps(database.store, vms[1]!, "10.8.8.8");
    await forgetAll(database.dataSource);
    wait(1_000);
    await reads.readTreesPage(PAGE, WHOLE);
    await settle();
    expect(showIps(await reads.readTreesPage(PAGE, WHOLE))).toEqual(["10.9.9.9", "10.8.8.8", "10.1.2.3"]);
  });

  test("lists hold no VM longer that changed, and miss none that is new, if its past is erased before the next look", async () => {
    const { reads, wait, settle } = start();
    const byAddress = { ...PAGE, filter: { ip: "10.1.2.3" } };
    const askAll = async (from: TreeReads) => [
      (await from.readTreesPage(byAddress, WHOLE)).length,
      (await from.readTreesPage(PAGE, WHOLE)).length,
      (await from.readTreesByIds([id(4)], WHOLE)).length,
    ];
    await settle(askAll);
    expect(await askAll(reads)).toEqual([3, 3, 0]);
    await changeIps(database.store, vms[0]!, "10.9.9.9");
    await forgetVm(database.dataSource, id(1));
    await addVms(database.store, [storedVm(4)]);
    await forgetVm(database.dataSource, id(4));
    wait(1_000);
    await askAll(reads);
    await settle(askAll);
    const stored = await askAll(createTreeReads(database.dataSource, null));
    expect(stored).toEqual([expect.any(Number), 4, 1]);
    expect(await askAll(reads)).toEqual(stored);
  });

  test.each([
    ["a name", "UPDATE vm_static SET vm_name = 'edited' WHERE vm_name LIKE '%1'"],
    ["a VM's addresses", "UPDATE vm_dynamic SET vm_ip = '10.6.6.6'"],
    ["interfaces", "TRUNCATE vm_guest_agent_interfaces"],
    ["vNICs", "DELETE FROM vm_interface"],
    ["what only we know of a VM", "UPDATE vnic_graph_vm SET interface_names = '{}'"],
  ])(
    "is dropped at the next look after somebody edited %s by hand, from any schema and with few rights",
    async (_what, edit) => {
      const { reads, settle, isHit, wait } = start();
      const page = () => reads.readTreesPage(PAGE, WHOLE);
      await settle();
      expect(await isHit(page)).toBe(true);
      const editor = `vnic_graph_editor_${randomBytes(4).toString("hex")}`;
      await asAdmin(`CREATE ROLE ${editor}`);
      try {
        await database.dataSource.query(
          `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON vm_static, vm_dynamic, vm_interface, vm_guest_agent_interfaces, vnic_graph_vm TO ${editor}`,
        );
        await runInTransaction(database.dataSource, async (queryRunner) => {
          await queryRunner.query(`SET LOCAL ROLE ${editor}`);
          await queryRunner.query("SET LOCAL search_path = pg_catalog");
          await queryRunner.query(edit.replace(/(UPDATE|FROM|TRUNCATE) v/, "$1 public.v"));
        });
        const right = await createTreeReads(database.dataSource, null).readTreesPage(PAGE, WHOLE);
        wait(1_000);
        await settle(page);
        expect((await page()).map(showWhole)).toEqual(right.map(showWhole));
      } finally {
        await database.dataSource.query(`DROP OWNED BY ${editor}`);
        await asAdmin(`DROP ROLE ${editor}`);
      }
    },
  );

  test("is not dropped for a pass, which leaves no note, and of many edits the newest is left", async () => {
    const readNotes = () => database.dataSource.query<unknown[]>("SELECT tx FROM vnic_graph_edit");
    const before = await readNotes();
    await changeIps(database.store, vms[0]!, "10.9.9.9");
    expect(await readNotes()).toEqual(before);
    await database.dataSource.query("UPDATE vnic_graph_edit SET at = at - interval '2 minutes'");
    for (let edit = 0; edit < 3; edit += 1) {
      await database.dataSource.query("UPDATE vm_dynamic SET vm_ip = NULL");
      await database.dataSource.query("UPDATE vnic_graph_edit SET at = at - interval '2 minutes'");
    }
    expect(await readNotes()).toHaveLength(1);
  });

  test("is dropped where more changed than a look follows", async () => {
    const look = createLooks(database.dataSource, 1);
    const { reads, wait, settle } = start({ look });
    await settle();
    await changeIps(database.store, vms[0]!, "10.9.9.9");
    await changeIps(database.store, vms[1]!, "10.8.8.8");
    await changeIps(database.store, vms[2]!, "10.7.7.7");
    wait(880);
    await settle();
    wait(880);
    await settle();
    expect(showIps(await reads.readTreesPage(PAGE, WHOLE))).toEqual(["10.9.9.9", "10.8.8.8", "10.7.7.7"]);
  });

  test("a statement that began before a look named its VM leaves nothing behind", async () => {
    const { memory, wait, settle } = start();
    await settle((from) => from.readTreesByIds([id(2)], WHOLE));
    let answer: (trees: VmTree[]) => void = () => undefined;
    const slow: TreeReads = {
      ...createTreeReads(database.dataSource, null),
      readTreesByIds: () => new Promise((resolve) => (answer = resolve)),
    };
    const [old] = await createTreeReads(database.dataSource, null).readTreesByIds([id(1)], WHOLE);
    const asked = memory.wrap(slow, null).readTreesByIds([id(1)], WHOLE);
    await changeIps(database.store, vms[0]!, "10.9.9.9");
    wait(880);
    await settle((from) => from.readTreesByIds([id(2)], WHOLE));
    wait(880);
    await settle((from) => from.readTreesByIds([id(2)], WHOLE));
    answer([old!]);
    expect(showIps(await asked)).toEqual(["10.1.2.3"]);
    const fresh = memory.wrap(createTreeReads(database.dataSource, null), null);
    expect(showIps(await fresh.readTreesByIds([id(1)], WHOLE))).toEqual(["10.9.9.9"]);
  });

  test("takes no more memory than it may", async () => {
    const { reads, memory, wait } = start({ maxBytes: 8_000 });
    for (let time = 0; time < 30; time += 1) {
      wait(60);
      for (const number of [1, 2, 3]) await reads.readTreesByIds([id(number)], WHOLE);
      await reads.readTreesPage(PAGE, WHOLE);
      expect(memory.figures.bytes).toBeLessThanOrEqual(8_000);
    }
  });

  test("has room for as many lists as VMs leave room for", async () => {
    const { reads, memory, settle, isHit } = start({ maxBytes: 50_000 });
    await settle((from) => from.readTreesByIds([id(1)], WHOLE));
    const unknown = Array.from({ length: 100 }, (_, at) => id(1_000 + at));
    await settle(async (from) => {
      for (const each of unknown) await from.readTreesByIds([each], WHOLE);
    });
    for (const each of [id(1), ...unknown])
      expect(await isHit(() => reads.readTreesByIds([each], WHOLE))).toBe(true);
    // A fixed fifth would not do.
    expect(memory.figures.bytes).toBeGreaterThan(10_000);
    expect(memory.figures.bytes).toBeLessThanOrEqual(50_000);
  });
});
