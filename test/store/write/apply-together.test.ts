import { describe, expect, test } from "vitest";
import type { ConfiguredHost, HostChanges, Store } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { cleanDatabase } from "../clean-database.js";
import { id } from "../../support/builders/ids.js";
import { claimHost, INTERVAL_MS, PASS } from "../../support/builders/passes.js";
import {
  vmChange,
  hostChanges,
  toGuestInterfaceOf,
  toStoredNic,
  vmState,
} from "../../support/builders/stored.js";

const HOSTS: ConfiguredHost[] = Array.from({ length: 40 }, (_, at) => ({
  id: id(0x20000 + at),
  name: `host${at}`,
  host: `host${at}.example.test`,
  port: 54_321,
}));

let database: TestDatabase;
let store: Store;

cleanDatabase((given) => {
  database = given;
  ({ store } = given);
});

/** Each host's pass at the same time, in the order of the hosts; what it found by the host's place. */
async function together(found: (place: number) => Partial<HostChanges>): Promise<unknown[]> {
  const claims = await Promise.all(HOSTS.map((host) => claimHost(store, host.id)));
  const ends = await Promise.allSettled(
    claims.map((claim, place) => store.apply(claim, hostChanges(found(place)), PASS)),
  );
  return ends.map((end) => (end.status === "fulfilled" ? end.value : end.reason));
}

/** A host's own VM, one a host, found for the first time. */
const found = (place: number): Partial<HostChanges> => ({
  newVms: [vmState(place, { ownerId: HOSTS[place]!.id })],
  insertedInterfaces: [toGuestInterfaceOf(place), toGuestInterfaceOf(place, { name: "eth1" })],
  interfaceOrders: [{ vmId: id(place), names: ["eth0", "eth1"] }],
  upsertedNics: [toStoredNic(place, place)],
});

const allVms = () => store.readVms(HOSTS.map((_, place) => id(place)));
const countEqual = (values: readonly unknown[], value: unknown) =>
  values.filter((each) => each === value).length;

describe("passes that end at the same time", () => {
  test("write all that each of them found, in a few transactions", async () => {
    await store.registerHosts(HOSTS, INTERVAL_MS);
    expect(countEqual(await together(found), true)).toBe(HOSTS.length);
    database.statements();
    const written = await together((place) => {
      const before = vmState(place, { ownerId: HOSTS[place]!.id });
      return {
        changedVms: [
          vmChange(before, { ips: `10.0.0.${place}`, silence: place % 2 === 0 ? "silent" : null }),
        ],
        updatedInterfaces: [
          {
            before: toGuestInterfaceOf(place),
            after: toGuestInterfaceOf(place, { ipv4Addresses: [`10.0.0.${place}`] }),
          },
        ],
        deletedInterfaces: [toGuestInterfaceOf(place, { name: "eth1" })],
        interfaceOrders: [{ vmId: id(place), names: ["eth0"] }],
      };
    });
    expect(countEqual(written, true)).toBe(HOSTS.length);
    const begun = database.statements().filter((statement) => statement.startsWith("START TRANSACTION"));
    expect(begun.length).toBe(CONCURRENCY + 1);
    for (const stored of await allVms()) {
      const place = HOSTS.findIndex((host) => host.id === stored.ownerId);
      expect(stored).toEqual({
        ...vmState(place, { ownerId: stored.ownerId, ips: `10.0.0.${place}` }),
        silence: place % 2 === 0 ? "silent" : null,
        interfaces: [toGuestInterfaceOf(place, { ipv4Addresses: [`10.0.0.${place}`] })],
        nics: [toStoredNic(place, place)],
      });
    }
    const rows = await store.readVmsByIds(HOSTS.map((_, place) => id(place)));
    expect(rows.filter(({ staleReason }) => staleReason === "AGENT_SILENT")).toHaveLength(HOSTS.length / 2);
    expect(rows.every(({ lastReportedAt }) => lastReportedAt !== null)).toBe(true);
  });

  test("leave out the one whose claim is void, and write the others", async () => {
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const claims = await Promise.all(HOSTS.map((host) => claimHost(store, host.id)));
    await claimHost(store, HOSTS[20]!.id);
    const written = await Promise.all(
      claims.map((claim, place) => store.apply(claim, hostChanges(found(place)), PASS)),
    );
    expect(written.map((each, place) => (each ? -1 : place)).filter((place) => place >= 0)).toEqual([20]);
    expect((await allVms()).map((stored) => stored.id).toSorted()).toEqual(
      HOSTS.map((_, place) => id(place))
        .filter((vmId) => vmId !== id(20))
        .toSorted(),
    );
    expect((await store.readHostsByIds([HOSTS[20]!.id]))[0]?.lastSuccessAt).toBeNull();
  });

  test.each(
    Object.entries<{ readonly end: unknown; readonly wrong: Partial<HostChanges> }>({
      "assumed what is no longer so": {
        end: false,
        wrong: { deletedInterfaces: [toGuestInterfaceOf(20, { name: "gone" })] },
      },
      "is refused by PostgreSQL": {
        end: expect.objectContaining({ message: expect.stringMatching(/foreign key/) as string }),
        wrong: { insertedInterfaces: [toGuestInterfaceOf(99)] },
      },
    }),
  )("let the others write if one of them %s", async (_, { end, wrong }) => {
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const ends = await together((place) => (place === 20 ? wrong : found(place)));
    expect(ends[20]).toEqual(end);
    expect(countEqual(ends, true)).toBe(HOSTS.length - (end === true ? 0 : 1));
    expect(await allVms()).toHaveLength(HOSTS.length - (end === true ? 0 : 1));
  });

  test("S8: give a vNIC that two of them claim to one of these, and write all the others", async () => {
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const claimed = { ...toStoredNic(21, 20), name: "twice" };
    const ends = await together((place) =>
      place === 20 ? { ...found(20), upsertedNics: [toStoredNic(20, 20), claimed] } : found(place),
    );
    expect(countEqual(ends, true)).toBe(HOSTS.length - 1);
    expect(ends.slice(20, 22).toSorted()).toEqual([false, true]);
    expect(await store.readNicHolders([claimed.id])).toEqual(
      new Map([[claimed.id, id(ends[20] === true ? 20 : 21)]]),
    );
  });

  test("give a VM that two of them find for the first time to one of these", async () => {
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const ends = await together((place) =>
      place === 21
        ? { newVms: [vmState(20, { ownerId: HOSTS[21]!.id })], insertedInterfaces: [toGuestInterfaceOf(20)] }
        : found(place),
    );
    expect(countEqual(ends, true)).toBe(HOSTS.length - 1);
    expect(ends.slice(20, 22).toSorted()).toEqual([false, true]);
    const [stored] = await store.readVms([id(20)]);
    expect(stored?.interfaces).toHaveLength(ends[20] === true ? 2 : 1);
    expect(stored?.ownerId).toBe(HOSTS[ends[20] === true ? 20 : 21]!.id);
  });
});

/** So many passes go at once, each in a transaction of its own; the rest waits and goes together. */
const CONCURRENCY = 4;
