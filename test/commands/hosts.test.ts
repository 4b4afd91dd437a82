import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHostsCommand, type HostsTask } from "../../src/commands/hosts.js";
import { ConfigError, loadConfig } from "../../src/config.js";
import { createConfiguredHost } from "../../src/gateway/hosts/host-ids.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { claimHost } from "../support/builders/passes.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function run(task: HostsTask, environment: Record<string, string> = {}): Promise<string> {
  const config = loadConfig({ DATABASE_URL: database.url, ...environment });
  const lines: string[] = [];
  await runHostsCommand(task, config, (line) => lines.push(line));
  return lines.join("\n");
}

const readId = (host: string, port = 54_321) => createConfiguredHost({ host, port }).id;

describe("vnic-graph hosts", () => {
  test("says what to do while there is no host", async () => {
    expect(await run({ do: "list" })).toBe(
      "No host is polled; add one with `vnic-graph hosts add <host[:port]>`.",
    );
  });

  test("adds a host, shows it and removes it by its id, its name or its address", async () => {
    for (const wordsOf of [(id: string) => id, () => "10.0.0.1:54321", () => "10.0.0.1"]) {
      expect(await run({ do: "add", address: "10.0.0.1" })).toContain(readId("10.0.0.1"));
      expect(await run({ do: "list" })).toMatch(
        new RegExp(
          `^${readId("10.0.0.1")}  10\\.0\\.0\\.1:54321 +10\\.0\\.0\\.1:54321 +not asked yet +never$`,
          "m",
        ),
      );
      await run({ do: "remove", host: wordsOf(readId("10.0.0.1")) });
      expect(await database.store.listHosts()).toEqual([]);
    }
  });

  test("shows how a host does, and one that is no longer polled while its VMs are still shown", async () => {
    const host = createConfiguredHost({ host: "10.0.0.2", port: 1 });
    await database.store.addHost(host, 15_000);
    const claim = await claimHost(database.store, host.id);
    await database.store.fail(claim, { kind: "unreachable", message: "10.0.0.2:1 refuses" }, 5);
    expect(await run({ do: "list" })).toMatch(/10\.0\.0\.2:1 +not answering +never +10\.0\.0\.2:1 refuses$/m);
    await database.store.removeHost(host.id);
    await database.dataSource.query(
      "INSERT INTO vm_static (vm_guid, vm_name) VALUES ('00000000-0000-0000-0000-000000000001', 'vm')",
    );
    await database.dataSource.query(
      "INSERT INTO vm_dynamic (vm_guid, status, run_on_vds) VALUES ('00000000-0000-0000-0000-000000000001', 1, $1)",
      [host.id],
    );
    expect(await run({ do: "list" })).toMatch(/10\.0\.0\.2:1 +not polled/m);
  });

  test.each(
    Object.entries<{ readonly task: HostsTask; readonly words: string }>({
      "an address that is none": { task: { do: "add", address: "a b" }, words: "the host must be" },
      "a host that is not polled": {
        task: { do: "remove", host: "nowhere" },
        words: "no host nowhere is polled",
      },
    }),
  )("refuses %s in one line", async (_, { task, words }) => {
    await expect(run(task)).rejects.toThrow(ConfigError);
    await expect(run(task)).rejects.toThrow(words);
  });

  test("leaves alone what a gateway's settings name, and asks for an id where a name is several hosts'", async () => {
    const named = [
      createConfiguredHost({ host: "10.0.0.3", port: 1 }),
      createConfiguredHost({ host: "10.0.0.4", port: 1 }),
    ];
    await database.store.registerHosts(named, 15_000);
    await expect(run({ do: "remove", host: named[0]!.id })).rejects.toThrow("VDSM_HOSTS");
    for (const { id } of named) await database.store.renameHost(id, "twin");
    await expect(run({ do: "remove", host: "twin" })).rejects.toThrow(named[1]!.id);
  });

  test("says that a host which is polled is polled already", async () => {
    expect(await run({ do: "add", address: "10.0.0.9" })).toMatch(/is polled now; its id is/);
    expect(await run({ do: "add", address: "10.0.0.9" })).toMatch(/is polled already; its id is/);
  });

  test("needs a gateway that runs or a database that gateways share, and hosts to be polled", async () => {
    const nowhere = { DATABASE_URL: "", DATA_DIR: "/nowhere" };
    await expect(run({ do: "list" }, nowhere)).rejects.toThrow(/no gateway runs on \/nowhere.*DATABASE_URL/);
    await expect(run({ do: "list" }, { SOURCE: "engine" })).rejects.toThrow("SOURCE is engine");
  });
});
