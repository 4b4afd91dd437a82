import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReportedVm } from "../../src/vdsm/records/types.js";
import { createHostLink, type HostLink } from "../../src/refresher/host-link.js";
import { refreshHost } from "../../src/refresher/pass.js";
import { FakeHost } from "./fake-host.js";
import { HOST_A, HOST_B } from "../support/builders/ids.js";
import { MemoryRefreshStore } from "../support/builders/memory-refresh-store.js";
import { configuredHost, IGNORED_NAMES } from "../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../support/builders/reported.js";

/** Passes over two hosts, each with a store of its own that nobody else writes to. */
class Site {
  readonly store = new MemoryRefreshStore();
  readonly hosts = new Map([HOST_A, HOST_B].map((id) => [id, new FakeHost()]));
  readonly changedVms: number[] = [];
  private links = this.newLinks();

  async pass(hostId: string): Promise<void> {
    const { store } = this;
    const result = await refreshHost(
      {
        store,
        ignoreNames: IGNORED_NAMES,
        now: () => 0,
        waitUntilReady: () => Promise.resolve(),
      },
      this.links.get(hostId)!,
      new AbortController().signal,
    );
    expect(result.outcome).toBe("done");
    this.changedVms.push(result.changedVms);
  }

  forgetAll(): void {
    this.links = this.newLinks();
  }

  private newLinks(): Map<string, HostLink> {
    return new Map([...this.hosts].map(([id, host]) => [id, createHostLink(configuredHost(id), host)]));
  }
}

const VM_IDS = [1, 2, 3, 4].map((number) => `00000000-0000-4000-8000-00000000000${number}`);

const changes = fc.oneof(
  fc.constant({}),
  fc.record({ status: fc.constantFrom("Up", "Paused", "Down", "Migration Source", "Migration Destination") }),
  fc.record({ hash: fc.constantFrom("1", "2") }),
  fc.record({ guestFQDN: fc.constantFrom("a.test", "b.test", null) }),
  fc.record({ netIfaces: fc.constantFrom(null, [], [reportedInterface({ inet: ["10.0.0.9"] })]) }),
);

/** Lets one host say something else of one VM, and asks it. Nothing: the VM is gone; no status: it cannot be read. */
const step = fc.record({
  hostId: fc.constantFrom(HOST_A, HOST_B),
  vmId: fc.constantFrom(...VM_IDS),
  said: fc.oneof(
    { weight: 8, arbitrary: changes },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant("unreadable" as const) },
  ),
  nicsAreTold: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
  times: fc.integer({ min: 1, max: 3 }),
});

describe("a pass that plans only for VMs reported otherwise than before", () => {
  test("leaves and tells the same as one that plans for all of them", async () => {
    let partialReads = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const [remembering, forgetting] = [new Site(), new Site()];
        const said = new Map(
          [HOST_A, HOST_B].map((id) => [id, new Map<string, ReportedVm | "unreadable">()]),
        );
        const readVms = remembering.store.readVms.bind(remembering.store);
        remembering.store.readVms = (vmIds) => {
          partialReads += 1;
          return readVms(vmIds);
        };
        for (const { hostId, vmId, said: what, nicsAreTold, times } of steps) {
          const all = said.get(hostId)!;
          if (what === null) all.delete(vmId);
          else all.set(vmId, what === "unreadable" ? what : reportedVm({ vmId, ...what }));
          for (let time = 0; time < times; time += 1) {
            forgetting.forgetAll();
            for (const site of [remembering, forgetting]) {
              const host = site.hosts.get(hostId)!;
              host.report = {
                vms: [...all.values()].filter((vm) => vm !== "unreadable"),
                rejected: [...all].flatMap(([id, vm]) =>
                  vm === "unreadable" ? [{ vmId: id, reason: "unreadable" }] : [],
                ),
              };
              host.nics = (id) => (nicsAreTold ? [reportedNic({ id })] : null);
              await site.pass(hostId);
            }
            expect(remembering.store.vms).toEqual(forgetting.store.vms);
            expect(remembering.changedVms).toEqual(forgetting.changedVms);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(partialReads).toBeGreaterThan(100);
  });
});
