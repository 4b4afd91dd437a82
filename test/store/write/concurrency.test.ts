import fc from "fast-check";
import { expect, test } from "vitest";
import type { HostChanges, HostClaim, Store, StoredVm } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/database.js";
import { cleanDatabase } from "../clean-database.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, PASS, claimHost, writePass } from "../../support/builders/passes.js";
import { hostChanges, guestInterfaceOf, storedNicOf, vmState } from "../../support/builders/stored.js";

const NUMBERS = Array.from({ length: 40 }, (_, index) => index + 1);

let database: TestDatabase;
let store: Store;

cleanDatabase(
  (given) => {
    database = given;
    ({ store } = given);
  },
  { poolSize: 12 },
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
          insertedInterfaces: vms.map((number) => guestInterfaceOf(number)),
          upsertedNics: vms.map((number) => storedNicOf(number, number)),
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
    insertedInterfaces: stored.map((each) => ({ ...guestInterfaceOf(1), vmId: each.id, name: hostId })),
  });
}
