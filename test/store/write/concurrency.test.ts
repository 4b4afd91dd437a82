import fc from "fast-check";
import { expect, test } from "vitest";
import type { HostChanges, HostClaim, Store, StoredVm } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { cleanDatabase } from "../clean-database.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, PASS, claimHost, writePass } from "../../support/builders/passes.js";
import {
  hostChanges,
  toGuestInterfaceOf,
  toStoredNic,
  vmChange,
  vmState,
} from "../../support/builders/stored.js";

const NUMBERS = Array.from({ length: 40 }, (_, index) => index + 1);

let database: TestDatabase;
let store: Store;

cleanDatabase(
  (given) => {
    database = given;
    ({ store } = given);
  },
  { poolSize: 12, lockTimeoutMs: 1_000 },
);

test("of many late and timely writers of one host exactly the last to claim writes", async () => {
  const claims: HostClaim[] = [];
  while (claims.length < NUMBERS.length) claims.push(await claimHost(store, HOST_A));
  const written = await Promise.all(
    claims.map((claim, index) => store.apply(claim, hostChanges({ newVms: [vmState(index + 1)] }), PASS)),
  );
  expect(written.map((each, index) => (each ? index : -1)).filter((index) => index >= 0)).toEqual([
    NUMBERS.length - 1,
  ]);
  expect((await store.readVmsByHosts([HOST_A])).map((row) => row.id)).toEqual([id(NUMBERS.length)]);
});

test("two hosts that find the same new VMs at once neither deadlock nor share them", async () => {
  for (let round = 0; round < 10; round++) {
    const vms = NUMBERS.map((number) => number + round * 100);
    const written = await Promise.all(
      [HOST_A, HOST_B, HOST_C].map((hostId, index) =>
        writePass(store, hostId, {
          newVms: (index % 2 === 0 ? vms : vms.toReversed()).map((number) =>
            vmState(number, { ownerId: hostId }),
          ),
          insertedInterfaces: vms.map((number) => toGuestInterfaceOf(number)),
          upsertedNics: vms.map((number) => toStoredNic(number, number)),
        }),
      ),
    );
    expect(written.filter(Boolean)).toHaveLength(1);
  }
  const devices = await store.readGuestInterfacesByVms(
    (await store.readVmsByHosts([HOST_A, HOST_B, HOST_C])).map((row) => row.id),
  );
  expect(devices).toHaveLength(10 * NUMBERS.length);
});

test("settings that end one host and name another do not deadlock with a pass of both, nor wait for it", async () => {
  const passing = database.dataSource.createQueryRunner();
  await passing.startTransaction();
  const lock = "SELECT FROM vnic_graph_host WHERE host_id = $1 FOR UPDATE";
  await passing.query(lock, [HOST_A]);
  const dropped = await store.registerHosts([HOSTS[1]!], INTERVAL_MS);
  expect(dropped.map((host) => host.id)).toEqual([HOST_C]);
  await passing.query(lock, [HOST_B]);
  await passing.commitTransaction();
  await passing.release();
  expect((await store.reconcileHosts()).map((host) => host.id)).toEqual([HOST_A]);
  expect((await store.listHosts()).map((host) => host.id)).toEqual([HOST_B]);
});

test("a session that hangs with one host's row locked holds up that host's claim alone", async () => {
  const hanging = database.dataSource.createQueryRunner();
  await hanging.startTransaction();
  await hanging.query("SELECT FROM vnic_graph_host WHERE host_id = $1 FOR UPDATE", [HOST_A]);
  const locked = store.claim(HOST_A);
  const others = await Promise.all([store.claim(HOST_B), store.claim(HOST_C)]);
  expect(others).toMatchObject([{ epoch: 1n }, { epoch: 1n }]);
  expect(await locked).toEqual({ hostId: HOST_A, deferred: "busy" });
  await hanging.rollbackTransaction();
  await hanging.release();
  expect(await store.claim(HOST_A)).toMatchObject({ epoch: 1n });
});

test("a session that hangs with one host's row locked holds up neither the writes nor the notes of the others", async () => {
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
  const hosts = numbers.map((number) => ({
    ...HOSTS[0]!,
    id: id(0x30_000 + number),
    name: `host-${number}`,
  }));
  await store.registerHosts(hosts, INTERVAL_MS);
  const [locked = "", ...others] = hosts.map((host) => host.id);
  for (const found of [true, false]) {
    const claims = await Promise.all(hosts.map((host) => claimHost(store, host.id)));
    const changes = (place: number) =>
      hostChanges(found ? { newVms: [vmState(place, { ownerId: hosts[place]!.id })] } : {});
    await whileLocked("SELECT FROM vnic_graph_host WHERE host_id = $1 FOR UPDATE", locked, async () => {
      let hasEnded = false;
      const late = store.apply(claims[0]!, changes(0), PASS).catch((error: unknown) => {
        hasEnded = true;
        return error;
      });
      const written = await Promise.all(
        others.map((_, at) => store.apply(claims[at + 1]!, changes(at + 1), PASS)),
      );
      expect(written).toEqual(others.map(() => true));
      // The session that hangs is still waited for, by its own host's pass alone.
      expect(hasEnded).toBe(false);
      expect(await late).toMatchObject({ reason: "locked" });
    });
    expect(await writePass(store, locked)).toBe(true);
  }
});

test("a session that hangs with one VM's row locked fails that VM's host alone", async () => {
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7];
  const hosts = numbers.map((number) => ({
    ...HOSTS[0]!,
    id: id(0x30_000 + number),
    name: `host-${number}`,
  }));
  await store.registerHosts(hosts, INTERVAL_MS);
  const before = (at: number) => vmState(at, { ownerId: hosts[at]!.id });
  for (const at of numbers) await writePass(store, hosts[at]!.id, { newVms: [before(at)] });
  const claims = await Promise.all(hosts.map((host) => claimHost(store, host.id)));
  // The first four passes have transactions of their own; this one shares its.
  const lockedAt = 6;
  await whileLocked("SELECT FROM vm_dynamic WHERE vm_guid = $1 FOR UPDATE", id(lockedAt), async () => {
    const ended: number[] = [];
    const ends = await Promise.allSettled(
      numbers.map(async (at) => {
        const changes = hostChanges({ changedVms: [vmChange(before(at), { ips: `10.0.0.${at}` })] });
        try {
          return await store.apply(claims[at]!, changes, PASS);
        } finally {
          ended.push(at);
        }
      }),
    );
    expect(ends.map((end) => (end.status === "fulfilled" ? end.value : (end.reason as unknown)))).toEqual(
      numbers.map((at) => (at === lockedAt ? expect.objectContaining({ reason: "locked" }) : true)),
    );
    expect(ended.at(-1)).toBe(lockedAt);
  });
});

/** Works while another session holds the lock that `sql` takes. */
async function whileLocked(sql: string, key: string, work: () => Promise<void>): Promise<void> {
  const hanging = database.dataSource.createQueryRunner();
  await hanging.startTransaction();
  try {
    await hanging.query(sql, [key]);
    await work();
  } finally {
    await hanging.rollbackTransaction();
    await hanging.release();
  }
}

test("hosts that take VMs from each other at once never deadlock, and every VM has one owner's data", async () => {
  const hostIds = [HOST_A, HOST_B, HOST_C];
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 2 })), async (choices) => {
      await database.dataSource.query("TRUNCATE vm_static CASCADE");
      await writePass(store, HOST_A, {
        newVms: NUMBERS.map((number) => vmState(number, { ownerId: null, ips: "none" })),
      });
      const next = () => choices.next().value as number;
      const workers = hostIds
        .flatMap((hostId) => [hostId, hostId])
        .map(async (hostId) => {
          for (let round = 0; round < 8; round++) {
            const claim = await claimHost(store, hostId);
            const stored = await store.readHostVms(hostId, NUMBERS.map(id));
            const taken = stored.filter(() => next() === 0);
            await store.apply(claim, takingOver(hostId, next() === 0 ? taken : taken.toReversed()), PASS);
          }
        });
      await Promise.all(workers);
      for (const state of await store.readHostVms(HOST_A, NUMBERS.map(id))) {
        // Whoever owns the VM wrote all of it in the same transaction.
        expect(state.ips).toBe(state.ownerId ?? "none");
        expect(state.interfaces.map((each) => each.name)).toEqual(
          state.ownerId === null ? [] : [state.ownerId],
        );
      }
    }),
    { numRuns: 10 },
  );
});

/** A host makes VMs its own: state and the one interface, which is named after the owner. */
function takingOver(hostId: string, stored: readonly StoredVm[]): HostChanges {
  return hostChanges({
    changedVms: stored.map(({ interfaces: _interfaces, nics: _nics, ...before }) => ({
      before,
      after: { ...before, ownerId: hostId, contenderId: before.ownerId, ips: hostId },
    })),
    deletedInterfaces: stored.flatMap((each) => each.interfaces),
    insertedInterfaces: stored.map((each) => ({ ...toGuestInterfaceOf(1), vmId: each.id, name: hostId })),
  });
}
