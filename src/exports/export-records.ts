import type { Loaders } from "../loaders/loaders.js";
import { loadPrimaryAddress } from "../loaders/interfaces/primary-address.js";
import type { VmCursor, VmFilter, VmRow } from "../loaders/rows.js";
import type { PrimaryAddressQuestion } from "../model/address/primary-address.js";
import { VM_STATUS } from "../model/guest/vm-status.js";

/**
 * Runs a piece of work with loaders of its own, so that an export keeps nothing of its earlier pieces. A piece that reads many VMs is
 * long; few of these run at once.
 */
export type ExportWork = <Result>(
  job: (loaders: Loaders) => Promise<Result>,
  isLong?: boolean,
) => Promise<Result>;

/** What is exported of a VM. */
export interface ExportRecord {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly host: string | null;
  readonly fqdn: string | null;
  /** The address by which to reach the guest, with its vNIC's network and MAC; `null`: there is none. */
  readonly address: string | null;
  readonly network: string | null;
  readonly mac: string | null;
  /** All addresses that the guest reports; `null`: they are not known. */
  readonly addresses: readonly string[] | null;
}

/** Number of VMs that one read takes. No more are in memory at a time. */
const PIECE = 500;

/** Number of VMs whose addresses are read and made into records without a pause: some 15 ms, in which nobody else is served. */
const STRETCH = 100;

/**
 * Reads the VMs that a filter finds, sorted by name, piece by piece. The caller may empty a piece, so that none is in
 * memory while the next one is read. Reading ends between two pieces if the client has gone.
 */
export async function* readExportRecords(
  work: ExportWork,
  filter: VmFilter,
  question: PrimaryAddressQuestion = {},
): AsyncGenerator<ExportRecord[]> {
  let after: VmCursor | null = null;
  for (;;) {
    const cursor: VmCursor | null = after;
    const piece = await work(async (loaders) => {
      const rows = await loaders.loadVmsPage({ limit: PIECE, after: cursor, filter, order: "NAME_ASC" });
      return { records: await readRecords(loaders, rows, question), last: rows.at(-1) };
    }, true);
    const isLast = piece.records.length < PIECE;
    if (piece.records.length > 0) yield piece.records;
    if (isLast || piece.last === undefined) return;
    after = { name: piece.last.name, id: piece.last.id };
  }
}

/** Reads the records of VMs, some at a time, so that others are served meanwhile. */
async function readRecords(
  loaders: Loaders,
  vms: readonly VmRow[],
  question: PrimaryAddressQuestion,
): Promise<ExportRecord[]> {
  const records: ExportRecord[] = [];
  for (let at = 0; at < vms.length; at += STRETCH) {
    const some = vms.slice(at, at + STRETCH);
    records.push(...(await Promise.all(some.map((vm) => readRecord(loaders, vm, question)))));
  }
  return records;
}

async function readRecord(
  loaders: Loaders,
  vm: VmRow,
  question: PrimaryAddressQuestion,
): Promise<ExportRecord> {
  const [primary, host] = await Promise.all([
    loadPrimaryAddress(loaders, vm, question),
    vm.hostId === null ? null : loaders.hostById.load(vm.hostId),
  ]);
  return {
    id: vm.id,
    name: vm.name,
    status: STATUS_NAMES.get(vm.status) ?? "UNKNOWN",
    host: host?.name ?? null,
    fqdn: vm.fqdn,
    address: primary?.address ?? null,
    network: primary?.nic?.network ?? null,
    mac: primary?.nic?.macAddress ?? null,
    addresses: vm.ips,
  };
}

const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(VM_STATUS).map(([name, number]) => [number, name]),
);
