import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { advanceAddressIndex } from "../../../../src/store/changes/spans/span-indexer.js";
import { listHeldAddresses } from "../../../../src/store/changes/spans/held-addresses.js";
import { toVersion, type VmVersion } from "../../../../src/store/changes/versions/vm-version.js";
import type { AddressSpan, SpanPosition, VmScope } from "../../../../src/store/types.js";
import { HOST_A } from "../../../support/builders/ids.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { anyStep, runSeries, VM_IDS, type Instant } from "../../../support/passes/pass-series.js";

const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
const MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02"];
const SMALL = { vms: 2, changes: 2 };

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 4 });
});
afterAll(() => database.drop());

beforeEach(() => forgetIndex());

/** After how many passes the index is advanced by how many small steps. */
const steps = fc.array(fc.record({ pass: anyStep, advance: fc.nat({ max: 3 }) }), {
  minLength: 3,
  maxLength: 16,
});

describe("who had an address", () => {
  test("is what was stored at every instant, wherever the index has got to, for any size of page", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (all, limit) => {
        await forgetIndex();
        while ((await advanceAddressIndex(database.dataSource)) === "more");
        const instants = await runSeriesWith(all);
        for (const address of ADDRESSES) {
          const spans = await readAll({ address, macAddress: null }, limit);
          found += spans.length;
          for (const instant of instants) {
            expect(holdersAt(spans, instant.at)).toEqual(
              storedHolders(instant, (held) => held.address === address),
            );
          }
          expect(await readAll({ address, macAddress: null }, 500)).toEqual(spans);
        }
        for (const macAddress of MACS) {
          const spans = await readAll({ address: null, macAddress }, limit);
          for (const instant of instants) {
            expect(holdersAt(spans, instant.at)).toEqual(
              storedHolders(instant, (held) => held.mac === macAddress),
            );
          }
        }
      }),
      { numRuns: 15 },
    );
    expect(found).toBeGreaterThan(20);
  });

  test("is the same after the index was made anew from the log", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await forgetIndex();
        while ((await advanceAddressIndex(database.dataSource)) === "more");
        await runSeriesWith(all);
        const before = await Promise.all(
          ADDRESSES.map((address) => readAll({ address, macAddress: null }, 500)),
        );
        await database.dataSource.query("TRUNCATE vnic_graph_address_span");
        await resetIndex();
        expect(
          await database.store.readAddressSpans(ask({ address: ADDRESSES[0]!, macAddress: null }, 1)),
        ).toBeNull();
        while ((await advanceAddressIndex(database.dataSource, SMALL)) === "more");
        const after = await Promise.all(
          ADDRESSES.map((address) => readAll({ address, macAddress: null }, 500)),
        );
        expect(after).toEqual(before);
      }),
      { numRuns: 10 },
    );
  });

  test("is seen by a scope as the VMs were seen at each instant", async () => {
    const scopes = fc.record({
      namePatterns: fc.subarray(["w*", "*b"]),
      hostIds: fc.subarray([HOST_A]),
      vmIds: fc.subarray([VM_IDS[0]!]),
    });
    await fc.assert(
      fc.asyncProperty(steps, scopes, async (all, scope) => {
        await forgetIndex();
        while ((await advanceAddressIndex(database.dataSource)) === "more");
        const reader = database.store.createReaderFor(scope);
        const look = async () => new Set((await reader.readVmsByIds(VM_IDS)).map(({ id }) => id));
        const instants = await runSeriesWith(all, look);
        const now = await look();
        for (const address of ADDRESSES) {
          const spans = await readAll({ address, macAddress: null }, 2, scope);
          for (const { at, seen } of instants) {
            const stored = storedHolders({ at, seen: seen.versions }, (held) => held.address === address);
            expect(holdersAt(spans, at)).toEqual(
              stored.filter((holder) => seen.extra.has(vmOf(holder)) && now.has(vmOf(holder))),
            );
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  test("is the same for an IPv4 address and for that address mapped into IPv6, in any spelling of it", async () => {
    const eth = { name: "eth0", hw: MACS[0]!, inet: ["10.0.0.1"], inet6: ["::ffff:10.0.0.2"] };
    const pass = { hostId: HOST_A, vmId: VM_IDS[0]!, change: { netIfaces: [eth] }, nics: null };
    for (const advance of [0, 3]) {
      await forgetIndex();
      while ((await advanceAddressIndex(database.dataSource)) === "more");
      await runSeriesWith([{ pass, advance }] as never);
      for (const [number, stored] of [
        [1, "10.0.0.1"],
        [2, "::ffff:10.0.0.2"],
      ]) {
        for (const address of [`10.0.0.${number}`, `::ffff:10.0.0.${number}`, `::ffff:a00:${number}`]) {
          const spans = await readAll({ address, macAddress: null }, 10);
          expect([address, ...spans.map((span) => span.address)]).toEqual([address, stored]);
        }
      }
    }
  });

  test("is asked for a period: spans that end before it or begin after it are left out", async () => {
    const eth = (address: string) => [{ name: "eth0", hw: MACS[0]!, inet: [address], inet6: null }];
    const pass = (address: string) => ({
      pass: { hostId: HOST_A, vmId: VM_IDS[0]!, change: { netIfaces: eth(address) }, nics: null },
      advance: 3,
    });
    const instants = await runSeriesWith([pass("10.0.0.1"), pass("10.0.0.2"), pass("10.0.0.1")] as never);
    const asked = { address: "10.0.0.1", macAddress: null };
    const read = async (from: Date | null, to: Date | null) =>
      (await database.store.readAddressSpans({ ...ask(asked, 10), from, to }))?.length;
    expect(await read(null, null)).toBe(2);
    expect(await read(instants[1]!.at, instants[1]!.at)).toBe(0);
    expect(await read(instants[0]!.at, instants[0]!.at)).toBe(1);
    expect(await read(instants[1]!.at, null)).toBe(1);
    expect(await read(null, instants[1]!.at)).toBe(1);
  });
});

type Asked = { readonly address: string | null; readonly macAddress: string | null };
type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;
interface Looked<Extra> {
  readonly versions: readonly VmVersion[];
  readonly extra: Extra;
}

function runSeriesWith(all: Step): Promise<Instant<readonly VmVersion[]>[]>;
function runSeriesWith<Extra>(all: Step, look: () => Promise<Extra>): Promise<Instant<Looked<Extra>>[]>;
async function runSeriesWith(all: Step, look?: () => Promise<unknown>): Promise<Instant<never>[]> {
  let pass = 0;
  const lookAround = async () => {
    for (let left = all[pass]!.advance; left > 0; left -= 1) {
      await advanceAddressIndex(database.dataSource, SMALL);
    }
    pass += 1;
    const versions = (await database.store.readVms(VM_IDS)).map(toVersion);
    return (look === undefined ? versions : { versions, extra: await look() }) as never;
  };
  return runSeries<never>(
    database,
    all.map((step) => step.pass),
    lookAround,
  );
}

/** Takes the index away, as if it was never made. */
async function forgetIndex(): Promise<void> {
  await database.dataSource.query(
    "TRUNCATE vm_static, vds_static, vnic_graph_change, vnic_graph_address_span CASCADE",
  );
  await resetIndex();
}

async function resetIndex(): Promise<void> {
  await database.dataSource.query(
    "UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false, built_to = NULL",
  );
}

function ask(asked: Asked, limit: number, after: SpanPosition | null = null) {
  return { ...asked, from: null, to: null, after, limit };
}

async function readAll(asked: Asked, limit: number, scope: VmScope | null = null): Promise<AddressSpan[]> {
  const reader = database.store.createReaderFor(scope);
  const all: AddressSpan[] = [];
  for (let after: SpanPosition | null = null; ;) {
    const page: AddressSpan[] | null = await reader.readAddressSpans(ask(asked, limit, after));
    if (page === null) throw new Error("the index is not ready");
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return all;
    after = { ...last.position, shownSince: last.since?.toISOString() ?? "-infinity" };
  }
}

function holdersAt(spans: readonly AddressSpan[], at: Date): string[] {
  return spans
    .filter(({ since, until }) => (since === null || since <= at) && (until === null || at < until))
    .map(({ vmId, address, deviceName, macAddress }) =>
      JSON.stringify([vmId, address, deviceName, macAddress]),
    )
    .sort();
}

function storedHolders(
  { seen }: Instant<readonly VmVersion[]>,
  isAsked: (held: { address: string; mac: string | null }) => boolean,
): string[] {
  return seen
    .flatMap((version) =>
      listHeldAddresses(version)
        .filter(isAsked)
        .map(({ address, device, mac }) => JSON.stringify([version.id, address, device, mac])),
    )
    .sort();
}

function vmOf(holder: string): string {
  return (JSON.parse(holder) as string[])[0]!;
}
