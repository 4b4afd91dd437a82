import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostReport, ReportedVm } from "../../src/vdsm/records/types.js";
import { runAtOnce } from "../../src/vdsm/scan/sliced-work.js";
import { planPass } from "../../src/refresher/plan/plan.js";
import { sightVms } from "../../src/refresher/plan/sightings.js";
import type { HostClaim, StoredVm } from "../../src/store/types.js";
import { isWithoutGuest, VM_STATUS } from "../../src/model/guest/vm-status.js";
import { HOST_A, HOST_B, HOST_C, VM } from "../support/builders/ids.js";
import { MemoryRefreshStore } from "../support/builders/memory-refresh-store.js";
import { IGNORED_NAMES } from "../support/builders/passes.js";
import { downRecord, reportedVm, hostReport } from "../support/builders/reported.js";
import { guestInterface } from "../support/builders/stored.js";

/** What each host would say now; `null`: it does not answer. */
type Truth = Record<string, HostReport | null>;

const UP = reportedVm();
const SOURCE = reportedVm({ status: "Migration Source" });
const POST_COPY = reportedVm({
  status: "Migration Source",
  netIfaces: null,
  guestIPs: null,
  guestFQDN: null,
});
const DESTINATION = reportedVm({ status: "Migration Destination", netIfaces: null, guestFQDN: null });
const LEFT = downRecord(4);
const FAILED = downRecord(5);

/** A world of hosts, and passes over them in any order, with gaps between what they read and what they write. */
class Cluster {
  readonly store = new MemoryRefreshStore();
  readonly owners: (string | null)[] = [];
  truth: Truth = { [HOST_A]: hostReport(UP), [HOST_B]: hostReport(), [HOST_C]: hostReport() };

  constructor() {
    this.pass(HOST_A);
  }

  get vm(): StoredVm {
    const vm = this.store.vms.get(VM);
    if (vm === undefined) throw new Error("the VM is not stored yet");
    return vm;
  }

  say(truth: Record<string, ReportedVm | null | "dead">): this {
    for (const [hostId, vm] of Object.entries(truth)) {
      this.truth[hostId] = vm === "dead" ? null : vm === null ? hostReport() : hostReport(vm);
    }
    return this;
  }

  pass(...hostIds: string[]): this {
    for (const hostId of hostIds) this.begin(hostId).ask().read().write();
    return this;
  }

  /** One pass, its steps taken one at a time. */
  begin(hostId: string): Steps {
    return new Steps(this, hostId);
  }
}

class Steps {
  private readonly claim: HostClaim;
  private report: HostReport | null = null;
  private stored: readonly StoredVm[] = [];
  private step = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly hostId: string,
  ) {
    this.claim = { hostId, epoch: cluster.store.raise(hostId) };
  }

  ask(): this {
    this.report = this.cluster.truth[this.hostId] ?? null;
    return this;
  }

  read(): this {
    this.stored = this.cluster.store.vmsNow(this.hostId, this.report?.vms.map(({ vmId }) => vmId) ?? []);
    return this;
  }

  write(): boolean {
    if (this.report === null) return false;
    const { hostId, stored, report } = this;
    const plan = runAtOnce(planPass(sightVms({ hostId, stored, report }), IGNORED_NAMES, new Map()));
    const isWritten = this.cluster.store.applyNow(this.claim, plan.changes);
    this.cluster.owners.push(this.cluster.vm.ownerId);
    return isWritten;
  }

  next(): boolean {
    const steps = [() => this.ask(), () => this.read(), () => this.write()];
    steps[this.step]?.();
    this.step += 1;
    return this.step < steps.length;
  }
}

const moved = {
  ownerId: HOST_B,
  status: VM_STATUS.UP,
  ips: "10.0.0.1 fe80::1",
  silence: null,
  interfaces: [guestInterface()],
};

describe("a migration", () => {
  /** Every place in which the pass over the destination and the one over the source can meet it. */
  const orders = [
    [
      [HOST_A, HOST_B],
      [HOST_A, HOST_B],
      [HOST_A, HOST_B],
    ],
    [
      [HOST_B, HOST_A],
      [HOST_B, HOST_A],
      [HOST_B, HOST_A],
    ],
    [[HOST_A], [HOST_B], [HOST_A, HOST_B]],
    [[HOST_B], [HOST_A], [HOST_B, HOST_A]],
    [[], [HOST_A, HOST_B], [HOST_A, HOST_B]],
    [[], [HOST_B, HOST_A], [HOST_A]],
    [[HOST_B], [], [HOST_A, HOST_B]],
    [[HOST_A], [], [HOST_A, HOST_B]],
    [[], [], [HOST_B, HOST_A, HOST_A]],
  ] as const;

  test.each(orders)(
    "ends with its destination as owner, the guest's data kept all along: %j %j %j",
    (...passes) => {
      const cluster = new Cluster();
      const phases: Record<string, ReportedVm | null>[] = [
        { [HOST_A]: SOURCE, [HOST_B]: DESTINATION },
        { [HOST_A]: LEFT, [HOST_B]: UP },
        { [HOST_A]: null, [HOST_B]: UP },
      ];
      passes.forEach((hostIds, at) => {
        cluster.say(phases[at] ?? {});
        for (const hostId of hostIds) {
          cluster.pass(hostId);
          expect(cluster.vm.ownerId).not.toBeNull();
          // Owned by nobody for a moment would show as no addresses.
          expect(cluster.vm.interfaces).toHaveLength(1);
        }
      });
      cluster.pass(HOST_B, HOST_A);
      expect(cluster.vm).toMatchObject(moved);
      expect(listChanges(cluster.owners)).toBeLessThanOrEqual(1);
    },
  );

  test("whose source tells nothing of the guest any more keeps what it told, as silent", () => {
    const cluster = new Cluster().say({ [HOST_A]: POST_COPY, [HOST_B]: DESTINATION }).pass(HOST_A, HOST_B);
    expect(cluster.vm).toMatchObject({
      ownerId: HOST_A,
      incomingId: HOST_B,
      silence: "silent",
      interfaces: [guestInterface()],
    });
    expect(cluster.say({ [HOST_A]: LEFT, [HOST_B]: UP }).pass(HOST_A, HOST_B).vm).toMatchObject(moved);
  });

  test("that goes on after the guest has moved is its destination's, and not a pause", () => {
    const paused = { ...POST_COPY, status: "Paused", pauseCode: "POSTCOPY", hash: null };
    const receiving = reportedVm({ status: "Migration Destination" });
    const cluster = new Cluster().say({ [HOST_A]: SOURCE, [HOST_B]: receiving }).pass(HOST_A, HOST_B);
    cluster.say({ [HOST_A]: paused }).pass(HOST_A);
    const received = { ...moved, status: VM_STATUS.MIGRATING_TO };
    expect(cluster.vm).toMatchObject(received);
    expect(cluster.pass(HOST_B, HOST_A, HOST_B, HOST_A).vm).toMatchObject(received);
    expect(cluster.say({ [HOST_A]: LEFT, [HOST_B]: UP }).pass(HOST_A, HOST_B).vm).toMatchObject(moved);
    expect(listChanges(cluster.owners)).toBe(1);
  });

  test("that goes on after the guest has moved, to a host that is not known, is still a migration", () => {
    const paused = { ...POST_COPY, status: "Paused", pauseCode: "POSTCOPY" };
    expect(new Cluster().say({ [HOST_A]: paused }).pass(HOST_A).vm).toMatchObject({
      ownerId: HOST_A,
      status: VM_STATUS.MIGRATING_FROM,
      interfaces: [guestInterface()],
    });
  });

  test("whose destination is silent at first keeps what the source told", () => {
    const silent = reportedVm({ netIfaces: null, guestFQDN: null });
    const cluster = new Cluster().say({ [HOST_A]: LEFT, [HOST_B]: silent }).pass(HOST_B, HOST_A);
    expect(cluster.vm).toMatchObject({ ownerId: HOST_B, silence: "silent", interfaces: [guestInterface()] });
    expect(cluster.say({ [HOST_B]: UP }).pass(HOST_B).vm).toMatchObject(moved);
  });

  test.each([[[HOST_A, HOST_B]], [[HOST_B, HOST_A]]])(
    "a migration that fails leaves the VM where it was, in either order: %j",
    (order) => {
      const cluster = new Cluster().say({ [HOST_A]: SOURCE, [HOST_B]: DESTINATION }).pass(...order);
      cluster.say({ [HOST_A]: UP, [HOST_B]: FAILED }).pass(...order, ...order);
      expect(cluster.vm).toMatchObject({ ...moved, ownerId: HOST_A, incomingId: null, contenderId: null });
      expect(new Set(cluster.owners)).toEqual(new Set([HOST_A]));
    },
  );

  test("a migration that failed with its destination dead does not leave a later shutdown to the dead", () => {
    const cluster = new Cluster().say({ [HOST_A]: SOURCE, [HOST_B]: DESTINATION }).pass(HOST_B, HOST_A);
    cluster.say({ [HOST_A]: UP, [HOST_B]: "dead" }).pass(HOST_A, HOST_B);
    expect(cluster.say({ [HOST_A]: null }).pass(HOST_A, HOST_A).vm).toMatchObject({
      ownerId: null,
      status: 0,
      interfaces: [],
    });
  });

  test("whose source dies ends at the destination", () => {
    const cluster = new Cluster().say({ [HOST_A]: SOURCE, [HOST_B]: DESTINATION }).pass(HOST_A, HOST_B);
    expect(
      cluster.say({ [HOST_A]: "dead", [HOST_B]: UP }).pass(HOST_A, HOST_B, HOST_A, HOST_B).vm,
    ).toMatchObject(moved);
  });

  test("to a host that nobody asks meanwhile is handed over at the source's word", () => {
    const cluster = new Cluster().say({ [HOST_A]: SOURCE, [HOST_B]: DESTINATION }).pass(HOST_A, HOST_B);
    cluster.say({ [HOST_A]: LEFT, [HOST_B]: "dead" }).pass(HOST_A, HOST_B, HOST_A);
    expect(cluster.vm).toMatchObject({
      ownerId: HOST_B,
      status: VM_STATUS.MIGRATING_TO,
      interfaces: [guestInterface()],
    });
    expect(cluster.say({ [HOST_B]: UP }).pass(HOST_B).vm).toMatchObject(moved);
  });

  test("there and back between two passes ends where the VM is", () => {
    const cluster = new Cluster().say({ [HOST_A]: LEFT, [HOST_B]: UP }).pass(HOST_B);
    cluster.say({ [HOST_A]: UP, [HOST_B]: LEFT }).pass(HOST_A, HOST_B, HOST_A);
    expect(cluster.vm).toMatchObject({ ...moved, ownerId: HOST_A });
  });

  test("a migrating VM that is missed twice before anybody asks its destination is down, until that reports it", () => {
    const cluster = new Cluster().say({ [HOST_A]: LEFT, [HOST_B]: UP }).pass(HOST_A, HOST_A);
    expect(cluster.vm).toMatchObject({ ownerId: null, status: 0 });
    expect(cluster.pass(HOST_B).vm).toMatchObject(moved);
  });

  test("seen first at its destination belongs to its source as soon as that is asked", () => {
    const cluster = new Cluster();
    cluster.store.vms.clear();
    cluster.say({ [HOST_A]: SOURCE, [HOST_B]: DESTINATION }).pass(HOST_B, HOST_A, HOST_B);
    expect(cluster.vm).toMatchObject({ ownerId: HOST_A, incomingId: HOST_B });
  });
});

describe("two hosts that both say Up", () => {
  test("do not take the VM from each other: the last to take over keeps it", () => {
    const cluster = new Cluster()
      .say({ [HOST_A]: UP, [HOST_B]: UP })
      .pass(HOST_B, HOST_A, HOST_B, HOST_A, HOST_A, HOST_B);
    expect(cluster.vm).toMatchObject({ ownerId: HOST_B, contenderId: HOST_A });
    expect(listChanges(cluster.owners)).toBe(1);
  });

  test("three hosts that all say Up do not take the VM from each other in turns", () => {
    const cluster = new Cluster().say({ [HOST_A]: UP, [HOST_B]: UP, [HOST_C]: UP });
    for (let round = 0; round < 5; round += 1) cluster.pass(HOST_B, HOST_C, HOST_A);
    expect(listChanges(cluster.owners)).toBe(1);
  });

  test("settle it when the owner stops saying so", () => {
    const cluster = new Cluster().say({ [HOST_A]: UP, [HOST_B]: UP }).pass(HOST_B, HOST_A);
    expect(cluster.say({ [HOST_B]: null }).pass(HOST_B, HOST_A).vm).toMatchObject({
      ownerId: HOST_A,
      interfaces: [guestInterface()],
    });
  });

  test("because one was fenced off long ago: a shutdown is not left to the dead", () => {
    const cluster = new Cluster().say({ [HOST_A]: "dead", [HOST_B]: UP }).pass(HOST_A, HOST_B);
    expect(cluster.say({ [HOST_B]: downRecord(1) }).pass(HOST_B, HOST_A, HOST_B).vm).toMatchObject({
      ownerId: null,
      status: 0,
    });
  });
});

describe("passes whose steps interleave", () => {
  const phases: Record<string, ReportedVm | null>[] = [
    { [HOST_A]: UP, [HOST_B]: null },
    { [HOST_A]: SOURCE, [HOST_B]: DESTINATION },
    { [HOST_A]: LEFT, [HOST_B]: UP },
    { [HOST_A]: null, [HOST_B]: UP },
    { [HOST_A]: DESTINATION, [HOST_B]: SOURCE },
    { [HOST_A]: SOURCE, [HOST_B]: null },
    { [HOST_A]: UP, [HOST_B]: FAILED },
    { [HOST_A]: UP, [HOST_B]: UP },
    { [HOST_A]: downRecord(1), [HOST_B]: null },
    { [HOST_A]: null, [HOST_B]: null },
  ];
  const move = fc.record({ who: fc.constantFrom(HOST_A, HOST_B), phase: fc.nat({ max: phases.length * 3 }) });

  test("write what no later writer contradicts, and end with the host that says Up", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const cluster = new Cluster();
        const underWay = new Map<string, Steps>();
        for (const { who, phase } of moves) {
          cluster.say(phases[phase] ?? {});
          const steps = underWay.get(who) ?? cluster.begin(who);
          if (steps.next()) underWay.set(who, steps);
          else underWay.delete(who);
          const owner = cluster.vm.ownerId;
          expect([HOST_A, HOST_B, null]).toContain(owner);
          expect(owner === null).toBe(isWithoutGuest(cluster.vm.status));
        }
        cluster.say({ [HOST_A]: null, [HOST_B]: UP }).pass(HOST_A, HOST_B, HOST_A, HOST_B);
        expect(cluster.vm).toMatchObject({ ...moved, incomingId: null, contenderId: null, missedPasses: 0 });
        cluster.say({ [HOST_B]: null }).pass(HOST_A, HOST_B, HOST_B);
        expect(cluster.vm).toMatchObject({ ownerId: null, status: 0, ips: null, interfaces: [] });
      }),
      { numRuns: 1_000 },
    );
  });
});

function listChanges(owners: readonly (string | null)[]): number {
  return owners.filter((owner, at) => at > 0 && owner !== owners[at - 1]).length;
}
