import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createDatabaseGateway } from "../../../src/commands/live/database-gateway.js";
import { readWaitTask, runWaitCommand } from "../../../src/commands/live/wait.js";
import { ConfigError, loadConfig } from "../../../src/config.js";
import { addVms, changeIps, storedVm } from "../../store/changes/log-fixtures.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { asAdmin, createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { followGateway } from "./follow-gateway.js";
import { eventually } from "../../support/eventually.js";
import { runVnicGraph } from "../../support/processes/process.js";

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
  onTestFinished(() => database.drop());
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
});

const openTestGateway = () => createDatabaseGateway(loadConfig({ DATABASE_URL: database.url }));
const withIps = (ips: string) => storedVm(1, { ips, interfaces: [], silence: "ips-only" });

describe("vnic-graph wait", () => {
  async function wait(vm: string, flags: Record<string, string> = {}) {
    const lines: string[] = [];
    const isThere = await runWaitCommand(
      readWaitTask(vm, { timeout: "20s", ...flags }),
      openTestGateway(),
      (line) => lines.push(line),
      (line) => lines.push(line),
      new AbortController().signal,
    );
    return { isThere, lines };
  }

  test("prints an address that is there at once, of the VM with this id or name", async () => {
    const vm = withIps("fe80::1 10.0.0.1 2001:db8::1");
    await addVms(database.store, [vm]);
    expect(await wait(id(1))).toEqual({ isThere: true, lines: ["10.0.0.1"] });
    expect(await wait(vm.name)).toEqual({ isThere: true, lines: ["10.0.0.1"] });
    expect(await wait(id(1), { family: "ipv6" })).toEqual({ isThere: true, lines: ["2001:db8::1"] });
  });

  test("waits until the guest has an address in the prefix", async () => {
    const vm = withIps("10.0.0.1");
    await addVms(database.store, [vm]);
    const waiting = wait(id(1), { within: "192.0.2.0/24" });
    await changeIps(database.store, vm, "10.0.0.1 192.0.2.7");
    expect(await waiting).toEqual({ isThere: true, lines: ["192.0.2.7"] });
  });

  test("refuses what it cannot wait for", async () => {
    expect(() => readWaitTask(id(1), { family: "ipx" })).toThrow('--family must be ipv4 or ipv6, not "ipx"');
    await expect(wait(id(1), { within: "everywhere" })).rejects.toThrow(ConfigError);
    await expect(wait("nobody")).rejects.toThrow(/no VM is called nobody/);
    expect(() => readWaitTask("x", { timeout: "soon" })).toThrow(/--timeout must be a duration/);
  });

  test("exits 0 with the address alone on its output, and 1 at the timeout", async () => {
    await addVms(database.store, [withIps("10.0.0.1")]);
    const settings = { DATABASE_URL: database.url };
    const found = runVnicGraph(["wait", id(1)], settings);
    expect([await found.ended, found.output()]).toEqual([0, "10.0.0.1\n"]);
    const late = runVnicGraph(["wait", id(1), "--family", "ipv6", "--timeout", "500ms"], settings);
    expect([await late.ended, late.output()]).toEqual([1, `vnic-graph: ${id(1)} has no such address yet\n`]);
  });
});

describe("vnic-graph follow", () => {
  const follow = (flags: Record<string, string> = {}) => followGateway(openTestGateway(), flags);

  test("prints the state and each change, and goes on behind a cursor", async () => {
    const vm = withIps("10.0.0.1");
    await addVms(database.store, [vm]);
    const first = follow();
    await eventually(() => {
      expect(first.told()).toEqual(["STATE 10.0.0.1"]);
    });
    const second = await changeIps(database.store, vm, "10.0.0.2");
    await eventually(() => {
      expect(first.told()).toEqual(["STATE 10.0.0.1", "CHANGE 10.0.0.2"]);
    });
    await first.stop();
    expect(first.lines[1]).toMatchObject({ vmId: id(1), after: { name: vm.name } });
    expect(first.lines[1]?.changes.map(({ kind }) => kind)).toEqual([
      "ADDRESS_REMOVED",
      "ADDRESS_ADDED",
      "ADDRESS_LIST_CHANGED",
    ]);
    await changeIps(database.store, second, "10.0.0.3");
    const next = follow({ after: first.lines[1]?.cursor ?? "" });
    await eventually(() => {
      expect(next.told()).toEqual(["CHANGE 10.0.0.3"]);
    });
    await next.stop();
  });

  test("goes on behind the last change after its connections were lost, and says so once", async () => {
    const vm = withIps("10.0.0.1");
    await addVms(database.store, [vm]);
    const { lines, hints, told, stop } = follow();
    await eventually(() => {
      expect(told()).toEqual(["STATE 10.0.0.1"]);
    });
    const second = await changeIps(database.store, vm, "10.0.0.2");
    await eventually(() => {
      expect(lines).toHaveLength(2);
    });
    const name = new URL(database.url).pathname.slice(1);
    await asAdmin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await eventually(() => {
      expect(hints).toEqual([
        expect.stringMatching(/^vnic-graph: .*it is tried again, behind the last cursor$/),
      ]);
    });
    await asAdmin(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await changeIps(database.store, second, "10.0.0.3");
    await eventually(() => {
      expect(told()).toEqual(["STATE 10.0.0.1", "CHANGE 10.0.0.2", "CHANGE 10.0.0.3"]);
    });
    expect(hints).toHaveLength(1);
    await stop();
  });

  test("prints what its filters mean alone", async () => {
    await addVms(database.store, [withIps("10.0.0.1"), storedVm(2)]);
    for (const flags of [
      { vmIds: id(2) },
      { name: storedVm(2).name },
      { within: "10.1.2.0/24" },
      { vmIds: `${id(2)}, ${id(3)}`, vmHostId: HOST_A, kinds: "address_added" },
    ]) {
      const { lines, stop } = follow(flags);
      await eventually(() => {
        expect(lines.map(({ vmId }) => vmId)).toEqual([id(2)]);
      });
      await stop();
    }
  });

  test("refuses a cursor that is none, and filters that cannot be", async () => {
    await expect(follow({ after: "nonsense" }).ended).rejects.toThrow(ConfigError);
    await expect(follow({ kinds: "weather" }).ended).rejects.toThrow(ConfigError);
    await expect(follow({ within: "everywhere" }).ended).rejects.toThrow(ConfigError);
  });

  test("ends when nobody reads any more", async () => {
    const vm = withIps("10.0.0.1");
    await addVms(database.store, [vm]);
    const { lines, output, ended } = follow();
    await eventually(() => {
      expect(lines).toHaveLength(1);
    });
    output.destroy(new Error("EPIPE"));
    await ended;
  });

  test("prints lines of JSON until it is told to stop", async () => {
    await addVms(database.store, [withIps("10.0.0.1")]);
    const run = runVnicGraph(["follow", "--format", "jsonl"], { DATABASE_URL: database.url });
    await run.says(/\n/);
    expect(JSON.parse(run.output())).toMatchObject({ kind: "STATE", vmId: id(1) });
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
  });
});
