import { beforeEach, describe, expect, test } from "vitest";
import { HostError } from "../../src/vdsm/errors.js";
import { createHostLink, type HostLink } from "../../src/refresher/host-link.js";
import type { PassResult } from "../../src/refresher/pass.js";
import { refreshHost } from "../../src/refresher/pass.js";
import { FakeHost } from "./fake-host.js";
import { HOST_A, HOST_B, uuid, VM } from "../support/builders/ids.js";
import { MemoryRefreshStore } from "../support/builders/memory-refresh-store.js";
import { configuredHost, IGNORED_NAMES } from "../support/builders/passes.js";
import { reportedInterface, reportedVm, hostReport } from "../support/builders/reported.js";
import { storedNic } from "../support/builders/stored.js";

let store: MemoryRefreshStore;
let host: FakeHost;
let link: HostLink;

beforeEach(() => {
  store = new MemoryRefreshStore();
  host = new FakeHost();
  link = createHostLink(configuredHost(HOST_A), host);
});

const deps = () => ({
  ...{ store, ignoreNames: IGNORED_NAMES },
  ...{ now: () => 0, waitUntilReady: () => Promise.resolve() },
});

async function pass(signal = new AbortController().signal): Promise<PassResult> {
  store.calls.length = 0;
  host.calls.length = 0;
  return refreshHost(deps(), link, signal);
}

describe("a pass", () => {
  test("asks, and writes what changed", async () => {
    expect(await pass()).toEqual({
      host: configuredHost(HOST_A),
      outcome: "done",
      failure: null,
      inventoryFailure: null,
      vms: 1,
      rejectedVms: 0,
      newProblems: new Map(),
      rejectedRecords: [],
      endedProblems: [],
      changedVms: 1,
      added: 1,
      changed: 0,
      removed: 0,
      durationMs: 0,
      restMs: 0,
    });
    expect(store.calls).toEqual(["claim", "readHostVms", "readNicHolders", "apply", "renameHost"]);
    expect(host.calls).toEqual(["getAllVmStats", "dumpxmls", "getCapabilities"]);
    expect(store.names.get(HOST_A)).toBe("host-a.example.test");
  });

  test("counts the time that the host's answers take, and says how long the host has to rest", async () => {
    await pass();
    expect(host.meter.workedMs).toBeGreaterThan(0);
    host.meter.workedMs += 32_000;
    const { restMs } = await pass();
    expect(restMs).toBeGreaterThan(15_000);
    expect(restMs).toBeLessThan(40_000);
  });

  test("with the report of the last one reads nothing, and asks nothing else", async () => {
    await pass();
    expect(await pass()).toMatchObject({ outcome: "done", vms: 1, changedVms: 0 });
    expect(store.calls).toEqual(["claim", "apply"]);
    expect(host.calls).toEqual(["getAllVmStats"]);
  });

  test("reads again when somebody else had the host, or a VM of it, in between", async () => {
    await pass();
    store.raise(HOST_A);
    await pass();
    expect(store.calls).toEqual(["claim", "readHostVms", "apply"]);
    await pass();
    expect(store.calls).toEqual(["claim", "apply"]);
  });

  test("counts the time in which the database stores very much of a host, also in vain, and not that of little", async () => {
    let nowMs = 0;
    const slowly = { ...deps(), now: () => nowMs };
    const apply = store.apply.bind(store);
    store.apply = (...write) => {
      nowMs += 40_000;
      return apply(...write);
    };
    const few = await refreshHost(slowly, link, new AbortController().signal);
    expect([few.outcome, few.restMs]).toEqual(["done", 0]);
    const inet = Array.from({ length: 1_000 }, () => reportedInterface());
    const interfaces = inet.map((each, at) => ({ ...each, name: `eth${at}` }));
    const vms = Array.from({ length: 21 }, (_, at) =>
      reportedVm({ vmId: uuid(9, at), netIfaces: interfaces }),
    );
    host.report = hostReport(...vms);
    store.broken.set("apply", new Error("canceling statement due to statement timeout"));
    const many = await refreshHost(slowly, link, new AbortController().signal);
    expect([many.outcome, many.failure?.kind]).toEqual(["failed", "database"]);
    expect(many.restMs).toBeGreaterThan(0);
  });

  test("reads again now and then, in case somebody writes by hand", async () => {
    await pass();
    let reads = 0;
    for (let count = 0; count < 100; count += 1) {
      await pass();
      if (store.calls.includes("readHostVms")) reads += 1;
    }
    expect(reads).toBe(2);
  });

  test("trusts its memory after a failure of the host in between, which writes nothing to VMs", async () => {
    await pass();
    host.broken.set("getAllVmStats", new HostError("timeout", "no answer"));
    await pass();
    await pass();
    host.broken.clear();
    await pass();
    expect(store.calls).toEqual(["claim", "apply"]);
  });

  test("does not trust its memory while anything is left open", async () => {
    host.report = { vms: [reportedVm()], rejected: [{ vmId: null, reason: "no id" }] };
    expect(await pass()).toMatchObject({ rejectedVms: 1 });
    await pass();
    expect(store.calls).toContain("readHostVms");
    host.report = hostReport(reportedVm({ hash: "78" }));
    host.nics = () => null;
    await pass();
    await pass();
    expect(host.calls).toContain("dumpxmls");
    expect(store.vms.get(VM)?.nics).toEqual([storedNic()]);
  });

  test("a pass that is superseded writes nothing", async () => {
    host.onCall.set("getAllVmStats", () => void store.raise(HOST_A));
    expect(await pass()).toMatchObject({ outcome: "superseded", failure: null });
    expect(store.vms.size).toBe(0);
    expect(host.calls).not.toContain("getCapabilities");
  });

  test("whose host failed after it was overtaken has nothing to say", async () => {
    host.onCall.set("getAllVmStats", () => void store.raise(HOST_A));
    host.broken.set("getAllVmStats", new HostError("timeout", "no answer"));
    expect(await pass()).toMatchObject({ outcome: "superseded", failure: null });
    expect(store.failures.size).toBe(0);
  });
});

describe("a host", () => {
  test.each(["unreachable", "untrusted", "timeout", "protocol", "recovering", "fault"] as const)(
    "a host that fails as %s is noted so, and its VMs stay as they are",
    async (kind) => {
      await pass();
      const before = structuredClone(store.vms);
      host.broken.set("getAllVmStats", new HostError(kind, `${kind}!`));
      const failure = { kind, message: `${kind}!` };
      expect(await pass()).toMatchObject({ outcome: "failed", failure });
      expect(store.failures.get(HOST_A)).toEqual(failure);
      expect(store.calls).toEqual(["claim", "fail"]);
      expect(store.vms).toEqual(before);
    },
  );

  test("without Host.dumpxmls is asked for full lists, and not for dumpxmls again", async () => {
    host.broken.set("dumpxmls", new HostError("fault", "no such method", -32601));
    await pass();
    expect(host.calls).toEqual(["getAllVmStats", "dumpxmls", "getVMFullList", "getCapabilities"]);
    expect(store.vms.get(VM)?.nics).toEqual([storedNic()]);
    host.report = hostReport(reportedVm({ hash: "78" }));
    await pass();
    expect(host.calls).toEqual(["getAllVmStats", "getVMFullList"]);
  });

  test("a host that may be another release after a failure is asked for dumpxmls again", async () => {
    host.broken.set("dumpxmls", new HostError("fault", "no such method", -32601));
    await pass();
    host.broken.set("getAllVmStats", new HostError("unreachable", "rebooting"));
    await pass();
    host.broken.clear();
    host.report = hostReport(reportedVm({ hash: "78" }));
    await pass();
    expect(host.calls).toEqual(["getAllVmStats", "dumpxmls", "getCapabilities"]);
  });

  test("a host that cannot tell vNICs still tells what its guests report", async () => {
    host.broken.set("dumpxmls", new HostError("timeout", "no answer to dumpxmls"));
    expect(await pass()).toMatchObject({
      outcome: "done",
      added: 1,
      inventoryFailure: "no answer to dumpxmls",
    });
    host.broken.clear();
    expect(await pass()).toMatchObject({ outcome: "done", changedVms: 1, inventoryFailure: null });
    expect(store.vms.get(VM)?.nics).toEqual([storedNic()]);
  });

  test("with very many new VMs is asked for their vNICs in parts, and keeps those that it told", async () => {
    reportManyVms();
    host.broken.set("dumpxmls", new HostError("fault", "busy", 1100));
    let parts = 0;
    host.onCall.set("dumpxmls", () => {
      parts += 1;
      if (parts === 2) host.broken.delete("dumpxmls");
    });
    expect(await pass()).toMatchObject({ outcome: "done", changedVms: 450, inventoryFailure: null });
    expect(vmsWithNicsTold()).toHaveLength(450);
  });

  test("a host that does not answer for one part of its VMs is not asked for the others", async () => {
    reportManyVms();
    let parts = 0;
    host.onCall.set("dumpxmls", () => {
      parts += 1;
      if (parts === 2) host.broken.set("dumpxmls", new HostError("timeout", "no answer"));
    });
    expect(await pass()).toMatchObject({ outcome: "done", changedVms: 450, inventoryFailure: "no answer" });
    expect(parts).toBe(2);
    expect(vmsWithNicsTold()).toHaveLength(100);
  });

  test("is asked for its name once, and renamed only if that is not what the store was told last", async () => {
    // The store may know another one, of a time when the host was called otherwise.
    host.hostname = link.host.name;
    await pass();
    expect(store.calls).toContain("renameHost");
    await pass();
    expect(host.calls).not.toContain("getCapabilities");
    await failOnce();
    await pass();
    expect(host.calls).toContain("getCapabilities");
    expect(store.calls).not.toContain("renameHost");
  });

  test("whose name no column can hold has as much of it as fits", async () => {
    host.hostname = `a\0${"b".repeat(300)}`;
    await pass();
    expect(store.names.get(HOST_A)).toBe(`a\uFFFD${"b".repeat(253)}`);
  });

  test("whose name cannot be learnt is asked again", async () => {
    host.broken.set("getCapabilities", new HostError("unreachable", "connection lost"));
    expect(await pass()).toMatchObject({ outcome: "done" });
    await pass();
    expect(host.calls).toContain("getCapabilities");
  });

  test.each(["fault", "timeout"] as const)(
    "a host that meets the question for its name with a %s is not asked again, until it has failed",
    async (kind) => {
      host.broken.set("getCapabilities", new HostError(kind, "no name"));
      expect(await pass()).toMatchObject({ outcome: "done" });
      await pass();
      expect(host.calls).not.toContain("getCapabilities");
      await failOnce();
      await pass();
      expect(host.calls).toContain("getCapabilities");
    },
  );
});

/** The host misses one pass, and is well again. */
async function failOnce(): Promise<void> {
  host.broken.set("getAllVmStats", new HostError("unreachable", "rebooting"));
  await pass();
  host.broken.clear();
}

function reportManyVms(): void {
  const ids = Array.from(
    { length: 450 },
    (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`,
  );
  host.report = hostReport(...ids.map((vmId) => reportedVm({ vmId })));
  host.nics = () => [];
}

function vmsWithNicsTold(): unknown[] {
  return [...store.vms.values()].filter((vm) => vm.inventoryHash !== null);
}

describe("a database", () => {
  test.each(["claim", "readHostVms", "apply"])(
    "a database that fails at %s is to blame itself, not the host",
    async (call) => {
      store.broken.set(call, new Error("connection terminated"));
      expect(await pass()).toMatchObject({
        outcome: "failed",
        failure: { kind: "database", message: "connection terminated" },
      });
      expect(store.calls).not.toContain("fail");
      store.broken.clear();
      expect(await pass()).toMatchObject({ outcome: "done" });
    },
  );

  test("a database that fails after the claim leaves the host to other gateways, which may be able to write", async () => {
    store.broken.set("readHostVms", new Error("permission denied"));
    expect(await pass()).toMatchObject({ failure: { kind: "database", message: "permission denied" } });
    expect(store.calls.at(-1)).toBe("releaseClaim");
    store.broken.set("releaseClaim", new Error("connection terminated"));
    expect(await pass()).toMatchObject({ failure: { kind: "database", message: "permission denied" } });
  });

  test("a database that fails while a host's failure is noted is the greater trouble", async () => {
    host.broken.set("getAllVmStats", new HostError("timeout", "no answer"));
    store.broken.set("fail", new Error("connection terminated"));
    expect(await pass()).toMatchObject({ outcome: "failed", failure: { kind: "database" } });
  });

  test("a database that commits and then loses the connection is compared at the next pass, which finds nothing to write", async () => {
    const apply = store.apply.bind(store);
    store.apply = async (...parameters) => {
      await apply(...parameters);
      throw new Error("connection terminated");
    };
    expect(await pass()).toMatchObject({ outcome: "failed" });
    store.apply = apply;
    expect(await pass()).toMatchObject({ outcome: "done", changedVms: 0 });
    expect(store.calls).toContain("readHostVms");
  });

  test("a database that throws what is no error is still understood", async () => {
    store.broken.set("claim", "gone");
    expect(await pass()).toMatchObject({ failure: { kind: "database", message: "gone" } });
  });
});

describe("our own mistakes and our own stop", () => {
  test("a mistake is noted as internal", async () => {
    host.broken.set("getAllVmStats", new TypeError("undefined is not a VM"));
    expect(await pass()).toMatchObject({ outcome: "failed", failure: { kind: "internal" } });
    expect(store.failures.get(HOST_A)?.kind).toBe("internal");
  });

  test("a mistake about vNICs is not taken for the host's", async () => {
    host.broken.set("dumpxmls", new TypeError("undefined is not a vNIC"));
    expect(await pass()).toMatchObject({ outcome: "failed", failure: { kind: "internal" } });
  });

  test("a pass that is stopped before it began does nothing", async () => {
    expect(await pass(AbortSignal.abort())).toMatchObject({
      outcome: "failed",
      failure: { kind: "aborted" },
    });
    expect([...store.calls, ...host.calls]).toEqual([]);
  });

  test.each(["getAllVmStats", "dumpxmls"])(
    "a pass that is stopped during %s writes nothing",
    async (verb) => {
      const abort = new AbortController();
      host.onCall.set(verb, () => {
        abort.abort();
      });
      expect(await pass(abort.signal)).toMatchObject({ outcome: "failed", failure: { kind: "aborted" } });
      expect(store.calls).not.toContain("apply");
      expect(store.calls).not.toContain("fail");
    },
  );

  test("a VM that moved is told by the host that has it now", async () => {
    await pass();
    const other = new FakeHost();
    other.report = hostReport(reportedVm({ netIfaces: [reportedInterface({ inet: ["10.0.0.2"] })] }));
    link = createHostLink(configuredHost(HOST_B), other);
    expect(await pass()).toMatchObject({ changedVms: 1 });
    expect(store.vms.get(VM)).toMatchObject({ ownerId: HOST_B, ips: "10.0.0.2 fe80::1" });
  });
});
