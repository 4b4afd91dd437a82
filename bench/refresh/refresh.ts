import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { formatTable } from "../../src/commands/table.js";
import { openDatabase, type BenchDatabase } from "../support/database.js";
import { plot } from "../support/plot.js";
import { measureLogCost, printLogCosts, printWalByTable, type LogCost } from "./log-cost.js";
import { measureReading, type Reading } from "./reading.js";

import { FLOOR, measureWriting, OURS, type Writing } from "./writing.js";

/** The options of the measurement. */
export interface RefreshBench {
  readonly vms: readonly number[];
  readonly stored: number;
  readonly rounds: number;
}

/** Measures, prints a table, writes the plot, and prints one line of ratios as JSON at the end. */
export async function benchRefresh({ vms, stored, rounds }: RefreshBench): Promise<void> {
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, medians of ${rounds} rounds`,
  );
  const readings: Reading[] = [];
  for (const count of vms) readings.push(await measureReading(count, rounds));
  printReadings(readings);

  const database = await openDatabase();
  try {
    console.log(`\nPostgreSQL ${database.version}, commits not waiting for the disk`);
    const few = await measureWriting(database, 1, { vms: stored / 10, step: 100, rounds, withPeers: false });
    const some = await measureWriting(database, 2, { vms: stored, step: 100, rounds, withPeers: true });
    const all = await measureWriting(database, 3, { vms: stored, step: 1, rounds, withPeers: false });
    for (const writing of [few, some, all]) printWriting(writing);
    const logCosts = await measureLogCosts(database, stored, rounds);
    printLogCosts(logCosts);
    const file = new URL("../results/refresh.svg", import.meta.url);
    await mkdir(new URL(".", file), { recursive: true });
    await writeFile(file, plot(readings, some));
    console.log(`\nplot: ${file.pathname}`);
    const log = logCosts.map(({ changedVms, ratios }) => ({
      changedVms,
      cpu: roundRatio(ratios.cpuMilliseconds),
      clock: roundRatio(ratios.milliseconds),
      wal: roundRatio(ratios.walBytes),
    }));
    console.log(JSON.stringify({ ...computeRatios(readings, { few, some, all }), log }));
  } finally {
    await database.close();
  }
}

/** Measures the log's cost with one VM in a hundred changed, with all, and with none. */
async function measureLogCosts(database: BenchDatabase, vms: number, rounds: number): Promise<LogCost[]> {
  const costs: LogCost[] = [];
  for (const [place, step] of [100, 1, null].entries()) {
    costs.push(await measureLogCost(database, 4 + place, { vms, step, rounds: 2 * rounds }));
  }
  return costs;
}

/** Measures what the change log costs alone, and prints it. */
export async function benchLogCost({
  stored,
  rounds,
}: Pick<RefreshBench, "stored" | "rounds">): Promise<void> {
  const database = await openDatabase();
  try {
    console.log(`Node ${process.version}, PostgreSQL ${database.version}, medians of ${2 * rounds} rounds`);
    const costs = await measureLogCosts(database, stored, rounds);
    printLogCosts(costs);
    for (const cost of costs) printWalByTable(cost);
  } finally {
    await database.close();
  }
}

function printReadings(readings: readonly Reading[]): void {
  console.log(
    "\nReading: CPU of a pass from a frame's bytes to the decision, over JSON.parse of its body alone",
  );
  console.log(
    formatTable(
      ["VMs", "bytes a VM", "JSON.parse µs/VM", "unchanged µs/VM", "× parse", "1 % changed µs/VM", "× parse"],
      readings.map((each) => [
        each.vms,
        each.bytesPerVm.toFixed(0),
        each.parseMicros.toFixed(2),
        each.unchangedMicros.toFixed(2),
        each.unchangedVsParse.toFixed(2),
        each.onePercentMicros.toFixed(2),
        each.onePercentVsParse.toFixed(2),
      ]),
    ),
  );
}

function printWriting({ vms, changedVms, ways, passVsFloor, walBytesUnchanged }: Writing): void {
  console.log(`\nWriting: ${changedVms} of ${vms} VMs with another address`);
  console.log(
    formatTable(
      ["way", "ms", "× floor", "server CPU ms", "× floor", "WAL bytes a VM", "× floor"],
      ways.map((way) => [
        way.name,
        way.milliseconds.toFixed(1),
        way.vsFloor.toFixed(2),
        way.cpuMilliseconds.toFixed(1),
        way.cpuVsFloor.toFixed(2),
        way.walBytesPerVm.toFixed(0),
        way.walVsFloor.toFixed(2),
      ]),
    ),
  );
  console.log(
    `a whole pass of ours in the database, claim and reading included, by CPU: ${passVsFloor.toFixed(2)} × floor`,
  );
  console.log(`WAL in the VMs' tables of a pass without change: ${walBytesUnchanged ?? "unknown"} bytes`);
}

function computeRatios(
  readings: readonly Reading[],
  { few, some, all }: Record<"few" | "some" | "all", Writing>,
) {
  const bySize = (valueOf: (reading: Reading) => number) =>
    Object.fromEntries(readings.map((reading) => [reading.vms, roundRatio(valueOf(reading))]));
  const ours = ({ ways }: Writing) => ways.find(({ name }) => name === OURS)!;
  return {
    bench: "refresh",
    unchangedVsParse: bySize((reading) => reading.unchangedVsParse),
    onePercentVsParse: bySize((reading) => reading.onePercentVsParse),
    changedVsFloor: { "1%": roundRatio(ours(some).cpuVsFloor), "100%": roundRatio(ours(all).cpuVsFloor) },
    changedVsFloorByClock: { "1%": roundRatio(ours(some).vsFloor), "100%": roundRatio(ours(all).vsFloor) },
    passVsFloor: { "1%": roundRatio(some.passVsFloor), "100%": roundRatio(all.passVsFloor) },
    walVsFloor: { "1%": roundRatio(ours(some).walVsFloor), "100%": roundRatio(ours(all).walVsFloor) },
    walBytesUnchanged: some.walBytesUnchanged,
    growth: {
      readingMicrosPerVm: bySize((reading) => reading.unchangedMicros),
      writingMicrosPerChangedVm: Object.fromEntries(
        [few, some].map((writing) => [
          writing.vms,
          roundRatio((1_000 * ours(writing).cpuMilliseconds) / writing.changedVms),
        ]),
      ),
    },
    othersVsFloor: Object.fromEntries(
      some.ways
        .filter(({ name }) => name !== OURS && name !== FLOOR)
        .map((way) => [way.name, roundRatio(way.cpuVsFloor)]),
    ),
  };
}

function roundRatio(value: number): number {
  return Number(value.toPrecision(3));
}
