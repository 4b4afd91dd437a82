import { expect, test } from "vitest";
import { createHostLink, type HostLink } from "../../src/refresher/host-link.js";
import { MOST_NICS_OF_A_PASS, readNics } from "../../src/refresher/read-nics.js";
import { HostError } from "../../src/vdsm/errors.js";
import { FakeHost } from "./fake-host.js";
import { HOST_A } from "../support/builders/ids.js";
import { configuredHost } from "../support/builders/passes.js";
import { reportedNic } from "../support/builders/reported.js";

/** As VDSM: one VM that it lacks fails the call for all, with the code of an internal error. */
class HostThatLacks extends FakeHost {
  asked = 0;

  constructor(
    private readonly lacking: ReadonlySet<string>,
    private readonly error = new HostError("fault", "internal error", -32603),
  ) {
    super();
  }

  override dumpxmls(vmIds: readonly string[]) {
    this.asked += 1;
    if (vmIds.some((id) => this.lacking.has(id))) return Promise.reject(this.error);
    return Promise.resolve(new Map(vmIds.map((id) => [id, [reportedNic()]] as const)));
  }
}

const ids = Array.from({ length: 250 }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`);
const linkTo = (host: FakeHost) => createHostLink(configuredHost(HOST_A), host);
const ask = (link: HostLink) => readNics(link, ids, new AbortController().signal);

test("VMs that ended after the report do not keep a host from telling the vNICs of the others, and are no failure", async () => {
  const lacking = new Set([ids[7]!, ids[8]!, ids[203]!]);
  const { nics, unreadable, failure } = await ask(linkTo(new HostThatLacks(lacking)));
  expect(ids.filter((id) => !nics.has(id))).toEqual([...lacking]);
  expect({ unreadable, failure }).toEqual({ unreadable: new Map(), failure: null });
});

test("a VM for which a host fails at two passes in turn cannot be read, with the host's reason", async () => {
  const lacking = new Set([ids[7]!]);
  const link = linkTo(new HostThatLacks(lacking));
  expect((await ask(link)).unreadable).toEqual(new Map());
  for (let pass = 0; pass < 2; pass += 1)
    expect((await ask(link)).unreadable).toEqual(new Map([[ids[7], "internal error"]]));
  lacking.clear();
  expect((await ask(link)).unreadable).toEqual(new Map());
  lacking.add(ids[7]!);
  expect((await ask(link)).unreadable).toEqual(new Map());
});

test("a VM whose domain is too large does not keep a host from telling the vNICs of the others", async () => {
  const tooLarge = new HostError("protocol", "the answer is too large");
  const link = linkTo(new HostThatLacks(new Set([ids[207]!]), tooLarge));
  await ask(link);
  const { nics, unreadable, failure } = await ask(link);
  expect(nics.size).toBe(ids.length - 1);
  expect({ unreadable, failure }).toEqual({
    unreadable: new Map([[ids[207], tooLarge.message]]),
    failure: null,
  });
});

test("a host that tells more vNICs than are kept of a host is not asked for the others, and says why", async () => {
  const host = new FakeHost();
  host.nics = () => Array.from({ length: Math.ceil(MOST_NICS_OF_A_PASS / 200) }, () => reportedNic());
  const { nics, unreadable, failure } = await ask(linkTo(host));
  expect(nics.size).toBe(200);
  expect({ unreadable, failure }).toEqual({
    unreadable: new Map(),
    failure: `its VMs have more than ${MOST_NICS_OF_A_PASS} vNICs`,
  });
});

test("a host whose answers are not VDSM's protocol is asked a few times", async () => {
  const host = new HostThatLacks(new Set(ids), new HostError("protocol", "garbage"));
  expect(await ask(linkTo(host))).toMatchObject({ failure: "garbage" });
  expect(host.asked).toBeLessThanOrEqual(13);
});

test("a host without both verbs is asked once a pass, and with both again at the next", async () => {
  const missing = new HostError("fault", "no such method", -32601);
  const host = new FakeHost();
  const link = linkTo(host);
  host.broken.set("dumpxmls", missing).set("getVMFullList", missing);
  for (let pass = 0; pass < 2; pass += 1) {
    host.calls.length = 0;
    expect(await ask(link)).toEqual({ nics: new Map(), unreadable: new Map(), failure: "no such method" });
    expect(host.calls).toEqual(["dumpxmls", "getVMFullList"]);
  }
  host.broken.delete("dumpxmls");
  expect((await ask(link)).nics.size).toBe(ids.length);
});

test("a host that was updated between two passes is asked for dumpxmls again", async () => {
  const host = new FakeHost();
  const link = linkTo(host);
  host.broken.set("dumpxmls", new HostError("fault", "no such method", -32601));
  expect((await ask(link)).nics.size).toBe(ids.length);
  host.broken.clear();
  // As since 4.4: records without devices.
  const told = host.nics;
  host.nics = () => null;
  await ask(link);
  host.nics = told;
  host.calls.length = 0;
  expect((await ask(link)).nics.size).toBe(ids.length);
  expect(new Set(host.calls)).toEqual(new Set(["dumpxmls"]));
});

test("a host that refuses every call is one failure, not one for each VM", async () => {
  const link = linkTo(new HostThatLacks(new Set(ids)));
  for (let pass = 0; pass < 2; pass += 1)
    expect(await ask(link)).toMatchObject({ unreadable: new Map(), failure: "internal error" });
});

test("a VM that is missing from the answer cannot be read", async () => {
  class HostThatGarbles extends HostThatLacks {
    override async dumpxmls(vmIds: readonly string[]) {
      const answer = await super.dumpxmls(vmIds);
      answer.delete(ids[7]!);
      return answer;
    }
  }
  const { nics, unreadable, failure } = await ask(linkTo(new HostThatGarbles(new Set())));
  expect(nics.size).toBe(ids.length - 1);
  expect([...unreadable.keys()]).toEqual([ids[7]]);
  expect(failure).toBeNull();
});

test("a host that refuses every call is asked a bounded number of times", async () => {
  const host = new HostThatLacks(new Set(ids));
  const { nics, failure } = await ask(linkTo(host));
  expect(nics.size).toBe(0);
  expect(failure).toBe("internal error");
  expect(host.asked).toBeLessThanOrEqual(3 + 2 * 32);
});
