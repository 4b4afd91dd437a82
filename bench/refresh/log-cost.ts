import { formatTable } from "../../src/commands/table.js";
import { listWalByTable, measureWalBytes, type BenchDatabase } from "../support/database.js";
import { computeMedian } from "../support/median.js";
import { Meter } from "../support/meter.js";
import { MeteredStore } from "../support/metered-store.js";
import { changeEveryNth, Payloads } from "../support/payloads.js";
import { cutChunks } from "../support/tape-host.js";
import { runFirstPass } from "./writing.js";

/** The cost of a pass: of all its calls to the database. */
interface PassCost {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly walBytes: number;
}

/** The cost of a pass over a host with these VMs, with and without the change log. */
export interface LogCost {
  readonly vms: number;
  readonly changedVms: number;
  readonly withLog: PassCost;
  readonly without: PassCost;
  /** Medians of the ratios of each round. */
  readonly ratios: PassCost;
  /** Bytes of WAL of one more pass with the log, by table and its indexes; `null` if the server cannot tell. */
  readonly walByTable: Readonly<Record<string, number>> | null;
}

/**
 * Measures passes with the log and without it, by turns. Only here it can be switched off: the store gets no list of
 * what readers see change. So it writes no row of the log, and nothing else that depends on this list: the time of the
 * last change and the primary address, by which lists are sorted, and drift.
 */
export async function measureLogCost(
  database: BenchDatabase,
  hostNumber: number,
  { vms, step, rounds }: { readonly vms: number; readonly step: number | null; readonly rounds: number },
): Promise<LogCost> {
  const payloads = new Payloads(vms);
  const meter = new Meter(database.client);
  const metered = new MeteredStore(database.store, meter);
  const host = await runFirstPass(database, metered, payloads, hostNumber);
  let version = 0;
  const pass = async (hasLog: boolean): Promise<PassCost> => {
    metered.isLogged = hasLog;
    const changed =
      step === null ? changeEveryNth(1, 0) : changeEveryNth(step, (version = (version % 250) + 1));
    host.load(cutChunks(payloads.body(hostNumber, step === null ? 0 : version, changed)));
    await database.store.readPollingState();
    await meter.prepare();
    metered.reset();
    const { walBytes } = await measureWalBytes(database.client, () => host.pass());
    await database.client.query(
      "VACUUM vm_guest_agent_interfaces, vm_dynamic, vnic_graph_host, vnic_graph_vm",
    );
    return { ...metered.readSpent("claim", "read", "apply"), walBytes };
  };
  await pass(true);
  const costs: { readonly withLog: PassCost; readonly without: PassCost }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    // The order changes, because the first one finds other pages in memory than the second.
    const first = await pass(round % 2 === 0);
    const second = await pass(round % 2 !== 0);
    if (round < 0) continue;
    costs.push(round % 2 === 0 ? { withLog: first, without: second } : { withLog: second, without: first });
  }
  const walByTable = await listWalByTable(database.client, () => pass(true));
  return {
    walByTable,
    vms,
    changedVms: step === null ? 0 : Math.ceil(vms / step),
    withLog: computeMedians(costs.map(({ withLog }) => withLog)),
    without: computeMedians(costs.map(({ without }) => without)),
    ratios: computeMedians(
      costs.map(({ withLog, without }) => ({
        milliseconds: withLog.milliseconds / without.milliseconds,
        cpuMilliseconds: withLog.cpuMilliseconds / without.cpuMilliseconds,
        walBytes: withLog.walBytes / without.walBytes,
      })),
    ),
  };
}

/** Prints what the log costs, for each share of VMs that changed. */
export function printLogCosts(costs: readonly LogCost[]): void {
  console.log("\nThe change log: a whole pass with it and without it, in turns");
  console.log(
    formatTable(
      [
        "changed",
        "of VMs",
        "CPU ms",
        "without",
        "×",
        "clock ms",
        "without",
        "×",
        "WAL bytes",
        "without",
        "×",
      ],
      costs.map(({ changedVms, vms, withLog, without, ratios }) => [
        changedVms,
        vms,
        withLog.cpuMilliseconds.toFixed(1),
        without.cpuMilliseconds.toFixed(1),
        ratios.cpuMilliseconds.toFixed(2),
        withLog.milliseconds.toFixed(1),
        without.milliseconds.toFixed(1),
        ratios.milliseconds.toFixed(2),
        withLog.walBytes,
        without.walBytes,
        ratios.walBytes.toFixed(2),
      ]),
    ),
  );
}

/** Prints the WAL of a pass by table. */
export function printWalByTable({ walByTable, changedVms }: LogCost): void {
  if (walByTable === null || changedVms === 0) return;
  console.log(`\nWAL bytes a VM, by table with its indexes, of a pass that changes ${changedVms} VMs`);
  const all = Object.values(walByTable).reduce((sum, bytes) => sum + bytes, 0);
  const log = LOG_TABLES.reduce((sum, table) => sum + (walByTable[table] ?? 0), 0);
  console.log(
    `the log alone: ${(log / changedVms).toFixed(0)} bytes a VM, ${(all / (all - log)).toFixed(2)} × the rest`,
  );
  const rows = Object.entries(walByTable).map(([table, bytes]) => [table, (bytes / changedVms).toFixed(0)]);
  console.log(formatTable(["table", "bytes a VM"], rows));
}

/** The log, and the sequence that orders it. */
const LOG_TABLES = ["vnic_graph_change", "vnic_graph_change_seq"];

function computeMedians(costs: readonly PassCost[]): PassCost {
  return {
    milliseconds: computeMedian(costs.map(({ milliseconds }) => milliseconds)),
    cpuMilliseconds: computeMedian(costs.map(({ cpuMilliseconds }) => cpuMilliseconds)),
    walBytes: computeMedian(costs.map(({ walBytes }) => walBytes)),
  };
}
