import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GenerationHost } from "../support/generations.js";
import { startRefreshing, type Refreshing } from "../support/refreshing.js";

let all: Refreshing;
let source: GenerationHost;
let destination: GenerationHost;

beforeAll(async () => {
  all = await startRefreshing({ hosts: 2, vmsPerHost: 1 });
  [source, destination] = all.fleet.hosts as [GenerationHost, GenerationHost];
});

afterAll(() => all.stop());

/**
 * What is polled between the steps of a migration: every order in which two hosts of one interval can come, that is, in
 * turns. (A host that leaves out its turns, because it fails, is another fault: then its VMs read as Down until it is back.)
 */
const ORDERS = ["s", "d"].flatMap((first) =>
  [0, 1, 2].flatMap((one) =>
    [0, 1, 2].flatMap((two) => [0, 1, 2].map((three) => inTurns(first, [one, two, three, 6]))),
  ),
);

function inTurns(first: string, lengths: readonly number[]): string[] {
  let next = first;
  return lengths.map((length) => {
    let polls = "";
    while (polls.length < length) {
      polls += next;
      next = next === "s" ? "d" : "s";
    }
    return polls;
  });
}

/** Takes the steps of a story with polls between them; returns whose the VM was after each poll. */
async function live(steps: readonly (() => void)[], polls: readonly string[]): Promise<(string | null)[]> {
  const owners: (string | null)[] = [];
  for (const [at, step] of steps.entries()) {
    step();
    for (const which of polls[at] ?? "") {
      expect((await all.pass(which === "s" ? source : destination)).outcome).toBe("done");
      owners.push(await readOwner(source.vmIds[0]!));
    }
  }
  return owners;
}

async function readOwner(vmId: string): Promise<string | null> {
  const rows = await all.database.dataSource.query<{ owner: string | null }[]>(
    "SELECT run_on_vds AS owner FROM vm_dynamic WHERE vm_guid = $1",
    [vmId],
  );
  expect(rows.length).toBe(1);
  return rows[0]!.owner;
}

function countChangesIn(owners: readonly (string | null)[]): number {
  return owners.filter((owner, at) => at > 0 && owner !== owners[at - 1]).length;
}

/** Back to the source, settled, whatever was before. */
async function settle(vmId: string): Promise<void> {
  const { world } = all.fleet;
  world.destroy(vmId);
  world.placeVm(world.findVm(vmId), source.name, "Up");
  await all.pass(source);
  await all.pass(destination);
  expect(await readOwner(vmId)).toBe(source.configured.id);
}

describe("F9: a VM that two hosts report while it migrates", () => {
  test(`has one owner at every instant, in all ${ORDERS.length} orders of polls, and changes it once`, async () => {
    const { world } = all.fleet;
    const vmId = source.vmIds[0]!;
    for (const order of ORDERS) {
      await settle(vmId);
      const owners = await live(
        [
          () => {
            world.startMigration(vmId, destination.name);
          },
          () => {
            world.finishMigration(vmId);
          },
          () => {
            world.leaveSource(vmId);
          },
          () => undefined,
        ],
        order,
      );
      const story = `${order.join("|")}: ${owners.join(" ")}`;
      expect(owners, story).not.toContain(null);
      expect(owners.at(-1), story).toBe(destination.configured.id);
      expect(countChangesIn([source.configured.id, ...owners]), story).toBe(1);
      const devices = await all.database.store.readGuestInterfacesByVms([vmId]);
      expect(devices.length, story).toBe(2);
    }
  });

  test("stays where it is when the migration fails, in every order", async () => {
    const { world } = all.fleet;
    const vmId = source.vmIds[0]!;
    for (const order of ORDERS) {
      await settle(vmId);
      const owners = await live(
        [
          () => {
            world.startMigration(vmId, destination.name);
          },
          () => {
            world.failMigration(vmId);
          },
          () => {
            world.destroy(vmId, destination.name);
          },
          () => undefined,
        ],
        order,
      );
      expect(new Set(owners), order.join("|")).toEqual(new Set([source.configured.id]));
    }
    await settle(vmId);
  });
});

describe("F10: a VM that two hosts say is Up", () => {
  test("has one owner, the same at every poll, and ends with the host that goes on saying so", async () => {
    const { world } = all.fleet;
    const vmId = source.vmIds[0]!;
    await settle(vmId);
    world.placeVm(world.findVm(vmId), destination.name, "Up");
    const owners = await live([() => undefined, () => undefined], ["dsdsdsds", "sdsdsdsd"]);
    expect(owners).not.toContain(null);
    expect(countChangesIn(owners)).toBeLessThanOrEqual(1);
    world.destroy(vmId, source.name);
    const after = await live([() => undefined], ["sdsdsd"]);
    expect(after.at(-1)).toBe(destination.configured.id);
    await settle(vmId);
  });
});
