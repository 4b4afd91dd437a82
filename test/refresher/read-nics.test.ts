import { expect, test } from "vitest";
import { createHostLink } from "../../src/refresher/host-link.js";
import { readNics } from "../../src/refresher/read-nics.js";
import { HostError } from "../../src/vdsm/errors.js";
import { FakeHost } from "./fake-host.js";
import { HOST_A } from "../support/builders/ids.js";
import { configuredHost } from "../support/builders/passes.js";
import { reportedNic } from "../support/builders/reported.js";

/** As VDSM: one VM that it lacks fails the call for all. */
class HostThatLacks extends FakeHost {
  asked = 0;

  constructor(private readonly lacking: ReadonlySet<string>) {
    super();
  }

  override dumpxmls(vmIds: readonly string[]) {
    this.asked += 1;
    if (vmIds.some((id) => this.lacking.has(id)))
      return Promise.reject(new HostError("fault", "no such VM", 1));
    return Promise.resolve(new Map(vmIds.map((id) => [id, [reportedNic()]] as const)));
  }
}

const ids = Array.from({ length: 250 }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`);
const ask = (host: HostThatLacks) =>
  readNics(createHostLink(configuredHost(HOST_A), host), ids, new AbortController().signal);

test("VMs that a host lacks do not keep it from telling the vNICs of the others", async () => {
  const lacking = new Set([ids[7]!, ids[8]!, ids[203]!]);
  const { nics, failure } = await ask(new HostThatLacks(lacking));
  expect(ids.filter((id) => !nics.has(id))).toEqual([...lacking]);
  expect(failure).toBe("no such VM");
});

test("a host that refuses every call is asked a bounded number of times", async () => {
  const host = new HostThatLacks(new Set(ids));
  const { nics, failure } = await ask(host);
  expect(nics.size).toBe(0);
  expect(failure).toBe("no such VM");
  expect(host.asked).toBeLessThanOrEqual(3 + 2 * 32);
});
