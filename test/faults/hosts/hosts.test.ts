import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PassResult } from "../../../src/refresher/pass.js";
import type { Fault } from "../../../src/simulator/wire/faults.js";
import type { GenerationHost } from "../support/generations.js";
import { startRefreshing, type Refreshing } from "../support/refreshing.js";

let all: Refreshing;
let broken: GenerationHost;
let sound: GenerationHost;

beforeAll(async () => {
  all = await startRefreshing({ hosts: 2, vmsPerHost: 20, client: { callTimeoutMs: 1_500 } });
  [broken, sound] = all.fleet.hosts as [GenerationHost, GenerationHost];
});

afterAll(() => all.stop());

/** A host that failed keeps its data, and says why it is stale. The other goes on; the first good answer mends all. */
async function expectOldThenNew(fault: Fault, kind: string, reason: string): Promise<void> {
  const before = await all.storedGeneration(broken);
  broken.next();
  sound.next();
  broken.server.faults.failNext(fault, fault.kind in CONNECTION ? null : "Host.getAllVmStats");
  if (fault.kind in CONNECTION) broken.server.dropConnections();
  const failed = await failing();
  expect(failed.failure?.kind).toBe(kind);
  expect((await all.pass(sound)).outcome).toBe("done");
  await all.expectWhole();
  expect(await all.storedGeneration(broken)).toBe(before);
  expect(await all.staleReasons(broken)).toEqual([reason]);
  expect(await all.storedGeneration(sound)).toBe(sound.generation);
  expect(await all.staleReasons(sound)).toEqual([null]);

  broken.server.faults.clear();
  expect((await all.pass(broken)).outcome).toBe("done");
  await all.expectWhole();
  expect(await all.storedGeneration(broken)).toBe(broken.generation);
  expect(await all.staleReasons(broken)).toEqual([null]);
}

function listOutcomes(results: readonly PassResult[]): string[] {
  return [...new Set(results.map(({ outcome }) => outcome))];
}

const CONNECTION: Readonly<Record<string, true>> = {
  "slow-tls": true,
  mute: true,
  "close-before-connected": true,
};

/** The next pass that meets the fault: one whose idle connection was just reset fails for that alone. */
async function failing() {
  for (;;) {
    const result = await all.pass(broken);
    expect(result.outcome).toBe("failed");
    if (broken.server.faults.pending === 0) return result;
  }
}

describe("a host that", () => {
  test.each(
    Object.entries<{ readonly fault: Fault; readonly kind: string; readonly reason: string }>({
      "F1: takes the question and never answers": {
        fault: { kind: "hang" },
        kind: "timeout",
        reason: "HOST_UNREACHABLE",
      },
      "F1: accepts and never says a word": {
        fault: { kind: "slow-tls" },
        kind: "unreachable",
        reason: "HOST_UNREACHABLE",
      },
      "F1: loses its power over the question": {
        fault: { kind: "silence" },
        kind: "timeout",
        reason: "HOST_UNREACHABLE",
      },
      "F2: drips a byte at a time": {
        fault: { kind: "drip", everyMs: 5 },
        kind: "timeout",
        reason: "HOST_UNREACHABLE",
      },
      "F5: ends in the middle of a frame": {
        fault: { kind: "close", atByte: 999 },
        kind: "unreachable",
        reason: "HOST_UNREACHABLE",
      },
      "F7: sends no STOMP": { fault: { kind: "garbage" }, kind: "protocol", reason: "HOST_FAILED" },
      "F7: sends no JSON": { fault: { kind: "malformed-json" }, kind: "protocol", reason: "HOST_FAILED" },
      "F7: sends another shape": {
        fault: { kind: "result", result: { vms: 1 } },
        kind: "protocol",
        reason: "HOST_FAILED",
      },
      "F7: answers under another id": {
        fault: { kind: "wrong-id" },
        kind: "timeout",
        reason: "HOST_UNREACHABLE",
      },
      "has just started": { fault: { kind: "recovering" }, kind: "recovering", reason: "HOST_RECOVERING" },
      "F28: refuses the question": {
        fault: { kind: "error", code: 401 },
        kind: "fault",
        reason: "HOST_FAILED",
      },
      "F20: announces 100 MB": {
        fault: { kind: "oversize", bytes: 100_000_000 },
        kind: "protocol",
        reason: "HOST_FAILED",
      },
    }),
  )("%s keeps its data, as stale, and harms no other", (_, { fault, kind, reason }) =>
    expectOldThenNew(fault, kind, reason),
  );

  test("F3, F4: is off is refused at once, and found again when it is back", async () => {
    const before = await all.storedGeneration(broken);
    await broken.server.switchOff();
    broken.next();
    const kinds = [(await all.pass(broken)).failure, (await all.pass(broken)).failure];
    expect(kinds.map((failure) => failure?.kind)).toEqual(["unreachable", "unreachable"]);
    expect(kinds[1]?.message).toContain("ECONNREFUSED");
    await all.expectWhole();
    expect(await all.storedGeneration(broken)).toBe(before);
    expect(await all.staleReasons(broken)).toEqual(["HOST_UNREACHABLE"]);
    await broken.server.switchOn();
    expect((await all.pass(broken)).outcome).toBe("done");
    await all.expectWhole();
    expect(await all.storedGeneration(broken)).toBe(broken.generation);
  });

  test("F5: resets its connection in the middle of many VMs changes nothing, and the next pass mends it", async () => {
    // Steps that share no factor with the records; every byte of a smaller answer follows below.
    for (let atByte = 1; atByte < 12_000; atByte += 397) {
      const before = await all.storedGeneration(broken);
      broken.next();
      broken.server.faults.failNext({ kind: "reset", atByte }, "Host.getAllVmStats");
      const { outcome } = await all.pass(broken);
      if (outcome === "done") expect(await all.storedGeneration(broken)).toBe(broken.generation);
      else expect(await all.storedGeneration(broken)).toBe(before);
      await all.expectWhole();
      // The reset may come after the last byte, and then meets the next question.
      await expect.poll(async () => (await all.pass(broken)).outcome).toBe("done");
      expect(await all.storedGeneration(broken)).toBe(broken.generation);
    }
  });

  test("F5: resets its connection after each single byte of an answer leaves all old or all new", async () => {
    const many = await startRefreshing({ hosts: 80, vmsPerHost: 1, interfacesPerVm: 1 });
    const { hosts } = many.fleet;
    const outcomes: string[] = [];
    // Every host is cut at a byte of its own, until all bytes of an answer came before the reset.
    while (outcomes.slice(-hosts.length).includes("failed") || outcomes.length === 0) {
      const expected: number[] = [];
      for (const [at, host] of hosts.entries()) {
        expected.push(host.generation);
        host.next();
        host.server.faults.failNext({ kind: "reset", atByte: outcomes.length + at }, "Host.getAllVmStats");
      }
      const results = await many.refresher.refreshAll();
      expect(hosts.filter(({ server }) => server.faults.pending > 0)).toEqual([]);
      for (const [at, { outcome }] of results.entries()) {
        if (outcome === "done") expected[at] = hosts[at]!.generation;
        outcomes.push(outcome);
      }
      await many.expectWhole();
      expect(await Promise.all(hosts.map((host) => many.storedGeneration(host)))).toEqual(expected);
      await expect.poll(async () => listOutcomes(await many.refresher.refreshAll())).toEqual(["done"]);
      expect(await Promise.all(hosts.map((host) => many.storedGeneration(host)))).toEqual(
        hosts.map(({ generation }) => generation),
      );
    }
    // A head of two hundred bytes and a body of two thousand: counters in it have more digits at one time than at another.
    expect(outcomes.indexOf("done")).toBeGreaterThan(2_000);
    await many.stop();
  });

  test("F1: hangs holds up no pass of another host", async () => {
    const patient = await startRefreshing({ hosts: 2, vmsPerHost: 3, client: { callTimeoutMs: 60_000 } });
    const [slow, fast] = patient.fleet.hosts as [GenerationHost, GenerationHost];
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => (release = resolve));
    slow.server.faults.failNext({ kind: "hold", until }, "Host.getAllVmStats");
    const asked = slow.server.waitForCall("Host.getAllVmStats");
    const held = patient.pass(slow);
    await asked;
    let isOver = false;
    void held.then(() => (isOver = true));
    for (let passes = 0; passes < 3; passes += 1) {
      fast.next();
      expect((await patient.pass(fast)).outcome).toBe("done");
    }
    expect(isOver).toBe(false);
    release();
    expect((await held).outcome).toBe("done");
    await patient.expectWhole();
    await patient.stop();
  });
});
