import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHostStates, type HostStates } from "../../src/feed/host-states.js";
import type { HostStateEvent } from "../../src/store/host-state-event.js";
import { readHosts } from "../../src/store/read/host-reads.js";
import { HOST_A, HOST_B } from "../support/builders/ids.js";
import { claimHost, HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";

let database: TestDatabase;
let hosts: HostStates;
/** Looks that have ended, whatever became of them. */
let looks = 0;
let isAway = false;
let calls: string[] = [];
let leaving: (() => Promise<void>)[] = [];

beforeEach(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  [looks, isAway, calls, leaving] = [0, false, [], []];
  hosts = create(10);
});

function create(intervalMs: number): HostStates {
  return createHostStates({
    readHosts: async () => {
      try {
        if (isAway) throw new Error("away");
        return await readHosts(database.dataSource, null);
      } finally {
        looks += 1;
      }
    },
    intervalMs,
    onChange: () => void calls.push("change"),
    onTrouble: (error) => void calls.push(error?.message ?? "well"),
  });
}

afterEach(async () => {
  await Promise.all(leaving.map((leave) => leave()));
  await hosts.stop();
  await database.drop();
});

interface Follower {
  readonly got: string[];
  isDone: boolean;
  leave: () => Promise<void>;
}

/** Follows and keeps what comes, as the kind, the host and its status. */
function follow(hostIds: readonly string[] | null = null, source = hosts): Follower {
  const controller = new AbortController();
  const follower: Follower = { got: [], isDone: false, leave: () => Promise.resolve() };
  const reading = (async () => {
    for await (const event of source.follow(hostIds, controller.signal))
      follower.got.push(describeEvent(event));
    follower.isDone = true;
  })();
  follower.leave = async () => {
    controller.abort();
    await reading;
  };
  leaving.push(follower.leave);
  return follower;
}

function describeEvent({ kind, before, after }: HostStateEvent): string {
  return `${kind} ${(after ?? before)?.name ?? ""} ${before?.status ?? "-"} ${after?.status ?? "-"}`;
}

const STATES = ["STATE host-a - 0", "STATE host-b - 0", "STATE host-c - 0"];

async function fail(hostId: string): Promise<void> {
  await database.store.fail(await claimHost(database.store, hostId), { kind: "timeout", message: "late" }, 5);
}

/** Resolves when a look has begun and ended since. */
async function awaitLook(): Promise<void> {
  const before = looks;
  await eventually(() => {
    expect(looks).toBeGreaterThan(before + 1);
  });
}

describe("the states of hosts", () => {
  test("tell each host first, and then each that is in another state, but not that it was asked again", async () => {
    const follower = follow();
    await eventually(() => {
      expect(follower.got).toEqual(STATES);
    });
    expect(calls).toEqual(["change"]);
    await writePass(database.store, HOST_A);
    await eventually(() => {
      expect(follower.got.slice(3)).toEqual(["CHANGE host-a 0 3"]);
    });
    await writePass(database.store, HOST_A);
    await awaitLook();
    await fail(HOST_B);
    await eventually(() => {
      expect(follower.got.slice(3)).toEqual(["CHANGE host-a 0 3", "CHANGE host-b 0 4"]);
    });
    expect(calls).toEqual(["change", "change", "change"]);
  });

  test("tell who names hosts of those alone", async () => {
    const follower = follow([HOST_B]);
    await eventually(() => {
      expect(follower.got).toEqual(["STATE host-b - 0"]);
    });
    await fail(HOST_A);
    await awaitLook();
    await fail(HOST_B);
    await eventually(() => {
      expect(follower.got).toEqual(["STATE host-b - 0", "CHANGE host-b 0 4"]);
    });
  });

  test("are looked at once for all who begin at the same time", async () => {
    const seldom = create(3_600_000);
    const followers = Array.from({ length: 50 }, () => follow(null, seldom));
    await eventually(() => {
      for (const { got } of followers) expect(got).toEqual(STATES);
    });
    expect(looks).toBe(1);
    await seldom.stop();
  });

  test("are not looked at while nobody follows, and told as they are then to who comes", async () => {
    const follower = follow();
    await awaitLook();
    await follower.leave();
    // The look that was due when the last one left may still come; after it there is none.
    await fail(HOST_A);
    const before = looks;
    for (let pass = 1; pass < 10; pass += 1) await fail(HOST_A);
    expect(looks).toBe(before);
    const late = follow();
    await eventually(() => {
      expect(late.got).toEqual(["STATE host-a - 4", ...STATES.slice(1)]);
    });
  });

  test("tell who takes slowly the last state of each host, and nothing of one that came back to where it was", async () => {
    const events = hosts.follow(null, new AbortController().signal);
    for (const state of STATES)
      expect(describeEvent((await events.next()).value as HostStateEvent)).toBe(state);
    await fail(HOST_A);
    await fail(HOST_B);
    await awaitLook();
    await writePass(database.store, HOST_A);
    await awaitLook();
    expect(describeEvent((await events.next()).value as HostStateEvent)).toBe("CHANGE host-b 0 4");
    expect(describeEvent((await events.next()).value as HostStateEvent)).toBe("CHANGE host-a 0 3");
    await events.return();
  });

  test("go on after the database was away, and say so once each way", async () => {
    const follower = follow();
    await eventually(() => {
      expect(follower.got).toEqual(STATES);
    });
    isAway = true;
    await awaitLook();
    await awaitLook();
    await fail(HOST_A);
    isAway = false;
    await eventually(() => {
      expect(follower.got.slice(3)).toEqual(["CHANGE host-a 0 4"]);
    });
    await eventually(() => {
      expect(calls.filter((call) => call !== "change")).toEqual(["away", "well"]);
    });
  });

  test("end for all when the process stops", async () => {
    const follower = follow();
    await eventually(() => {
      expect(follower.got).toEqual(STATES);
    });
    await hosts.stop();
    await eventually(() => {
      expect(follower.isDone).toBe(true);
    });
  });
});
