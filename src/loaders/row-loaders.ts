import DataLoader from "dataloader";
import { compareByName } from "../model/compare-by-name.js";
import { isUuid } from "../model/uuid.js";
import type { VmOrigin } from "../store/inventory-types.js";
import type { ReadStore } from "../store/types.js";
import type { BatchSchedule } from "./batches/batch-schedule.js";
import { groupPerKey, pickOnePerKey } from "./batches/key-order.js";
import { RowLoader } from "./batches/row-loader.js";
import type { GuestInterface, HostRow, Nic, VmRow } from "./rows.js";

/** Makes each loader of rows by key when it is first used: a request uses few of them. */
export class RowLoaders {
  private readonly made: { -readonly [Name in keyof ByKey]?: ByKey[Name] } = {};

  constructor(
    protected readonly store: ReadStore,
    protected readonly batchScheduleFn: BatchSchedule,
  ) {}

  get vmById(): ByKey["vmById"] {
    return (this.made.vmById ??= this.createOne((ids) => this.store.readVmsByIds(ids)));
  }

  get vmOriginById(): ByKey["vmOriginById"] {
    return (this.made.vmOriginById ??= this.createOne((ids) => this.store.readVmOriginsByIds(ids)));
  }

  get nicById(): ByKey["nicById"] {
    return (this.made.nicById ??= this.createOne((ids) => this.store.readNicsByIds(ids)));
  }

  get nicsByVm(): ByKey["nicsByVm"] {
    return (this.made.nicsByVm ??= createManyLoader(
      async (ids) => prime(await this.store.readNicsByVms(ids), this.nicById).sort(compareByName),
      getVmId,
      this.batchScheduleFn,
    ));
  }

  get nicsByMac(): ByKey["nicsByMac"] {
    return (this.made.nicsByMac ??= new DataLoader<string, readonly Nic[]>(
      async (macs) =>
        groupPerKey(
          macs,
          prime(await this.store.readNicsByMacs(macs), this.nicById).sort(compareByName),
          (nic) => toLowerMac(nic.macAddress),
        ),
      { maxBatchSize: MAX_BATCH, batchScheduleFn: this.batchScheduleFn },
    ));
  }

  get guestInterfacesByVm(): ByKey["guestInterfacesByVm"] {
    return (this.made.guestInterfacesByVm ??= createManyLoader(
      (ids) => this.store.readGuestInterfacesByVms(ids),
      getVmId,
      this.batchScheduleFn,
    ));
  }

  get hostById(): ByKey["hostById"] {
    return (this.made.hostById ??= this.createOne((ids) => this.store.readHostsByIds(ids)));
  }

  protected clearRows(): void {
    for (const loader of Object.values(this.made)) loader.clearAll();
  }

  private createOne<Row extends { readonly id: string }>(read: Read<Row>): RowLoader<Row> {
    return createOneLoader(read, getId, this.batchScheduleFn);
  }
}

interface ByKey {
  readonly vmById: RowLoader<VmRow>;
  readonly vmOriginById: RowLoader<VmOrigin>;
  readonly nicById: RowLoader<Nic>;
  readonly nicsByVm: DataLoader<string, readonly Nic[]>;
  readonly nicsByMac: DataLoader<string, readonly Nic[]>;
  readonly guestInterfacesByVm: DataLoader<string, readonly GuestInterface[]>;
  readonly hostById: RowLoader<HostRow>;
}

/**
 * The largest batch. A federation gateway asks for 5,000 entities in one body, and one statement takes them as an array.
 */
const MAX_BATCH = 5_000;

type Read<Row> = (ids: readonly string[]) => Promise<Row[]>;

/** Creates the loader of one row by its UUID; `null` where there is none. */
export function createOneLoader<Row>(
  read: Read<Row>,
  getKey: (row: Row) => string,
  batchScheduleFn: BatchSchedule,
): RowLoader<Row> {
  const load = readByUuid(read, (ids, rows) => pickOnePerKey(ids, rows, getKey));
  return new RowLoader(load, { ...BY_UUID, batchScheduleFn });
}

/** Creates the loader of all rows that have this UUID as their key, in the order in which they were read. */
export function createManyLoader<Row>(
  read: Read<Row>,
  getKey: (row: Row) => string,
  batchScheduleFn: BatchSchedule,
): DataLoader<string, readonly Row[]> {
  const load = readByUuid(read, (ids, rows) => groupPerKey(ids, rows, getKey));
  return new DataLoader(load, { ...BY_UUID, batchScheduleFn });
}

/** Reads by UUID. An id that is not a UUID counts as absent, because PostgreSQL would reject the complete statement. */
function readByUuid<Row, Answer>(
  read: Read<Row>,
  answer: (ids: readonly string[], rows: readonly Row[]) => Answer[],
): DataLoader.BatchLoadFn<string, Answer> {
  return async (keys) => {
    const ids = keys.map((key) => key.toLowerCase());
    const valid = ids.filter(isUuid);
    return answer(ids, valid.length === 0 ? [] : await read(valid));
  };
}

const BY_UUID = { maxBatchSize: MAX_BATCH, cacheKeyFn: (key: string) => key.toLowerCase() };

/** Gives the loader the rows of a list, so that they are not read again one by one. */
export function prime<Row extends { readonly id: string }>(rows: Row[], loader: RowLoader<Row>): Row[] {
  for (const row of rows) loader.keep(row.id, row);
  return rows;
}

/** Returns the key of a row that is loaded by its own id. */
export function getId(row: { readonly id: string }): string {
  return row.id;
}

/** Returns the key of a row that is loaded by its VM. */
export function getVmId(row: { readonly vmId: string }): string {
  return row.vmId;
}

function toLowerMac(mac: string | null): string | null {
  return mac?.toLowerCase() ?? null;
}
