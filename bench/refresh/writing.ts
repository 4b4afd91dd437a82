import type { RefreshStore } from "../../src/store/types.js";
import { measureVmTablesWalBytes, measureWalBytes, type BenchDatabase } from "../support/database.js";
import { computeMedian } from "../support/median.js";
import { Meter, type Spent } from "../support/meter.js";
import { changeEveryNth, Payloads } from "../support/payloads.js";
import { createBenchHost, PolledHost } from "../support/polled-host.js";
import { MeteredStore } from "../support/metered-store.js";
import { cutChunks } from "../support/tape-host.js";
import { findTarget, type Target } from "./target.js";
import { TypeOrmPeers } from "./typeorm-peers.js";
import * as writers from "./writers.js";

/** One way to write a change, and what it costs. */
export interface WayToWrite {
  readonly name: string;
  readonly milliseconds: number;
  /** CPU of the server; the clock's time if CPU cannot be read. */
  readonly cpuMilliseconds: number;
  readonly walBytesPerVm: number;
  /** Medians of the ratios of each round. */
  readonly vsFloor: number;
  readonly cpuVsFloor: number;
  readonly walVsFloor: number;
}

/** The results for the changes of one host with these VMs. */
export interface Writing {
  readonly vms: number;
  readonly changedVms: number;
  readonly ways: readonly WayToWrite[];
  /** A complete pass in the database, claim and reading included, divided by the floor; by CPU if it can be read. */
  readonly passVsFloor: number;
  readonly walBytesUnchanged: number | null;
}

/** Measures all ways in rounds. In each round every way writes the same rows once, each time with other addresses. */
export async function measureWriting(
  database: BenchDatabase,
  hostNumber: number,
  options: {
    readonly vms: number;
    readonly step: number;
    readonly rounds: number;
    readonly withPeers: boolean;
  },
): Promise<Writing> {
  const { vms, step, rounds, withPeers } = options;
  const payloads = new Payloads(vms);
  const meter = new Meter(database.client);
  const metered = new MeteredStore(database.store, meter);
  const host = await runFirstPass(database, metered, payloads, hostNumber);
  let version = 0;
  const nextBody = () =>
    payloads.body(hostNumber, version, changeEveryNth(step, (version = (version % 250) + 1)));
  const targetNow = (body: Buffer): Target =>
    findTarget(body, (address) => address.startsWith(`10.${version}.`));

  const peers = withPeers ? await TypeOrmPeers.on(database.url, targetNow(nextBody())) : null;
  const ours = async (body: Buffer) => {
    host.load(cutChunks(body));
    metered.reset();
    await host.pass();
    return metered.readSpent("apply");
  };
  const by = (write: writers.Writer) => (body: Buffer) => {
    const target = targetNow(body);
    return meter.measure(() => write(database.client, target));
  };
  const ways: Record<string, (body: Buffer) => Promise<Spent>> = {
    [FLOOR]: by(writers.floor),
    [OURS]: ours,
    "one-statement merge": by(writers.oneStatementMerge),
    "delete + unnest insert": by(writers.deleteAndUnnestInsert),
    "delete + multi-row insert": by(writers.deleteAndMultiRowInsert),
    ...(peers === null
      ? {}
      : {
          "a row at a time": by(writers.rowAtATime),
          "TypeORM save of all": by((_, target) => peers.saveAll(target)),
          "TypeORM save of each VM": by((_, target) => peers.saveEach(target)),
        }),
  };
  const costs = new Map(Object.keys(ways).map((name) => [name, [] as Cost[]]));
  const passes: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const body = nextBody();
      // Both pools open a connection now, so that it is not new in the measurement.
      await database.store.readPollingState();
      await peers?.ping();
      await meter.prepare();
      const { answer: spent, walBytes } = await measureWalBytes(database.client, () => way(body));
      if (round < 0) continue;
      costs.get(name)!.push({ ...spent, walBytes });
      if (name === OURS) passes.push(metered.readSpent("claim", "read", "apply").cpuMilliseconds);
      await database.client.query("VACUUM vm_guest_agent_interfaces, vm_dynamic, vnic_graph_host");
    }
  }
  await peers?.close();
  await ours(nextBody());
  const unchanged = payloads.body(hostNumber, 1_000, changeEveryNth(step, version));
  const changedVms = Math.ceil(vms / step);
  const floorCosts = costs.get(FLOOR)!;
  return {
    vms,
    changedVms,
    ways: [...costs].map(([name, cost]) => createWay(name, cost, floorCosts, changedVms)),
    passVsFloor: computeMedian(passes.map((spent, at) => spent / floorCosts[at]!.cpuMilliseconds)),
    walBytesUnchanged: await measureVmTablesWalBytes(database.client, () => ours(unchanged)),
  };
}

/** Runs the first pass, which stores the host and all its VMs. */
export async function runFirstPass(
  { store, client }: BenchDatabase,
  timed: RefreshStore,
  payloads: Payloads,
  hostNumber: number,
): Promise<PolledHost> {
  await store.addHost(createBenchHost(hostNumber), null);
  const host = new PolledHost(hostNumber, timed);
  host.load(cutChunks(payloads.body(hostNumber, 0, changeEveryNth(1, 0))));
  await host.pass();
  // Autovacuum would have done this by now. Without statistics, plans would be bad.
  await client.query("VACUUM ANALYZE");
  return host;
}

interface Cost extends Spent {
  readonly walBytes: number;
}

function createWay(
  name: string,
  costs: readonly Cost[],
  floors: readonly Cost[],
  changedVms: number,
): WayToWrite {
  return {
    name,
    milliseconds: computeMedian(costs.map(({ milliseconds }) => milliseconds)),
    cpuMilliseconds: computeMedian(costs.map(({ cpuMilliseconds }) => cpuMilliseconds)),
    walBytesPerVm: computeMedian(costs.map(({ walBytes }) => walBytes)) / changedVms,
    vsFloor: computeMedian(costs.map(({ milliseconds }, at) => milliseconds / floors[at]!.milliseconds)),
    cpuVsFloor: computeMedian(
      costs.map(({ cpuMilliseconds }, at) => cpuMilliseconds / floors[at]!.cpuMilliseconds),
    ),
    walVsFloor: computeMedian(costs.map(({ walBytes }, at) => walBytes / floors[at]!.walBytes)),
  };
}

/** The names of the two ways that are compared. */
export const FLOOR = "hand-written UPDATE";
export const OURS = "vnic-graph";
