import { beforeEach, describe, expect, test } from "vitest";
import { createStore, type Store } from "../../../src/store/store.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { cleanDatabase } from "../clean-database.js";
import { NO_CHANGES } from "../../../src/refresher/plan/plan-builder.js";
import type { HostClaim } from "../../../src/store/types.js";
import { HOST_A, HOST_B, HOST_C } from "../../support/builders/ids.js";
import { HOSTS, claimHost } from "../../support/builders/passes.js";
import { vmChange, hostChanges, vmState } from "../../support/builders/stored.js";

const INTERVAL_MS = 15_000;
const [A, B, C] = HOSTS as [(typeof HOSTS)[0], (typeof HOSTS)[0], (typeof HOSTS)[0]];

let database: TestDatabase;
/** Two gateways on one database. */
let one: Store;
let other: Store;

cleanDatabase((given) => (database = given));

beforeEach(async () => {
  await database.dataSource.query("TRUNCATE vds_static, vnic_graph_gateway CASCADE");
  one = createStore(database.dataSource, "machine1:4000");
  other = createStore(database.dataSource, "machine2:4000");
});

const listed = async () => (await one.listHosts()).map(({ id }) => id);
const polled = async () => (await one.readHosts()).filter(({ polled }) => polled).map(({ id }) => id);

/** Makes it that much later for the leases. */
async function later(seconds: number): Promise<void> {
  await database.dataSource.query(
    `UPDATE vnic_graph_gateway SET alive_until = alive_until - $1 * interval '1 s',
       leased_until = leased_until - $1 * interval '1 s'`,
    [seconds],
  );
}

describe("the list of hosts", () => {
  test("is the union of what all gateways name", async () => {
    expect(await one.registerHosts([A, B], INTERVAL_MS)).toEqual([]);
    expect(await other.registerHosts([B, C], INTERVAL_MS)).toEqual([]);
    expect(await listed()).toEqual([HOST_A, HOST_B, HOST_C]);
    expect(await polled()).toEqual([HOST_A, HOST_B, HOST_C]);
  });

  test("is not written by a gateway that polls nothing, or by a process that runs once", async () => {
    await one.registerHosts([A, B], INTERVAL_MS);
    const before: unknown = await database.dataSource.query("SELECT host_id, active FROM vnic_graph_host");
    expect(await other.registerHosts([C], null)).toEqual([]);
    expect(await one.reconcileHosts()).toEqual([]);
    expect(
      await database.dataSource.query("SELECT host_id, active FROM vnic_graph_host WHERE host_id <> $1", [
        HOST_C,
      ]),
    ).toEqual(before);
    expect(await polled()).toEqual([HOST_A, HOST_B]);
    // The process that names it may ask it all the same.
    expect(await claimHost(other, HOST_C)).toMatchObject({ epoch: 1n });
    await other.endRegistration();
    expect(await polled()).toEqual([HOST_A, HOST_B]);
  });

  test("loses at once what the same gateway no longer names when it starts again", async () => {
    await one.registerHosts([A, B], INTERVAL_MS);
    await other.registerHosts([B], INTERVAL_MS);
    await one.endRegistration();
    const again = createStore(database.dataSource, "machine1:4000");
    expect(await again.registerHosts([C], INTERVAL_MS)).toEqual([{ id: HOST_A, name: "host-a" }]);
    expect(await listed()).toEqual([HOST_B, HOST_C]);
  });

  test("keeps the hosts of a gateway that stopped for a minute, and of one that crashed for ten", async () => {
    await one.registerHosts([A], INTERVAL_MS);
    await other.registerHosts([B], INTERVAL_MS);
    await one.endRegistration();
    expect(await other.reconcileHosts()).toEqual([]);
    await later(59);
    expect(await other.reconcileHosts()).toEqual([]);
    await later(2);
    expect(await other.renewRegistration()).toBe(true);
    expect(await other.reconcileHosts()).toEqual([]);
    expect(await other.reconcileHosts()).toEqual([{ id: HOST_A, name: "host-a" }]);

    await one.registerHosts([A], INTERVAL_MS);
    await later(590);
    await other.renewRegistration();
    expect(await other.reconcileHosts()).toEqual([]);
    await later(11);
    await other.renewRegistration();
    expect(await other.reconcileHosts()).toEqual([]);
    expect(await other.reconcileHosts()).toEqual([{ id: HOST_A, name: "host-a" }]);
  });

  test("loses nothing of living gateways when the clock is set forward by an hour, or the database was away for as long", async () => {
    await one.registerHosts([A], INTERVAL_MS);
    await other.registerHosts([B], INTERVAL_MS);
    await later(3_600);
    const third = createStore(database.dataSource, "machine3:4000");
    expect(await third.registerHosts([C], INTERVAL_MS)).toEqual([]);
    expect(await one.renewRegistration()).toBe(true);
    expect(await one.reconcileHosts()).toEqual([]);
    expect(await other.renewRegistration()).toBe(true);
    for (const gateway of [one, third, one, third]) expect(await gateway.reconcileHosts()).toEqual([]);
    expect(await listed()).toEqual([HOST_A, HOST_B, HOST_C]);
  });

  test("forgets what a gateway named that ended more than a day before another one starts", async () => {
    await one.registerHosts([A], INTERVAL_MS);
    await later(600 + 86_401);
    const third = createStore(database.dataSource, "machine3:4000");
    expect(await third.registerHosts([C], INTERVAL_MS)).toEqual([{ id: HOST_A, name: "host-a" }]);
  });

  test("takes the hosts back of a gateway that stood still for long", async () => {
    await one.registerHosts([A], INTERVAL_MS);
    await later(700);
    await other.registerHosts([B], INTERVAL_MS);
    for (let look = 0; look < 2; look += 1) await other.reconcileHosts();
    expect(await listed()).toEqual([HOST_B]);
    expect(await one.renewRegistration()).toBe(false);
    await one.registerHosts([A], INTERVAL_MS);
    expect(await listed()).toEqual([HOST_A, HOST_B]);
  });

  test("stays as it is while no gateway names any host", async () => {
    await one.registerHosts([A, B], INTERVAL_MS);
    await later(700);
    expect(await other.registerHosts([], INTERVAL_MS)).toEqual([]);
    expect(await listed()).toEqual([HOST_A, HOST_B]);
    expect(await polled()).toEqual([HOST_A, HOST_B]);
  });

  test("has hosts that nobody polls once the last gateway that polls is gone", async () => {
    await one.registerHosts([A], INTERVAL_MS);
    await later(40);
    expect(await polled()).toEqual([]);
    expect(await one.readPollingState()).toMatchObject({ hosts: 1, unpolled: 1 });
    await one.renewRegistration();
    expect(await polled()).toEqual([HOST_A]);
  });

  test("takes the shortest interval of the gateways that name a host, and writes nothing when nothing changed", async () => {
    await one.registerHosts([A], 60_000);
    await other.registerHosts([A], 5_000);
    expect(await one.listHosts()).toMatchObject([{ intervalMs: 5_000, fromSettings: true }]);
    const row = () => database.dataSource.query<unknown[]>("SELECT xmin, * FROM vnic_graph_host");
    const before = await row();
    await one.reconcileHosts();
    expect(await row()).toEqual(before);
  });
});

describe("claims of two gateways", () => {
  const options = { limitMs: 60_000, freshMs: 0, isRetry: false };
  const note = { vmCount: 0, durationMs: 1, visibleChanges: [] };
  beforeEach(async () => {
    await one.registerHosts(HOSTS, INTERVAL_MS);
    await other.registerHosts(HOSTS, INTERVAL_MS);
  });

  test("do not void each other: a host is left alone while another gateway polls it", async () => {
    const claim = await claimHost(one, HOST_A);
    expect(await other.claim(HOST_A)).toEqual({ hostId: HOST_A, deferred: "busy" });
    expect(await other.claim(HOST_B)).toMatchObject({ epoch: 1n });
    expect(await one.fail(claim, { kind: "timeout", message: "no reply" }, 1)).toBe(true);
    expect(await other.claim(HOST_A)).toMatchObject({ epoch: 2n });
  });

  test("of a gateway that is dead, or of a pass that takes too long, stand in nobody's way", async () => {
    await claimHost(one, HOST_A);
    expect(await other.claim(HOST_A)).toMatchObject({ deferred: "busy" });
    await later(8);
    await other.renewRegistration();
    expect(await other.claim(HOST_A)).toMatchObject({ epoch: 2n });

    await one.renewRegistration();
    await one.claim(HOST_B, { ...options, limitMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await other.claim(HOST_B)).toMatchObject({ epoch: 2n });
  });

  test("of a gateway that crashed before the clock was set back by an hour stand in nobody's way either", async () => {
    await claimHost(one, HOST_A);
    await later(-3_600);
    await other.reconcileHosts();
    await later(8);
    await other.renewRegistration();
    expect(await other.claim(HOST_A)).toMatchObject({ epoch: 2n });
    await later(600);
    await other.renewRegistration();
    await one.registerHosts([], INTERVAL_MS);
    expect((await listed()).toSorted()).toEqual(HOSTS.map(({ id }) => id).toSorted());
  });

  test("give the next turn to the gateway that was refused", async () => {
    const claim = await claimHost(one, HOST_A);
    expect(await other.claim(HOST_A)).toMatchObject({ deferred: "busy" });
    await one.fail(claim, { kind: "timeout", message: "no reply" }, 1);
    expect(await one.claim(HOST_A)).toMatchObject({ deferred: "busy" });
    const next = await claimHost(other, HOST_A);
    await other.fail(next, { kind: "timeout", message: "no reply" }, 1);
    expect(await one.claim(HOST_A)).toMatchObject({ epoch: 3n });
  });

  test("are not needed for a host that another gateway has just polled with success", async () => {
    await one.apply(await claimHost(one, HOST_A), NO_CHANGES, note);
    expect(await other.claim(HOST_A, { ...options, freshMs: 7_500 })).toEqual({
      hostId: HOST_A,
      deferred: "fresh",
    });
    expect(await one.claim(HOST_A, { ...options, freshMs: 7_500 })).toMatchObject({ epoch: 2n });
  });

  test("end with a pass that was stopped", async () => {
    await claimHost(one, HOST_A);
    await one.releaseClaim(HOST_A);
    expect(await other.claim(HOST_A)).toMatchObject({ epoch: 2n });
  });

  describe("of a pass that was superseded", () => {
    const state = vmState(1);
    const takeFromA = hostChanges({ changedVms: [vmChange(state, { ownerId: HOST_B })] });
    let claim: HostClaim;
    beforeEach(async () => {
      await one.apply(await claimHost(one, HOST_A), hostChanges({ newVms: [state] }), note);
      claim = await claimHost(one, HOST_A);
      expect(await other.claim(HOST_A)).toMatchObject({ deferred: "busy" });
    });
    const supersede = async () => one.apply(await claimHost(one, HOST_B), takeFromA, note);

    test.each([
      ["written", () => one.apply(claim, NO_CHANGES, note)],
      ["failed", () => one.fail(claim, { kind: "timeout", message: "no reply" }, 1)],
    ])("stand in nobody's way once it has %s", async (_, end) => {
      await supersede();
      expect(await end()).toBe(false);
      expect(await other.claim(HOST_A)).toMatchObject({ epoch: 4n });
    });

    test("leave a later claim of the same gateway alone", async () => {
      const later = await claimHost(one, HOST_A);
      expect(await one.apply(claim, NO_CHANGES, note)).toBe(false);
      expect(await other.claim(HOST_A)).toMatchObject({ deferred: "busy" });
      expect(await one.apply(later, NO_CHANGES, note)).toBe(true);
    });

    test("leave the precedence to whichever gateway tries it again", async () => {
      await supersede();
      await one.apply(claim, NO_CHANGES, note);
      const again = await claimHost(other, HOST_A);
      const back = hostChanges({
        changedVms: [vmChange({ ...state, ownerId: HOST_B }, { ownerId: HOST_A })],
      });
      const rival = await claimHost(one, HOST_B);
      const give = hostChanges({
        changedVms: [vmChange({ ...state, ownerId: HOST_B }, { incomingId: HOST_A })],
      });
      expect(await one.apply(rival, give, note)).toBe(false);
      expect(await other.apply(again, back, note)).toBe(true);
    });

    test("hold up the hosts with which it exchanges VMs for two intervals at most, however slow its host is", async () => {
      await supersede();
      await one.apply(claim, NO_CHANGES, note);
      await claimHost(other, HOST_A);
      const give = hostChanges({
        changedVms: [vmChange({ ...state, ownerId: HOST_B }, { incomingId: HOST_A })],
      });
      const runFor = (seconds: number) =>
        database.dataSource.query(
          `UPDATE vnic_graph_host SET last_duration_ms = 600000, last_attempt_at = now() - $2 * interval '1 s'
           WHERE host_id = $1`,
          [HOST_A, seconds],
        );
      await runFor(25);
      expect(await one.apply(await claimHost(one, HOST_B), give, note)).toBe(false);
      await runFor(31);
      expect(await one.apply(await claimHost(one, HOST_B), give, note)).toBe(true);
    });

    test("do not keep its own gateway waiting for others that wait for it", async () => {
      await supersede();
      expect(await one.claim(HOST_A, { ...options, isRetry: true })).toMatchObject({ epoch: 4n });
    });
  });

  test("let the pass that was superseded before write first", async () => {
    const state = vmState(1);
    await one.apply(await claimHost(one, HOST_A), hostChanges({ newVms: [state] }), note);
    const take = (ownerId: string) => hostChanges({ changedVms: [vmChange(state, { ownerId })] });
    // A's pass is a second try; B's takes a VM from A and would void it.
    const tried = await one.claim(HOST_A, { ...options, isRetry: true });
    const rival = await claimHost(one, HOST_B);
    expect(await one.apply(rival, take(HOST_B), note)).toBe(false);
    expect(tried).toMatchObject({ epoch: 2n });
    expect(await one.apply(tried as HostClaim, NO_CHANGES, note)).toBe(true);
    const again = (await one.claim(HOST_B, { ...options, isRetry: true })) as HostClaim;
    expect(await one.apply(again, take(HOST_B), note)).toBe(true);
  });
});
