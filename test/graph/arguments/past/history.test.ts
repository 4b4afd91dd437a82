import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore } from "../../../../src/engine-store/engine-store.js";
import { createChangeLog } from "../../../../src/store/changes/change-log.js";
import type { VmScope } from "../../../../src/store/types.js";
import { applyDifferences } from "../../../support/passes/apply-differences.js";
import { HOST_A } from "../../../support/builders/ids.js";
import { omitTimes } from "../../../support/passes/omit-times.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { anyStep, runSeries, VM_IDS, type Step } from "../../../support/passes/pass-series.js";
import { listDifferences } from "../../../../src/store/changes/differences/differences.js";
import { askForData, askForErrors } from "../../support/ask.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 3 });
});
afterAll(() => database.drop());

/** Asks for all that can be asked of a VM at a time. */
const ask = (at: string) =>
  `{ ${VM_IDS.map(
    (id, index) => `vm${index}: vm(id: "${id}") {
    nics${at} {
      id name macAddress network linked plugged vm { id name status } guestInterface { name }
      guestInterfaces { name ipv4Addresses } primaryAddress { address reason } six: primaryAddress(family: IPV6) { address } }
    guestInfo${at} {
      ips fqdn source stale staleReason staleDetail staleSince lastChangedAt primaryAddress { address reason device { name } vmNic { name } }
      six: primaryAddress(family: IPV6) { address }
      near: primaryAddress(network: "OVIRTMGMT", within: "10.0.0.0/8") { address reason }
      networkDevices { name macAddress ipv4Addresses ipv6Addresses vmNic { id name } } } }`,
  ).join(" ")} }`;
const NOTHING = Object.fromEntries(VM_IDS.map((_, index) => [`vm${index}`, null]));
const series = fc.array(anyStep, { minLength: 3, maxLength: 20 });

describe("a VM at a time", () => {
  test("is answered exactly as it was answered then, whatever passes came after", async () => {
    await fc.assert(
      fc.asyncProperty(series, async (steps) => {
        const instants = await runSeries(database, steps, () => askForData(database.store, ask("")));
        for (const { at, seen } of instants) {
          const past = (await askForData(database.store, ask(`(at: "${at.toISOString()}")`))) as Answer;
          // A VM that was not known then is known now, without a past at that time.
          const known = Object.entries(past).map(([key, vm]) => [key, vm?.guestInfo == null ? null : vm]);
          expect({ ...NOTHING, ...Object.fromEntries(known) }).toEqual(seen);
        }
      }),
      { numRuns: 12 },
    );
  });

  test("costs the same nine statements for one VM and for three, and the present costs none more", async () => {
    await runSeries(database, FIVE_STEPS, () => Promise.resolve(null));
    const [row] = await database.dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now");
    const at = `(at: "${row!.now.toISOString()}")`;
    const count = async (ids: readonly string[], argument: string) => {
      const vms = ids.map(
        (id, index) =>
          `v${index}: vm(id: "${id}") { guestInfo${argument} { networkDevices { name vmNic { name } } } nics${argument} { name } }`,
      );
      const snapshot = database.store.openSnapshot(null);
      database.statements();
      await askForData(snapshot.reads, `{ ${vms.join(" ")} }`);
      const sent = database.statements().length;
      await snapshot.close();
      return sent;
    };
    expect(await count(VM_IDS.slice(0, 1), at)).toBe(9);
    expect(await count(VM_IDS, at)).toBe(9);
    expect(await count(VM_IDS, "")).toBe(4);
  });

  test("in the future, or before the log began, is refused with the reason", async () => {
    await runSeries(database, FIVE_STEPS, () => Promise.resolve(null));
    const of = (at: string) =>
      askForErrors(
        database.store,
        `{ vm(id: "${VM_IDS[0]}") { guestInfo(at: "${at}") { ips } nics(at: "${at}") { id } } }`,
      );
    database.statements();
    expect(await of("9999-01-01T00:00:00Z")).toEqual([
      "BAD_USER_INPUT: at: 9999-01-01T00:00:00.000Z is in the future",
      "BAD_USER_INPUT: at: 9999-01-01T00:00:00.000Z is in the future",
    ]);
    expect(database.statements()).toHaveLength(1);
    for (const error of await of("2001-01-01T00:00:00Z")) {
      expect(error).toMatch(
        /^BAD_USER_INPUT: at: 2001-01-01T00:00:00.000Z is before \S+, from when on the past is known/,
      );
    }
    expect(database.statements()).toHaveLength(2);
  });

  test("is refused where an engine's database is read", async () => {
    await runSeries(database, FIVE_STEPS, () => Promise.resolve(null));
    const reads = {
      ...createEngineStore(database.dataSource),
      readVmsByIds: (ids: readonly string[]) => database.store.readVmsByIds(ids),
    };
    const errors = await askForErrors(
      reads,
      `{ vm(id: "${VM_IDS[0]}") { guestInfo(at: "2026-01-01T00:00:00Z") { ips } guestHistory { keptFrom } } }`,
    );
    expect(errors).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^NOT_AVAILABLE: no history is kept here/)),
    );
  });
});

describe("the history of a VM", () => {
  test("leads from no VM to what is stored now, page by page of any size", async () => {
    await fc.assert(
      fc.asyncProperty(series, fc.integer({ min: 1, max: 7 }), async (steps, limit) => {
        await runSeries(database, steps, () => Promise.resolve(null));
        for (const vmId of VM_IDS) {
          const changes = await readAll(vmId, limit);
          let version = null;
          for (const { before, after, at } of changes.toReversed()) {
            expect(before).toEqual(version);
            expect(applyDifferences(before, listDifferences(before, after))).toEqual(after);
            expect(listDifferences(before, after)).not.toEqual([]);
            const [then] = await database.store.readVmVersionsAt([vmId], at);
            expect(then).toMatchObject({ ...after });
            version = after;
          }
          const now = (
            await database.dataSource.query<{ now: Date }[]>("SELECT clock_timestamp() AS now")
          )[0]!.now;
          const [present] = await database.store.readVmVersionsAt([vmId], now);
          expect(version).toEqual(present === undefined ? null : omitTimes(present));
        }
      }),
      { numRuns: 10 },
    );
  });

  test("tells what changed in words and in types, the newest first", async () => {
    await runSeries(database, FIVE_STEPS, () => Promise.resolve(null));
    const query = (page: string) => `{ vm(id: "${VM_IDS[0]}") { guestHistory(${page}) {
      nodes { reportedBy { id } differences { kind summary ... on NameDifference { nameBefore nameAfter } } }
      edges { cursor node { at } }
      pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;
    const read = async (page: string) =>
      (await askForData(database.store, query(page))) as { vm: { guestHistory: HistoryPage } };
    const { guestHistory: first } = (await read("first: 1")).vm;
    expect(first.nodes).toEqual([
      {
        reportedBy: { id: HOST_A },
        differences: [
          {
            kind: "GUEST_RENAMED",
            summary: "the guest's host name is 3.test",
            nameBefore: "0.test",
            nameAfter: "3.test",
          },
        ],
      },
    ]);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const { guestHistory: second } = (await read(`after: "${first.pageInfo.endCursor}"`)).vm;
    expect(second.nodes.map(({ differences }) => differences.map(({ kind }) => kind))).toEqual([
      ["VM_APPEARED"],
    ]);
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const { guestHistory: none } = (
      await read(`from: "${first.edges[0]!.node.at}", to: "${first.edges[0]!.node.at}"`)
    ).vm;
    expect(none.nodes).toEqual([]);
  });

  test.each([
    ['after: "x"', /^BAD_USER_INPUT: after: not a cursor of this list/],
    ["first: 0", /^BAD_USER_INPUT: first: must be from 1/],
    ['from: "9999-01-01T00:00:00Z"', /^BAD_USER_INPUT: from: .* is in the future/],
    ['from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z"', /^BAD_USER_INPUT: to: must not be before/],
  ])("refuses %s before anything is read of it", async (page, error) => {
    await runSeries(database, FIVE_STEPS, () => Promise.resolve(null));
    database.statements();
    expect(
      await askForErrors(database.store, `{ vm(id: "${VM_IDS[0]}") { guestHistory(${page}) { keptFrom } } }`),
    ).toEqual([expect.stringMatching(error)]);
    expect(database.statements()).toHaveLength(1);
  });
});

describe("who had an address", () => {
  const query = (page: string) => `{ addressHistory(${page}) {
    nodes { address macAddress deviceName vmId vm { name } since until } pageInfo { hasNextPage endCursor } } }`;
  const read = async (page: string) =>
    ((await askForData(database.store, query(page))) as { addressHistory: AddressPage }).addressHistory;

  test("is told with the VM and the times, page by page; before the index is made, it is not available", async () => {
    await database.dataSource.query("UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false");
    const address = 'address: "10.0.0.1"';
    expect(await askForErrors(database.store, query(address))).toEqual([
      expect.stringMatching(/^NOT_AVAILABLE: addressHistory: the index of addresses is being made/),
    ]);
    await database.dataSource.query("TRUNCATE vm_static, vnic_graph_address_span CASCADE");
    const log = createChangeLog(database.dataSource);
    while ((await log.advanceAddressIndex()) === "more");
    const changed = { ...FIVE_STEPS[3]!, change: { netIfaces: [] } as unknown as Step["change"] };
    const instants = await runSeries(database, [...FIVE_STEPS, changed], () => Promise.resolve(null));
    const first = await read(`${address}, first: 1`);
    expect(first.nodes).toEqual([
      {
        address: "10.0.0.1",
        macAddress: "52:54:00:00:00:01",
        deviceName: "eth0",
        vmId: VM_IDS[2],
        vm: { name: "web" },
        since: expect.any(String) as string,
        until: null,
      },
    ]);
    const rest = await read(`${address}, after: "${first.pageInfo.endCursor}"`);
    expect(rest.nodes.map(({ vmId, until }) => [vmId, until === null])).toEqual([
      [VM_IDS[1], true],
      [VM_IDS[0], false],
    ]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    const at = instants[1]!.at.toISOString();
    expect(
      (await read(`macAddress: "52-54-00-00-00-01", from: "${at}", to: "${at}"`)).nodes.map(
        ({ vmId, address: ip }) => [vmId, ip],
      ),
    ).toEqual(
      [
        [VM_IDS[1], "10.0.0.1"],
        [VM_IDS[0], "10.0.0.1"],
      ].flatMap(([vmId]) => [
        [vmId, "fe80::1"],
        [vmId, "10.0.0.1"],
      ]),
    );
  });

  test.each([
    ["first: 5", /^BAD_USER_INPUT: addressHistory: give an address, a macAddress, or both/],
    ['address: "10.0.0.1", after: "WzEsImNoYW5nZSJd"', /^BAD_USER_INPUT: after: not a cursor of this list/],
    ['address: "10.0.0.1", from: "9999-01-01T00:00:00Z"', /^BAD_USER_INPUT: from: .* is in the future/],
  ])("refuses %s before anything is read", async (page, error) => {
    database.statements();
    expect(await askForErrors(database.store, query(page))).toEqual([expect.stringMatching(error)]);
    expect(database.statements()).toEqual([]);
  });
});

describe("a scope", () => {
  const scopes = fc.record({
    namePatterns: fc.subarray(["w*", "d?", "*b"]),
    hostIds: fc.subarray([HOST_A]),
    vmIds: fc.subarray([VM_IDS[0]!]),
  });

  test("tells each change as it was, also on a page with changes before and after a time at which the VM was hidden", async () => {
    const steps: readonly Step[] = [
      { hash: "1" },
      { vmName: "web", guestFQDN: "old.test" },
      { vmName: "db", guestFQDN: "hidden.test" },
      { vmName: "web", guestFQDN: "new.test" },
      { hash: "2" },
      { status: "Paused" },
    ].map((change) => ({ hostId: HOST_A, vmId: VM_IDS[0]!, change, nics: 0 }) as Step);
    await runSeries(database, steps, () => Promise.resolve(null));
    const scope = { namePatterns: ["w*"], hostIds: [], vmIds: [] };
    const shown = await readAll(VM_IDS[0]!, 100, scope);
    expect(shown.map(({ before, after }) => [before?.fqdn ?? null, after?.fqdn])).toEqual([
      ["new.test", "new.test"],
      ["web.example.test", "old.test"],
      [null, "web.example.test"],
    ]);
  });

  test("holds for the past as for the present: a VM is seen by who sees it now and saw it then", async () => {
    await fc.assert(
      fc.asyncProperty(series, scopes, async (steps, scope) => {
        const reader = database.store.createReaderFor(scope);
        const seenNow = async () => new Set((await reader.readVmsByIds(VM_IDS)).map(({ id }) => id));
        const instants = await runSeries(database, steps, seenNow);
        const now = await seenNow();
        for (const { at, seen } of instants) {
          const past = await reader.readVmVersionsAt(VM_IDS, at);
          expect(new Set(past.map(({ id }) => id))).toEqual(new Set([...seen].filter((id) => now.has(id))));
        }
        for (const vmId of VM_IDS) {
          const all = await readAll(vmId, 100);
          const shown = all.filter(({ before, after }) => isSeen(scope, before) && isSeen(scope, after));
          expect(await readAll(vmId, 2, scope)).toEqual(now.has(vmId) ? shown : []);
        }
      }),
      { numRuns: 15 },
    );
  });
});

type Answer = Record<string, { readonly guestInfo: unknown } | null>;

interface AddressPage {
  readonly nodes: readonly {
    readonly vmId: string;
    readonly address: string;
    readonly until: string | null;
  }[];
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean };
}

interface HistoryPage {
  readonly nodes: readonly { readonly differences: readonly { readonly kind: string }[] }[];
  readonly edges: readonly { readonly node: { readonly at: string } }[];
  readonly pageInfo: { readonly endCursor: string };
}

const FIVE_STEPS: readonly Step[] = [0, 1, 2, 0, 1].map((index, at) => ({
  hostId: HOST_A,
  vmId: VM_IDS[index]!,
  change: { guestFQDN: `${at}.test`, vmName: "web" } as unknown as Step["change"],
  nics: 1,
}));

async function readAll(vmId: string, limit: number, scope: VmScope | null = null) {
  const reader = database.store.createReaderFor(scope);
  const all = [];
  for (let after = null; ;) {
    const page = await reader.readVmChanges([vmId], { from: null, to: null, after, limit });
    all.push(...page);
    after = page.at(-1)?.position ?? null;
    if (page.length < limit || after === null) return all;
  }
}

/** The rule of scopes, told once more for names and hosts that this test uses. */
function isSeen(scope: VmScope, vm: { id: string; name: string; hostId: string | null } | null): boolean {
  if (vm === null) return true;
  const names: Record<string, (name: string) => boolean> = {
    "w*": (name) => name.startsWith("w"),
    "d?": (name) => name.startsWith("d") && name.length === 2,
    "*b": (name) => name.endsWith("b"),
  };
  return (
    scope.vmIds.includes(vm.id) ||
    scope.hostIds.includes(vm.hostId ?? "") ||
    scope.namePatterns.some((pattern) => names[pattern]!(vm.name))
  );
}
